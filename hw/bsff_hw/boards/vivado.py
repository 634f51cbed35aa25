"""The Tcl script with which Vivado builds a bitstream."""

from bsff.contract.registers import WINDOW

from .module import MODULE
from .table import Board

SCRIPT = "build.tcl"
CELL = "bsff_0"
DESIGN = "bsff"
_ZYNQ7 = """\
set ps [create_bd_cell -type ip -vlnv xilinx.com:ip:processing_system7 ps]
apply_bd_automation -rule xilinx.com:bd_rule:processing_system7 -config [list \\
    make_external "FIXED_IO, DDR" apply_board_preset $preset Master Disable Slave Disable] $ps
set_property -dict [list \\
    CONFIG.PCW_USE_M_AXI_GP0 1 CONFIG.PCW_USE_S_AXI_HP0 1 CONFIG.PCW_S_AXI_HP0_DATA_WIDTH 64 \\
    CONFIG.PCW_EN_CLK0_PORT 1 CONFIG.PCW_EN_RST0_PORT 1 CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ $mhz] $ps
set segment S_AXI_HP0/HP0_DDR_LOWOCM
array set port {clock FCLK_CLK0 reset FCLK_RESET0_N master M_AXI_GP0 memory S_AXI_HP0}
set master_clocks {M_AXI_GP0_ACLK S_AXI_HP0_ACLK}
"""
_ZYNQMP = """\
set ps [create_bd_cell -type ip -vlnv xilinx.com:ip:zynq_ultra_ps_e ps]
apply_bd_automation -rule xilinx.com:bd_rule:zynq_ultra_ps_e -config [list apply_board_preset $preset] $ps
set_property -dict [list \\
    CONFIG.PSU__USE__M_AXI_GP0 1 CONFIG.PSU__USE__M_AXI_GP1 0 CONFIG.PSU__USE__M_AXI_GP2 0 \\
    CONFIG.PSU__USE__S_AXI_GP2 1 CONFIG.PSU__SAXIGP2__DATA_WIDTH 64 \\
    CONFIG.PSU__FPGA_PL0_ENABLE 1 CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ $mhz] $ps
set segment SAXIGP2/HP0_DDR_LOW
array set port {clock pl_clk0 reset pl_resetn0 master M_AXI_HPM0_FPD memory S_AXI_HP0_FPD}
set master_clocks {maxihpm0_fpd_aclk saxihp0_fpd_aclk}
"""


