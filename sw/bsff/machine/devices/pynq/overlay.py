"""Loads a bitstream, and refuses it where bitstream, .hwh and configuration do not belong together."""

import hashlib
import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from bsff.config import Config
from bsff.contract import registers
from bsff.contract.geometry import geometry
from bsff.errors import DeviceError

from .device import PynqDevice
from .names import BINDTO

VARIABLE = "BSFF_BITSTREAM"
"""Environment variable with the path of the .bit file."""
MANIFEST = "manifest.json"


def find() -> Path:
    """The bitstream to load: that of `VARIABLE`, else ``bsff.bit`` in the working folder.

    Raises
    ------
    DeviceError
        If there is none, or its .hwh is missing.
    """
    path = Path(os.environ.get(VARIABLE, "bsff.bit")).absolute()
    if not path.is_file():
        raise DeviceError(
            f"{path}: no bitstream there; set {VARIABLE} to the .bit file that `bsff build` made, or start where it lies"
        )
    if not path.with_suffix(".hwh").is_file():
        raise DeviceError(f"{path.with_suffix('.hwh')}: missing; copy the .hwh that was built with the .bit beside it")
    return path


def open_overlay(config: Config, bitstream: Path | None = None, *, device: Any = None) -> PynqDevice:
    """Load the bitstream and return the machine in it.

    Parameters
    ----------
    bitstream : Path, optional
        By default `find`.

    Raises
    ------
    DeviceError
        If pynq is not installed, no bitstream is found, or bitstream, .hwh and configuration do not belong together; the
        message says which of them to change.
    """
    try:
        pynq = import_module("pynq")
    except Exception as error:  # whatever it does on a machine without a board, or for another user than root
        raise DeviceError(
            f"the package pynq cannot be imported ({error}): the pynq device runs on a PYNQ image, as root, in its Python"
        ) from None
    path = find() if bitstream is None else bitstream
    check_files(path, config)
    try:
        import_module("bsff.machine.devices.pynq.driver")  # registers itself with pynq
        overlay = pynq.Overlay(str(path), device=device)
    except (
        ImportError,
        OSError,
        RuntimeError,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        SyntaxError,
    ) as error:
        # SyntaxError: what the parser of XML raises
        raise DeviceError(
            f"{path}: pynq does not load it ({error!r}); run as root, and take .bit and .hwh of one build"
        ) from error
    name = check_handoff(path, overlay.ip_dict, config)
    try:
        opened = PynqDevice(getattr(overlay, name), pynq.allocate, pynq.Clocks)
    except (OSError, RuntimeError, AttributeError) as error:  # mapping the registers is root's
        raise DeviceError(f"{path}: pynq does not give access to the machine ({error}); run as root") from error
    check_fabric(path, opened, config)
    opened.overlay = overlay  # type: ignore[attr-defined]  # kept: the IP lives with it
    return opened


def check_files(path: Path, config: Config) -> None:
    """Compare the files with the manifest beside them, if there is one.

    Raises
    ------
    DeviceError
        If a file is not the one that was built, or was built for another network or release.
    """
    manifest = path.with_name(MANIFEST)
    if not manifest.exists():
        return
    try:
        built = json.loads(manifest.read_text(encoding="utf-8"))
        sums, build, abi = built["files"], built["build"], built["abi"]
        for file in (path, path.with_suffix(".hwh")):
            if hashlib.sha256(file.read_bytes()).hexdigest() != sums[f"bsff{file.suffix}"]:
                raise DeviceError(
                    f"{file}: not the file that {manifest} describes; copy .bit and .hwh of one build again"
                )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DeviceError(f"{manifest}: not a manifest ({error!r}); copy it again, or remove it") from error
    if abi != registers.ABI_VERSION:
        raise DeviceError(
            f"{path}: built for register version {abi}, this bsff speaks {registers.ABI_VERSION}; change the bitstream: build "
            "it with this release"
        )
    if build != f"0x{registers.build_hash(config):08x}":
        raise DeviceError(
            f"{path}: built for configuration {built.get('config')} ({build}), not for {config.name} "
            f"(0x{registers.build_hash(config):08x}); change the configuration, or build this one with `bsff build`"
        )


def check_handoff(path: Path, ip_dict: dict[str, Any], config: Config) -> str:
    """Find the machine in what PYNQ read from the .hwh; returns its name.

    Raises
    ------
    DeviceError
        If it is missing, or described as another release's or network's.
    """
    handoff = path.with_suffix(".hwh")
    ours = [name for name, entry in ip_dict.items() if entry.get("type") in BINDTO]
    if len(ours) != 1:
        found = ", ".join(f"{name} ({entry.get('type')})" for name, entry in ip_dict.items()) or "nothing"
        raise DeviceError(
            f"{handoff}: {len(ours)} machines of bsff in it, expected one; pynq found {found}. Change the .hwh: take the one "
            "that was built with the .bit (PYNQ drops an IP silently where a field is missing)"
        )
    entry = ip_dict[ours[0]]
    seen = entry.get("registers") or {}
    wanted = {name: register.offset for name, register in registers.GLOBAL.items()}
    for number, predictor in enumerate(geometry(config).predictors):
        for name in registers.BLOCK:
            wanted[f"{predictor.upper()}_{name}"] = registers.block_offset(number, name)
    if entry["type"] == BINDTO[1]:  # Vivado's has no registers
        for name, offset in wanted.items():
            there = seen.get(name, {}).get("address_offset")
            if there != offset:
                raise DeviceError(
                    f"{handoff}: register {name} at {there}, this bsff has it at {offset}; change the .hwh: take the one of "
                    f"the bitstream that was built for {config.name} with this release"
                )
    return ours[0]


def check_fabric(path: Path, device: PynqDevice, config: Config) -> None:
    """Ask the fabric who it is.

    Raises
    ------
    DeviceError
        If it is no machine, or another one than the .hwh or the configuration say.
    """
    magic = device.read(registers.GLOBAL["MAGIC"].offset)
    if magic != registers.MAGIC:
        raise DeviceError(
            f"{path}: at the address of the .hwh the fabric answers 0x{magic:08x}, expected 0x{registers.MAGIC:08x}; .bit and "
            ".hwh are of different builds, or the clock is off: change one of the two files, then reload"
        )
    abi = device.read(registers.GLOBAL["ABI"].offset)
    build = device.read(registers.GLOBAL["BUILD"].offset)
    if abi != registers.ABI_VERSION:
        raise DeviceError(
            f"{path}: the bitstream speaks register version {abi}, this bsff {registers.ABI_VERSION}; change the bitstream: "
            "build it with this release"
        )
    if build != registers.build_hash(config):
        raise DeviceError(
            f"{path}: the bitstream was built for 0x{build:08x}, configuration {config.name} is "
            f"0x{registers.build_hash(config):08x}; change the configuration to the one of the bitstream (config.toml beside "
            "it), or build this one with `bsff build`"
        )
