"""Runs in an environment with genuine pynq: our handoff, our driver, and the verilated machine in place of the fabric.

Takes a folder with ``order.json``, ``case.npz``, ``bsff.bit`` and ``bsff.hwh``; leaves ``report.json`` and ``state.npz``.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pynq
from pynq.buffer import PynqBuffer
from pynq.pl_server import embedded_device

from bsff.config import parse
from bsff.contract import registers
from bsff.contract.geometry import geometry
from bsff.errors import BsffError
from bsff.golden.state import blank
from bsff.machine.devices.pynq import open_overlay
from bsff_hw.simulation import RtlDevice
from bsff_hw.simulation import device as rtl_module

SLCR, GP0_END = 0xF800_0000, 0x8000_0000
IO_PLL, FPGA0_CLOCK = 0x108, 0x170


class Fabric(pynq.Device):
    """A Zynq-7000 whose GP0 port reaches the verilated machine, and whose memory is what that machine reads."""

    _probe_priority_ = 10_000

    @classmethod
    def _probe_(cls) -> list[Any]:
        return []

    def __init__(self, rtl: RtlDevice, base: int) -> None:
        super().__init__("bsff-fabric")
        self.name, self.arch, self.capabilities = "fabric", "armv7l", {"REGISTER_RW": True}
        self._rtl, self._base = rtl, base
        self.slcr = {IO_PLL: 20 << 12}  # 20 times the 50 MHz of the crystal
        self.downloads = 0
        self.flushed = 0

    def get_bitfile_metadata(self, name: str, partial: bool = False) -> Any:
        # as `EmbeddedDevice` does it, but for the memories, which need a program of the image's
        handoff = Path(name).with_suffix(".hwh")
        parser = embedded_device.RuntimeMetadataParser(embedded_device.Metadata(input=handoff))
        parser.refresh_hierarchy_dict()
        return parser

    def download(self, bitstream: Any, parser: Any = None) -> None:
        self.downloads += 1
        self.post_download(bitstream, parser, self.name)

    def gen_cache(self, bitstream: Any, parser: Any = None) -> None:
        pass

    def close(self) -> None:
        pass

    def read_registers(self, address: int, length: int) -> bytes:
        words = [self._read(address + at) for at in range(0, length, 4)]
        return np.array(words, "<u4").tobytes()

    def _read(self, address: int) -> int:
        if SLCR <= address < SLCR + 0x1000:
            return self.slcr.get(address - SLCR, 0)
        if self._base <= address < self._base + registers.WINDOW:
            return self._rtl.read(address - self._base)
        return 0

    def write_registers(self, address: int, data: bytes) -> None:
        for at, value in enumerate(np.frombuffer(bytes(data), "<u4").tolist()):
            place = address + 4 * at
            if SLCR <= place < SLCR + 0x1000:
                self.slcr[place - SLCR] = value
            elif self._base <= place < self._base + registers.WINDOW:
                self._rtl.write(place - self._base, value)

    def allocate(self, shape: Any, dtype: Any, **_: Any) -> Any:
        words = self._rtl.allocate(int(np.prod(shape)) * np.dtype(dtype).itemsize // 4)
        return PynqBuffer(
            shape,
            dtype,
            buffer=memoryview(words.words).cast("B"),
            device=self,
            device_address=words.address,
            coherent=False,
        )

    def flush(self, *_: Any) -> None:
        self.flushed += 1

    def invalidate(self, *_: Any) -> None:
        pass


def state_of(config: Any, arrays: Any) -> Any:
    state = blank(geometry(config))
    state.assign({name: arrays[name] for name, _ in state.arrays()})
    return state


def main(folder: Path) -> None:
    order = json.loads((folder / "order.json").read_text())
    config = parse(order["config"], source="gate")
    # this environment has no amaranth and needs no compiler: the library was built outside
    rtl_module.generate = lambda config: ""  # type: ignore[assignment]
    rtl_module.build = lambda verilog, trace: Path(order["library"])  # type: ignore[assignment]
    rtl = RtlDevice(config)
    fabric = Fabric(rtl, order["base"])
    if pynq.__version__.startswith(
        "3.0."
    ):  # asks the computer, not the device, which clocks there are, and drives the active one's
        pynq.ps.CPU_ARCH = fabric.arch
        pynq.Device.active_device = fabric
    report: dict[str, Any] = {"pynq": pynq.__version__}
    try:
        device = open_overlay(config, folder / "bsff.bit", device=fabric)
    except BsffError as error:
        (folder / "report.json").write_text(json.dumps({**report, "error": str(error)}))
        return
    overlay = device.overlay
    entry = overlay.ip_dict["bsff_0"]
    report |= {
        "ips": {name: ip["type"] for name, ip in overlay.ip_dict.items()},
        "address": entry["phys_addr"],
        "range": entry["addr_range"],
        "driver": entry["driver"].__name__,
        "registers": {name: register["address_offset"] for name, register in entry["registers"].items()},
        "magic": int(overlay.bsff_0.register_map.MAGIC),
        "fields": int(overlay.bsff_0.register_map.GEOMETRY.LAYERS),
        "downloads": fabric.downloads,
        "clock": fabric.slcr.get(FPGA0_CLOCK, 0),
    }
    case = np.load(folder / "case.npz")
    with overlay.bsff_0.machine(config, timeout=300.0) as machine:
        machine.load(state_of(config, case))
        logits = machine.present(case["pixels"], case["labels"], learn=True, results=True)
        np.savez(folder / "state.npz", logits=logits, **dict(machine.read_state().arrays()))
    device.stop_clock()
    report["slow"] = fabric.slcr[FPGA0_CLOCK]
    device.start_clock()
    report["clock_again"] = fabric.slcr[FPGA0_CLOCK]
    report["flushed"] = fabric.flushed
    (folder / "report.json").write_text(json.dumps(report))


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pynq's own, of a machine that is no board
        main(Path(sys.argv[1]))
