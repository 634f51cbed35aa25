"""Files are written whole or not at all, with the permissions that the user's umask gives."""

import os
import stat
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any


def part(path: Path) -> Path:
    """A name beside `path` that nobody else has, for what takes its name when it is whole."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.part")


def write_atomic(path: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Write a file so that a crash at any moment leaves the old one or the new one, never a part.

    The bytes go to a temporary file beside it, are forced to the disk, and take the name in one step. A link stays, and
    the file to which it leads is written. What is no file, such as ``/dev/null`` or a pipe, is written to as it is.

    Parameters
    ----------
    path : Path
    write : callable
        Given the open binary file.

    Raises
    ------
    OSError
        Naming `path`, if it cannot be written.
    """
    try:
        if _is_stream(path):
            with path.open("wb") as file:
                write(file)
        else:
            _replace(Path(os.path.realpath(path)), write)
    except OSError as error:
        if error.errno is None or error.filename == str(path):
            raise
        # a full disk names no file, and the temporary one is not what the user asked for
        raise OSError(error.errno, error.strerror, str(path)) from error


def _is_stream(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:  # it is not there, or what is wrong shows when it is written
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _replace(path: Path, write: Callable[[IO[bytes]], Any]) -> None:
    temporary = part(path)
    try:
        with temporary.open("xb") as file:  # not by tempfile, whose files only their owner may read
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the name itself must reach the disk too
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_text(path: Path, text: str) -> None:
    """`write_atomic` for a text in UTF-8."""
    write_atomic(path, lambda file: file.write(text.encode()))


def follow_umask(path: Path) -> None:
    """Give a file that a library has made for its owner alone the permissions of any other new file."""
    mask = os.umask(0o077)  # to read it is to set it; in between other threads' files are rather too private
    os.umask(mask)
    path.chmod(0o666 & ~mask)
