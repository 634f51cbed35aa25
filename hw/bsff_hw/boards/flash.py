"""Puts a bitstream into an FPGA over USB, with openFPGALoader."""

import hashlib
import json
from pathlib import Path
from typing import Any

from bsff.errors import DeviceError
from bsff.tools import process
from bsff_hw.tools import installed

from .table import board

LOADER = "openFPGALoader"
BIT = "bsff.bit"
MANIFEST = "manifest.json"


def checked(folder: Path) -> dict[str, Any]:
    """The manifest of a folder whose bitstream is the one that it describes.

    Raises
    ------
    DeviceError
        If a file is missing or cannot be read, or the bitstream is another.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        wanted = manifest["files"][BIT]
        found = hashlib.sha256((folder / BIT).read_bytes()).hexdigest()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DeviceError(
            f"{folder}: no bitstream with its manifest there ({error}); make them with `bsff build`"
        ) from None
    if found != wanted:
        raise DeviceError(
            f"{folder / BIT}: its SHA-256 is {found[:12]}..., the manifest says {wanted[:12]}...; build again"
        )
    return manifest


def command(folder: Path, manifest: dict[str, Any], *, permanent: bool) -> list[str]:
    """The command that loads the bitstream.

    Parameters
    ----------
    folder : Path
    manifest : dict
        Of `checked`.
    permanent : bool
        Into the board's flash memory, from which the FPGA starts, instead of the FPGA itself until it loses power.

    Raises
    ------
    DeviceError
        If the board is not loaded this way.
    ConfigError
        If the manifest names a board that is not known.
    """
    chosen = board(manifest["board"])
    if not chosen.loader:
        raise DeviceError(
            f"board {chosen.name}: it is loaded by its own processor; copy {BIT} and bsff.hwh there and set BSFF_BITSTREAM"
        )
    return [LOADER, "--board", chosen.loader, *(["--write-flash"] if permanent else []), str((folder / BIT).resolve())]


def flash(words: list[str], *, timeout: float) -> None:
    """Run the command of `command`.

    Raises
    ------
    DeviceError
        If openFPGALoader is not installed, fails, or does not end within `timeout` seconds.
    """
    loader = installed(LOADER)
    if loader is None:
        raise DeviceError(
            f"{LOADER} is not installed: apt-get install openfpgaloader, or see https://github.com/trabucayre/openFPGALoader"
        )
    ended = process.run(["sh", "-c", 'exec "$0" "$@" 2>&1', loader, *words[1:]], timeout=timeout)
    if ended.status is None:
        raise DeviceError(f"{LOADER} did not end within {timeout:g} s; is the board plugged in?")
    if ended.status:
        last = (ended.output.strip().splitlines() or ["it said nothing"])[-1]
        raise DeviceError(
            f"{LOADER} ended with status {ended.status} ({last.strip()}); is the board plugged in, and may you use it?"
        )
