"""Synthesis, place and route, and packing, in a folder that `bsff build` prepared."""

import json
import sys
from pathlib import Path
from typing import Any

from bsff.errors import BsffError
from bsff_hw import yosys
from bsff_hw.synthesis.place import DETAILED, PLACER, ROUTER, version
from bsff_hw.synthesis.placeable import script
from bsff_hw.synthesis.tools import nextpnr_command, run
from bsff_hw.tools import installed

from .shell import TOP

ORDER = "build.json"
REPORT = "report.json"
VERSIONS = "versions"
SECONDS = 4 * 3600.0
"""Longest run of a tool."""
COMMAND = [sys.executable, "-m", "bsff_hw.boards.ecp5"]
"""Does `build` in the folder where it is run."""


def ecppack() -> list[str]:
    """The command that packs a bitstream.

    Raises
    ------
    BsffError
        If it is not installed.
    """
    for name in ("ecppack", "yowasp-ecppack"):
        if found := installed(name):
            return [found]
    raise BsffError("packing a bitstream needs ecppack, which is not installed: pip install 'bsff[hardware]'")


def effort(density: float | None) -> list[str]:
    """How nextpnr is told to place and route.

    Parameters
    ----------
    density : float, optional
        How full the placer may make any part of the chip. A machine that fills the chip cannot be routed where its taps lie close
        together; spread, and with nextpnr's own weight of time instead of ours, its wires are shorter and its clock is faster. The
        router then raises the price of a crowded wire by nextpnr's other rule, with which it does not stop short (decision 059).
    """
    return list(PLACER) if density is None else ["--placer-heap-beta", f"{density:g}", "--router2-alt-weights"]


def build(folder: Path) -> None:
    """Make ``bsff.bit`` and ``bsff.svf``.

    Parameters
    ----------
    folder : Path
        With what `shell.prepare` makes and ``build.json``. The same files give the same bits.

    Raises
    ------
    BsffError
        If a tool is missing or fails; its last words are in the message, all of them in its log.
    """
    order: dict[str, Any] = json.loads((folder / ORDER).read_text())
    (folder / "synth.ys").write_text(script(f"{TOP}.v", TOP, f"{TOP}.json"))
    run("yosys", [*yosys.command(), "synth.ys"], folder, log=folder / "yosys.log", seconds=SECONDS)
    nextpnr = nextpnr_command()
    (folder / VERSIONS).write_text(f"{yosys.version()}, {version(nextpnr, folder)}\n")
    place = [
        *nextpnr,
        *order["place"],
        *effort(order.get("place_density")),
        "--router",
        ROUTER,
        "--seed",
        str(order["seed"]),
        "--timing-allow-fail",
    ]
    files = ["--json", f"{TOP}.json", "--lpf", f"{TOP}.lpf", "--textcfg", f"{TOP}.config", "--report", REPORT, DETAILED]
    run("nextpnr-ecp5", [*place, *files], folder, log=folder / "nextpnr.log", seconds=SECONDS)
    pack = [*ecppack(), "--compress", "--input", f"{TOP}.config", "--bit", "bsff.part", "--svf", "svf.part"]
    run("ecppack", pack, folder, log=folder / "ecppack.log", seconds=SECONDS)
    (folder / "bsff.part").replace(folder / "bsff.bit")
    (folder / "svf.part").replace(folder / "bsff.svf")
