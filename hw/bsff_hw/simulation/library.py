"""The C interfaces of ``harness.cpp`` and ``line.cpp``."""

import ctypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bsff.errors import DeviceError

OK, TIMEOUT, SLVERR, DECERR, STOPPED = range(5)
"""Status of an access, as in ``simulator.h``."""

_HANDLE = ctypes.c_void_p
_WORD = ctypes.c_uint32
_BYTES = ctypes.POINTER(ctypes.c_uint8)
Prototypes = Mapping[str, tuple[Any, list[Any]]]
AXI: Prototypes = {
    "bsff_message": (ctypes.c_char_p, []),
    "bsff_create": (_HANDLE, [_WORD, ctypes.c_char_p, _WORD]),
    "bsff_destroy": (ctypes.c_int, [_HANDLE]),
    "bsff_read": (ctypes.c_int, [_HANDLE, _WORD, ctypes.POINTER(_WORD)]),
    "bsff_write": (ctypes.c_int, [_HANDLE, _WORD, _WORD]),
    "bsff_attach": (ctypes.c_int, [_HANDLE, ctypes.c_uint64, ctypes.POINTER(_WORD), ctypes.c_uint64]),
    "bsff_silence": (ctypes.c_int, [_HANDLE, ctypes.c_int]),
    "bsff_toggles": (ctypes.c_int, [_HANDLE, ctypes.c_char_p]),
    "bsff_run": (ctypes.c_int, [_HANDLE, _WORD, ctypes.c_int]),
    "bsff_cycles": (ctypes.c_uint64, [_HANDLE]),
}
"""Functions of ``harness.cpp``: what each returns, and takes."""
LINE: Prototypes = {
    "bsff_message": (ctypes.c_char_p, []),
    "bsff_create": (_HANDLE, [_WORD, ctypes.c_char_p]),
    "bsff_destroy": (ctypes.c_int, [_HANDLE]),
    "bsff_reset": (ctypes.c_int, [_HANDLE]),
    "bsff_line": (ctypes.c_int, [_HANDLE, _BYTES, _BYTES, _WORD]),
    "bsff_cycles": (ctypes.c_uint64, [_HANDLE]),
}
"""Functions of ``line.cpp``."""


def load(path: Path, prototypes: Prototypes = AXI) -> ctypes.CDLL:
    """Load a simulator; ctypes lets other threads run while it works.

    Raises
    ------
    DeviceError
        If it cannot be loaded.
    """
    try:
        library = ctypes.CDLL(str(path))
        for name, (result, arguments) in prototypes.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise DeviceError(
            f"{path}: the simulator cannot be loaded ({error}); remove the folder {path.parent} and try again, which "
            "compiles it anew"
        ) from None
    return library


def message(library: ctypes.CDLL) -> str:
    """What the simulator said when it last stopped in this thread."""
    return bytes(library.bsff_message()).decode(errors="replace")