def script(board: Board, *, clock_mhz: int, jobs: int = 2) -> str:
    """The script; it is run in the folder that holds bsff.v and bsff_ip.v.

    It leaves ``bsff.bit``, ``bsff.hwh``, ``timing.rpt``, ``utilization.rpt`` and ``vivado.json`` there, or ends with an
    error: above all where slack is negative, since such a bitstream may work today and fail tomorrow.

    Parameters
    ----------
    board : Board
    clock_mhz : int
    jobs : int
        Runs side by side.
    """
    parts = " ".join(board.board_parts)
    return f"""\
# Builds the machine for {board.title}; made by `bsff build`, not to be edited.
# vivado -mode batch -nojournal -source {SCRIPT}
set part {board.part}
set mhz {clock_mhz}
set address 0x{board.address:08X}
set range 0x{WINDOW:X}

proc give_up {{text}} {{
    puts "bsff: $text"
    exit 1
}}

create_project {DESIGN} vivado -part $part -force
# A board's files bring the settings of its memory, which the boot image has made already: they are welcome, not needed.
set preset 0
foreach candidate {{{parts}}} {{
    if {{[llength [get_board_parts -quiet $candidate]]}} {{
        set_property board_part $candidate [current_project]
        set preset 1
        break
    }}
}}
if {{!$preset}} {{ puts "bsff: none of the board files {parts} is installed; going on without" }}
add_files {{bsff.v {MODULE}.v}}
update_compile_order -fileset sources_1

create_bd_design {DESIGN}
{_ZYNQ7 if board.family == "zynq7" else _ZYNQMP}
set machine [create_bd_cell -type module -reference {MODULE} {CELL}]
set reset [create_bd_cell -type ip -vlnv xilinx.com:ip:proc_sys_reset reset]
set control [create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect control]
set memory [create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect memory]
set_property -dict [list CONFIG.NUM_SI 1 CONFIG.NUM_MI 1] $control
set_property -dict [list CONFIG.NUM_SI 1 CONFIG.NUM_MI 1] $memory

set clocked {{reset/slowest_sync_clk {CELL}/aclk control/aclk memory/aclk}}
foreach pin $master_clocks {{ lappend clocked ps/$pin }}
foreach pin $clocked {{ connect_bd_net [get_bd_pins ps/$port(clock)] [get_bd_pins $pin] }}
connect_bd_net [get_bd_pins ps/$port(reset)] [get_bd_pins reset/ext_reset_in]
foreach pin {{{CELL}/aresetn control/aresetn memory/aresetn}} {{
    connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins $pin]
}}
connect_bd_intf_net [get_bd_intf_pins ps/$port(master)] [get_bd_intf_pins control/S00_AXI]
connect_bd_intf_net [get_bd_intf_pins control/M00_AXI] [get_bd_intf_pins {CELL}/S_AXI]
connect_bd_intf_net [get_bd_intf_pins {CELL}/M_AXI] [get_bd_intf_pins memory/S00_AXI]
connect_bd_intf_net [get_bd_intf_pins memory/M00_AXI] [get_bd_intf_pins ps/$port(memory)]

assign_bd_address -offset $address -range $range -target_address_space [get_bd_addr_spaces ps/Data] \\
    [get_bd_addr_segs {CELL}/S_AXI/*] -force
assign_bd_address -target_address_space [get_bd_addr_spaces {CELL}/M_AXI] [get_bd_addr_segs ps/$segment] -force
validate_bd_design
save_bd_design
make_wrapper -files [get_files {DESIGN}.bd] -top -import
set_property top {DESIGN}_wrapper [current_fileset]

launch_runs impl_1 -to_step write_bitstream -jobs {jobs}
wait_on_run impl_1
if {{[get_property PROGRESS [get_runs impl_1]] ne "100%"}} {{
    give_up "Vivado did not finish: [get_property STATUS [get_runs impl_1]]; see vivado/{DESIGN}.runs/impl_1/runme.log"
}}
open_run impl_1
report_timing_summary -file timing.rpt
report_utilization -file utilization.rpt
set setup [get_property SLACK [get_timing_paths -setup]]
set hold [get_property SLACK [get_timing_paths -hold]]
foreach {{kind slack}} [list setup $setup hold $hold] {{
    if {{$slack eq "" || $slack < 0}} {{
        give_up "slack of $kind is $slack ns at $mhz MHz, expected 0 or more: build with a lower --mhz; see timing.rpt"
    }}
}}
set made [glob -nocomplain vivado/{DESIGN}.runs/impl_1/*.bit]
set handoff [glob -nocomplain vivado/{DESIGN}.gen/sources_1/bd/{DESIGN}/hw_handoff/{DESIGN}.hwh \\
    vivado/{DESIGN}.srcs/sources_1/bd/{DESIGN}/hw_handoff/{DESIGN}.hwh]
if {{[llength $made] != 1 || [llength $handoff] < 1}} {{ give_up "expected one .bit and a .hwh below vivado/, found $made $handoff" }}
file copy -force [lindex $made 0] {DESIGN}.bit
file copy -force [lindex $handoff 0] {DESIGN}.hwh
set report [open vivado.json w]
puts $report "{{\\"tool\\": \\"Vivado\\", \\"version\\": \\"[version -short]\\", \\"setup_slack_ns\\": $setup, \\"hold_slack_ns\\": $hold}}"
close $report
puts "bsff: done; `bsff build ... --collect` writes the manifest"
"""
