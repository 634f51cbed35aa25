"""A board for tests: what the driver uses of pynq, over the verilated machine; it needs numpy and bsff alone.

``BSFF_FAKE_LIBRARY`` names the compiled machine, and ``BSFF_FAKE_CONFIG`` its configuration.
"""

from __future__ import annotations

import os
import types
from pathlib import Path
from typing import Any

import numpy as np

from bsff.config import load
from bsff.contract import registers
from bsff.machine.devices.pynq.names import VIVADO_VLNV
from bsff_hw.simulation import RtlDevice
from bsff_hw.simulation import device as rtl_module

__version__ = "0 of tests"


class DefaultIP:
    """As pynq's, without what the driver does not use."""

    def __init__(self, description: Any) -> None:
        self.mmio, self.device = description["mmio"], description["device"]


class Clocks:
    """Of a PLL of 1000 MHz."""

    fclk0_mhz = 100.0

    @classmethod
    def set_pl_clk(cls, index: int, div0: int, div1: int) -> None:
        assert index == 0
        cls.fclk0_mhz = 1000 / div0 / div1


class Words(np.ndarray):
    """As pynq.allocate gives it."""

    device_address = 0

    def flush(self) -> None:
        pass


class Overlay:
    """Has one machine, whatever the files say."""

    def __init__(self, path: str, device: Any = None) -> None:
        assert Path(path).is_file()
        # there is no Amaranth here, and no compiler is needed: the library was built outside
        rtl_module.generate = lambda config: ""  # type: ignore[assignment]
        rtl_module.build = lambda verilog, trace: Path(os.environ["BSFF_FAKE_LIBRARY"])  # type: ignore[assignment]
        rtl = RtlDevice(load(os.environ["BSFF_FAKE_CONFIG"]))
        mmio = types.SimpleNamespace(read=rtl.read, write=rtl.write, length=registers.WINDOW)
        self.ip_dict = {"bsff_0": {"type": VIVADO_VLNV}}
        self.bsff_0 = DefaultIP({"mmio": mmio, "device": rtl})


def allocate(shape: Any, dtype: Any, target: Any) -> Any:
    buffer = target.allocate(int(np.prod(shape)))
    words = buffer.words.view(Words)
    words.device_address = buffer.address
    return words
