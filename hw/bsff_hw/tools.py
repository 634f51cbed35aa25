"""What the gateware needs from outside: Amaranth, and programs that pip installs."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bsff.errors import DeviceError


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
