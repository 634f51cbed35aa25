"""What went wrong, in one sentence, where the cause lies outside of the program."""

import errno
import sys
from importlib import metadata

from bsff.errors import BsffError

_DISTRIBUTIONS = {"sklearn": "scikit-learn", "PIL": "pillow"}
"""Packages whose name differs from what is imported."""
_ADVICE = {
    errno.ENOSPC: "make room there, or name another place",
    errno.EDQUOT: "make room there, or name another place",
    errno.EFBIG: "raise the limit of a file's size (ulimit -f)",
    errno.EROFS: "name a place that can be written",
    errno.EACCES: "see to its permissions, or name another place",
    errno.EPERM: "see to its permissions, or name another place",
    errno.ENOENT: "make it, or name another place",
    errno.ENOTDIR: "name a place that is below a folder",
    errno.EISDIR: "name a file",
    errno.EEXIST: "move it away, or name another place",
    errno.ENAMETOOLONG: "name a shorter one",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
}


def explain(error: BaseException) -> str | None:
    """A sentence for the user; None if the error is a fault of the program, whose traceback is wanted."""
    if isinstance(error, BsffError):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        return _missing(error.name or "")
    if isinstance(error, OSError):
        return _file(error)
    if isinstance(error, MemoryError):
        return f"the memory is full ({error or 'no details'}); end other programs, or choose a smaller network or fewer samples"
    return None


def _missing(module: str) -> str | None:
    top = module.partition(".")[0]
    if not top or top in ("bsff", "bsff_hw") or top in sys.stdlib_module_names:
        return None
    package = _DISTRIBUTIONS.get(top, top)
    return f"this command needs {package}, which is not installed: pip install {wanted(package)}"


def wanted(package: str) -> str:
    """What to install to get a package: the first extra of bsff that brings it, else the package itself."""
    try:
        lines = metadata.requires("bsff") or []
    except metadata.PackageNotFoundError:
        lines = []
    for line in lines:
        requirement, _, marker = line.partition(";")
        name = requirement.strip()
        if name.startswith(package) and not name[len(package) :][:1].isalnum() and "extra ==" in marker:
            extra = marker.partition("extra ==")[2].strip().split()[0].strip("\"'()")
            return f"'bsff[{extra}]'"
    return package


def _file(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename is not None else ""
    reason = error.strerror or str(error) or type(error).__name__
    advice = _ADVICE.get(error.errno or 0, "see whether the device and the permissions allow it, then try again")
    return f"{where}{reason}; {advice}"
