"""What the pynq device refuses, and how it says so; genuine pynq is in test_pynq_gate.py."""

from __future__ import annotations

import hashlib
import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bsff.config import load
from bsff.contract import registers
from bsff.errors import DeviceError
from bsff.machine.devices import open_device
from bsff.machine.devices.emulated import EmulatedDevice
from bsff.machine.devices.pynq import PynqDevice, overlay
from bsff.machine.devices.pynq.names import BINDTO

CONFIG = load("digits-small")


class Array(np.ndarray):
    """As pynq.allocate gives it."""

    device_address = 0x1600_0000
    flushed = 0

    def flush(self) -> None:
        self.flushed += 1


def ip(inner: Any, length: int = registers.WINDOW) -> Any:
    mmio = types.SimpleNamespace(read=inner.read, write=inner.write, length=length)
    return types.SimpleNamespace(mmio=mmio, device="here")


def allocate(shape: Any, dtype: Any, target: Any) -> Any:
    assert target == "here"
    if shape[0] > 1000:
        raise RuntimeError("Failed to allocate")
    return np.full(shape, 7, dtype).view(Array)


class Clocks:
    """As pynq.Clocks, of a PLL of 1000 MHz."""

    fclk0_mhz = 100.0

    def set_pl_clk(self, index: int, div0: int, div1: int) -> None:
        assert index == 0
        self.fclk0_mhz = 1000 / div0 / div1


def test_the_clock_is_slowed_and_comes_back() -> None:
    clocks = Clocks()
    device = PynqDevice(ip(EmulatedDevice(CONFIG)), allocate, clocks)
    for _ in range(2):  # the second time must not take the slow clock for the usual one
        device.stop_clock()
        assert clocks.fclk0_mhz == pytest.approx(1000 / 63 / 63)
    device.start_clock()
    assert clocks.fclk0_mhz == 100.0
    device.stop_clock()
    device.close()
    assert clocks.fclk0_mhz == 100.0


def test_the_four_operations() -> None:
    device = PynqDevice(ip(EmulatedDevice(CONFIG)), allocate, Clocks())
    assert device.read(0) == registers.MAGIC
    device.write(registers.GLOBAL["MEMORY_ADDRESS"].offset, -1)
    assert device.read(registers.GLOBAL["MEMORY_ADDRESS"].offset) == 0xFFFFFFFF
    buffer = device.allocate(9)
    assert (len(buffer.words), buffer.address) == (10, 0x1600_0000)  # the machine reads 64 bits at once
    assert not buffer.words.any()
    buffer.flush()
    assert buffer.words.flushed == 1
    with pytest.raises(DeviceError, match=r"8,000 bytes of contiguous memory are not to be had .* cma="):
        device.allocate(2000)
    with pytest.raises(DeviceError, match=r"allocate\(0\): expected at least 1 word"):
        device.allocate(0)
    device.close()
    device.close()
    for use in (lambda: device.read(0), lambda: device.write(0, 0)):
        with pytest.raises(DeviceError, match="the pynq device is closed"):
            use()
    with pytest.raises(DeviceError, match="gives the machine 4096 bytes, it has 65536"):
        PynqDevice(ip(EmulatedDevice(CONFIG), 4096), allocate, Clocks())


def test_without_pynq_or_bitstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynq", None)
    with pytest.raises(DeviceError, match=r"the package pynq cannot be imported .* runs on a PYNQ image, as root"):
        open_device("pynq", CONFIG)
    monkeypatch.setitem(sys.modules, "pynq", types.SimpleNamespace())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(overlay.VARIABLE, raising=False)
    with pytest.raises(DeviceError, match=r"bsff\.bit: no bitstream there; set BSFF_BITSTREAM"):
        open_device("pynq", CONFIG)
    (tmp_path / "other.bit").touch()
    monkeypatch.setenv(overlay.VARIABLE, str(tmp_path / "other.bit"))
    with pytest.raises(DeviceError, match=r"other\.hwh: missing; copy the \.hwh"):
        open_device("pynq", CONFIG)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """Files as `bsff build --collect` leaves them."""
    for suffix in ("bit", "hwh"):
        (tmp_path / f"bsff.{suffix}").write_text(suffix)
    sums = {f"bsff.{s}": hashlib.sha256(s.encode()).hexdigest() for s in ("bit", "hwh")}
    manifest = {
        "files": sums,
        "build": f"0x{registers.build_hash(CONFIG):08x}",
        "abi": registers.ABI_VERSION,
        "config": "x",
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path / "bsff.bit"


def change(path: Path, **values: Any) -> None:
    manifest = path.with_name("manifest.json")
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **values}))


def test_files_and_manifest(built: Path) -> None:
    overlay.check_files(built, CONFIG)
    change(built, build="0x00000001")
    with pytest.raises(
        DeviceError, match=r"built for configuration x \(0x00000001\), not for digits-small .* change the conf"
    ):
        overlay.check_files(built, CONFIG)
    change(built, abi=1)
    with pytest.raises(DeviceError, match=r"built for register version 1, .* change the bitstream"):
        overlay.check_files(built, CONFIG)
    built.with_suffix(".hwh").write_text("another")
    with pytest.raises(
        DeviceError, match=r"bsff\.hwh: not the file that .* describes; copy \.bit and \.hwh of one build"
    ):
        overlay.check_files(built, CONFIG)
    built.with_name("manifest.json").write_text("{}")
    with pytest.raises(DeviceError, match="not a manifest"):
        overlay.check_files(built, CONFIG)
    built.with_name("manifest.json").unlink()
    overlay.check_files(built, CONFIG)


def test_vivados_handoff_has_no_registers() -> None:
    entry = {"type": BINDTO[0], "registers": {}}
    assert overlay.check_handoff(Path("a.bit"), {"bsff_0": entry, "dma": {"type": "x"}}, CONFIG) == "bsff_0"
    with pytest.raises(DeviceError, match=r"a\.hwh: 2 machines of bsff in it, expected one"):
        overlay.check_handoff(Path("a.bit"), {"one": entry, "two": entry}, CONFIG)
    with pytest.raises(DeviceError, match=r"0 machines .* pynq found nothing"):
        overlay.check_handoff(Path("a.bit"), {}, CONFIG)
    with pytest.raises(DeviceError, match="register MAGIC at None"):
        overlay.check_handoff(Path("a.bit"), {"one": {**entry, "type": BINDTO[1]}}, CONFIG)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MAGIC", 0, r"the fabric answers 0x00000000, .* change one of the two files"),
        ("ABI", 1, "speaks register version 1, this bsff .* change the bitstream"),
        ("BUILD", 5, "was built for 0x00000005, .* change the configuration"),
    ],
)
def test_the_fabric_is_asked(name: str, value: int, said: str) -> None:
    inner = EmulatedDevice(CONFIG)
    device = PynqDevice(ip(inner), allocate, Clocks())
    overlay.check_fabric(Path("a.bit"), device, CONFIG)
    offset = registers.GLOBAL[name].offset
    device._read = lambda at: value if at == offset else inner.read(at)
    with pytest.raises(DeviceError, match=said):
        overlay.check_fabric(Path("a.bit"), device, CONFIG)
