"""A folder with everything that a tool needs to build a machine for a board, the tool's run, and the manifest."""

import datetime
import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from bsff.config import Config, dumps
from bsff.contract.registers import ABI_VERSION, build_hash
from bsff.errors import ConfigError, DeviceError
from bsff.tools import process
from bsff.tools.commit import commit
from bsff.tools.files import write_text
from bsff_hw.synthesis.place import PLACER, PLACERS

from . import ecp5, hwh, module, openxc7, ps7, vivado
from .table import Board

TOOLS = {"vivado": ("vivado",), "openxc7": openxc7.TOOLS, "trellis": ()}
"""Programs of each tool chain that must be on the PATH; those of ``trellis`` come with bsff[hardware]."""
FAMILIES = {"vivado": ("zynq7", "zynqmp"), "openxc7": ("zynq7",), "trellis": ("ecp5",)}
"""What each builds for; the first that builds for a board is its default."""
SEED = 1
"""Of place and route with nextpnr."""
MANIFEST = "manifest.json"
ORDER = "build.json"
_INSTALL = {
    "vivado": "Vivado 2024.1 or later (the free edition has these parts), and `source .../settings64.sh`",
    "openxc7": "openXC7 (https://github.com/openXC7: yosys, nextpnr-xilinx, Project X-Ray) and set CHIPDB and PRJXRAY_DB_DIR",
}


class TimingError(DeviceError):
    """The clock was not reached; `reached_mhz` is what was, None where the tool does not tell."""

    def __init__(self, message: str, reached_mhz: float | None) -> None:
        super().__init__(message)
        self.reached_mhz = reached_mhz


def default_tool(board: Board) -> str:
    """The tool chain that builds for a board where none is named."""
    return next(tool for tool, families in FAMILIES.items() if board.family in families)


def slower(board: Board, reached_mhz: float) -> int:
    """The highest clock not above what place and route reached that an ECP5's PLL makes."""
    return ecp5.below(ecp5.reference_mhz(ecp5.platform(board)), reached_mhz)


def prepare(
    config: Config,
    board: Board,
    tool: str,
    folder: Path,
    *,
    clock_mhz: int | None = None,
    seed: int = SEED,
    placer: str | None = None,
) -> list[str]:
    """Write sources and scripts; returns the command that builds, to be run in the folder.

    Parameters
    ----------
    config : Config
    board : Board
    tool : {"vivado", "openxc7", "trellis"}
    folder : Path
        Made if it is not there.
    clock_mhz : int, optional
        By default the board's.
    seed : int
        Of place and route, where nextpnr does it.
    placer : str, optional
        One of `synthesis.place.PLACERS`, for an ECP5.

    Raises
    ------
    ConfigError
        If the tool is not known or cannot build for the board, the clock cannot be made, or the tool has no such placer.
    """
    from bsff_hw.machine.top import verilog

    if tool not in TOOLS:
        raise ConfigError(f"tool = {tool!r}: expected one of {', '.join(TOOLS)}")
    mhz = board.clock_mhz if clock_mhz is None else clock_mhz
    if not 10 <= mhz <= 500:
        raise ConfigError(f"clock of {mhz} MHz: expected 10 to 500")
    if board.family not in FAMILIES[tool]:
        raise ConfigError(
            f"board {board.name}: {tool} builds for {', '.join(FAMILIES[tool])}, this is {board.family}; "
            f"use --tool {default_tool(board)}"
        )
    if placer is not None and tool != "trellis":
        raise ConfigError(f"--placer {placer}: {tool} has none to choose; leave it out, it is for an ECP5")
    if placer is not None and placer not in PLACERS:
        raise ConfigError(f"--placer {placer}: expected one of {', '.join(PLACERS)}")
    order = {"board": board.name, "tool": tool, "clock_mhz": mhz, "build": build_hash(config)}
    if tool == "vivado":
        texts = {
            "bsff.v": verilog(config, primitives=board.family),
            f"{module.MODULE}.v": module.wrapper(),
            vivado.SCRIPT: vivado.script(board, clock_mhz=mhz, jobs=os.cpu_count() or 1),
        }
        command = ["vivado", "-mode", "batch", "-nojournal", "-source", vivado.SCRIPT]
    elif tool == "trellis":
        texts = ecp5.prepare(config, board, mhz)
        order |= {
            "place": ecp5.place(board),
            "placer": placer or PLACER,
            "seed": seed,
            "baud": board.baud,
            "commit": commit(Path(__file__).parents[1]),
        }
        command = list(ecp5.COMMAND)
    else:
        texts = {
            f"{ps7.NAME}.v": ps7.verilog(config, base=board.address),
            openxc7.CONSTRAINTS: openxc7.constraints(board),
            "bsff.hwh": hwh.handoff(config, board, clock_mhz=mhz),
            openxc7.SCRIPT: openxc7.script(board, clock_mhz=mhz),
        }
        command = ["sh", openxc7.SCRIPT]
    texts["config.toml"] = dumps(config)
    texts[ORDER] = json.dumps(order) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("bsff.bit", "bsff.svf", "vivado.json", MANIFEST):  # of another build
        (folder / name).unlink(missing_ok=True)
    for name, text in texts.items():
        write_text(folder / name, text)
    return command


