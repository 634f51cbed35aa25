"""The shell script with which openXC7 builds a bitstream for a Zynq-7000, and its pins."""

from .ps7 import NAME
from .table import Board

SCRIPT = "build.sh"
TOOLS = ("yosys", "nextpnr-xilinx", "fasm2frames", "xc7frames2bit")
CONSTRAINTS = "bsff.xdc"


def constraints(board: Board) -> str:
    """Pins, for a board with a LED."""
    if not board.led_pin:
        return ""
    return (
        f"set_property PACKAGE_PIN {board.led_pin} [get_ports led]\nset_property IOSTANDARD LVCMOS33 [get_ports led]\n"
    )


def script(board: Board, *, clock_mhz: int) -> str:
    """The script; it is run in the folder that holds bsff_ps7.v.

    Amaranth's own tool chain for it is not used: it infers no block RAM and drops the clock's constraint.

    Parameters
    ----------
    board : Board
        Of the family zynq7.
    clock_mhz : int
    """
    package = board.part.rpartition("-")[0]  # the database knows the part without its speed
    return f"""\
#!/bin/sh
# Builds the machine for {board.title} with openXC7; made by `bsff build`, not to be edited.
# CHIPDB: the folder with {package}.bin of nextpnr-xilinx; PRJXRAY_DB_DIR: the database of Project X-Ray.
set -eu
for tool in {" ".join(TOOLS)}; do
    command -v "$tool" >/dev/null || {{ echo "bsff: $tool is not installed; see https://github.com/openXC7" >&2; exit 1; }}
done
: "${{CHIPDB:?bsff: set CHIPDB to the folder that holds {package}.bin}}"
: "${{PRJXRAY_DB_DIR:?bsff: set PRJXRAY_DB_DIR to the database of Project X-Ray}}"
rm -f bsff.bit
yosys -q -l yosys.log -p "read_verilog {NAME}.v; synth_xilinx -flatten -abc9 -arch xc7 -top {NAME}; write_json {NAME}.json"
nextpnr-xilinx --chipdb "$CHIPDB/{package}.bin" --xdc {CONSTRAINTS} --json {NAME}.json --fasm {NAME}.fasm \\
    --freq {clock_mhz} >nextpnr.log 2>&1 || {{ tail -n 20 nextpnr.log >&2; exit 1; }}
if grep -q "FAIL at" nextpnr.log || ! grep -q "Max frequency" nextpnr.log; then
    grep "Max frequency" nextpnr.log >&2 || true
    echo "bsff: {clock_mhz} MHz is not reached: build with a lower --mhz" >&2
    exit 1
fi
fasm2frames --part {board.part} --db-root "$PRJXRAY_DB_DIR/zynq7" {NAME}.fasm >{NAME}.frames
xc7frames2bit --part_file "$PRJXRAY_DB_DIR/zynq7/{board.part}/part.yaml" --part_name {board.part} \\
    --frm_file {NAME}.frames --output_file bsff.part
mv bsff.part bsff.bit
echo "bsff: done; bsff build ... --collect writes the manifest"
"""
