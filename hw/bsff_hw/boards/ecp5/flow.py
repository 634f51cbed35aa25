"""Synthesis, place and route, and packing, in a folder that `bsff build` prepared."""

import json
import sys
from pathlib import Path
from typing import Any

from bsff.errors import BsffError
from bsff_hw import yosys
from bsff_hw.synthesis.place import DETAILED, PLACERS, ROUTER, version
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


def nextpnr(order: dict[str, Any]) -> list[str]:
    """The command that places and routes, but for the names of files."""
    settings = ["--router", ROUTER, "--seed", str(order["seed"]), "--timing-allow-fail", *PLACERS[order["placer"]]]
    return [*nextpnr_command(), *order["place"], *settings]


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
    if lacking := [key for key in ("place", "placer", "seed") if key not in order]:
        raise BsffError(
            f"{folder / ORDER}: {', '.join(lacking)}: not there; prepare the folder again with `bsff build`"
        )
    (folder / "synth.ys").write_text(script(f"{TOP}.v", TOP, f"{TOP}.json"))
    run("yosys", [*yosys.command(), "synth.ys"], folder, log=folder / "yosys.log", seconds=SECONDS)
    found = version(nextpnr_command(), folder)
    (folder / VERSIONS).write_text(f"{yosys.version()}, {found}\n")
    files = ["--json", f"{TOP}.json", "--lpf", f"{TOP}.lpf", "--textcfg", f"{TOP}.config", "--report", REPORT, DETAILED]
    run("nextpnr-ecp5", [*nextpnr(order), *files], folder, log=folder / "nextpnr.log", seconds=SECONDS)
    pack = [*ecppack(), "--compress", "--input", f"{TOP}.config", "--bit", "bsff.part", "--svf", "svf.part"]
    run("ecppack", pack, folder, log=folder / "ecppack.log", seconds=SECONDS)
    (folder / "bsff.part").replace(folder / "bsff.bit")
    (folder / "svf.part").replace(folder / "bsff.svf")