def missing(tool: str) -> str:
    """What to install before a tool can run here; empty if nothing."""
    absent = [program for program in TOOLS[tool] if shutil.which(program) is None]
    return f"{', '.join(absent)} not found: install {_INSTALL[tool]}" if absent else ""


def run(command: list[str], folder: Path, *, timeout: float) -> None:
    """Run the tool in the folder; its words go to ``build.log``.

    Raises
    ------
    DeviceError
        If it fails or does not end in time.
    """
    log = folder / "build.log"
    status = process.run(command, folder=folder, timeout=timeout, log=log).status
    if status != 0:
        words = process.words(log)
        said = [line for line in words if line.startswith(("bsff:", "ERROR"))][-5:] or words[-5:]
        ended = f"did not end within {timeout:g} s" if status is None else f"ended with status {status}"
        raise DeviceError(f"{command[0]} {ended}; {log}:\n" + "\n".join(said))


def collect(config: Config, board: Board, folder: Path) -> dict[str, Any]:
    """Write the manifest of what a tool has built in the folder, and return it.

    Raises
    ------
    DeviceError
        If a file is missing, the folder was prepared for something else, or the timing is not met.
    """
    order = _json(folder / ORDER)
    if order.get("build") != build_hash(config) or order.get("board") != board.name:
        raise DeviceError(
            f"{folder}: prepared for board {order.get('board')} and build 0x{order.get('build', 0):08x}, not for {board.name} "
            f"and 0x{build_hash(config):08x}; run `bsff build` for this configuration again"
        )
    files = {}
    for name in ("bsff.bit", "bsff.svf" if order["tool"] == "trellis" else "bsff.hwh"):
        try:
            files[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError as error:
            raise DeviceError(f"{folder / name}: cannot be read ({error}); run the tool in {folder} first") from None
    if order["tool"] == "trellis":
        timing = ecp5.facts(folder, order)
    else:
        timing = _json(folder / "vivado.json") if order["tool"] == "vivado" else _nextpnr(folder / "nextpnr.log")
    manifest = {
        "schema": 1, "board": board.name, "part": board.part, "config": config.name, "build": f"0x{build_hash(config):08x}",
        "abi": ABI_VERSION, "address": f"0x{board.address:08x}", "clock_mhz": order["clock_mhz"], **timing, "files": files,
        "made": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }  # fmt: skip
    for kind in ("setup", "hold"):
        slack = manifest[f"{kind}_slack_ns"]
        if slack is not None and slack < 0:
            reached = manifest.get("reached_mhz")
            of = "" if reached is None else f", {reached} MHz were reached"
            raise TimingError(f"{folder}: slack of {kind} is {slack} ns{of}; build with a lower --mhz", reached)
    write_text(folder / MANIFEST, json.dumps(manifest, indent=1) + "\n")
    return manifest


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise DeviceError(f"{path}: cannot be read ({error}); run `bsff build`, then the tool") from None


def _nextpnr(log: Path) -> dict[str, Any]:
    """What nextpnr says of the clock; it tells frequencies, from which slack follows, and nothing of hold."""
    try:
        text = log.read_text(errors="replace")
    except OSError as error:
        raise DeviceError(f"{log}: cannot be read ({error}); run {openxc7.SCRIPT}") from None
    found = re.findall(r"Max frequency for clock.*?: ([0-9.]+) MHz \((PASS|FAIL) at ([0-9.]+) MHz\)", text)
    if not found:
        raise DeviceError(f"{log}: nothing is said of the clock; run {openxc7.SCRIPT} again")
    reached, _, wanted = found[-1]
    version = re.search(r"nextpnr-xilinx.*?Version ([\w.\-]+)", text)
    return {
        "tool": "openXC7", "version": version.group(1) if version else "unknown",
        "setup_slack_ns": round(1e3 / float(wanted) - 1e3 / float(reached), 3), "hold_slack_ns": None,
    }  # fmt: skip
