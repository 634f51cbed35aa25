"""`PynqDevice`: the four operations over a driver of PYNQ's."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.contract import registers
from bsff.errors import DeviceError

_WORD = 0xFFFFFFFF
_SLOWEST = 63
"""Largest divisor of a fabric clock; each has two."""


@dataclass
class PynqBuffer:
    """Contiguous memory that the processor and the machine's HP port share."""

    words: NDArray[np.uint32]
    """Array of uint32, shape (N,)."""
    address: int
    """Physical."""

    def flush(self) -> None:
        """Write the processor's caches back, so that the machine reads what was written."""
        self.words.flush()  # type: ignore[attr-defined]


class PynqDevice:
    """`Device` over the MMIO of a `pynq.DefaultIP`.

    Parameters
    ----------
    allocate : callable
        ``pynq.allocate``.
    clocks : type
        ``pynq.Clocks``.

    Raises
    ------
    DeviceError
        If the IP's window is smaller than the machine's.
    """

    def __init__(self, ip: Any, allocate: Any, clocks: Any) -> None:
        length = ip.mmio.length
        if length < registers.WINDOW:
            raise DeviceError(
                f"the .hwh gives the machine {length} bytes, it has {registers.WINDOW}: take the .hwh that was built with "
                "the bitstream"
            )
        self._ip, self._allocate, self._clocks = ip, allocate, clocks
        self._mhz: float | None = None  # before `stop_clock`
        self._read, self._write = ip.mmio.read, ip.mmio.write

    def read(self, offset: int) -> int:
        """See `Device.read`; a closed device refuses."""
        return int(self._read(offset)) & _WORD

    def write(self, offset: int, value: int) -> None:
        """See `Device.write`; a closed device refuses."""
        self._write(offset, int(value) & _WORD)

    def allocate(self, words: int) -> PynqBuffer:
        """See `Device.allocate`.

        Raises
        ------
        DeviceError
            If no contiguous memory is left.
        """
        if words < 1:
            raise DeviceError(f"allocate({words}): expected at least 1 word")
        try:
            array = self._allocate(shape=(words + words % 2,), dtype=np.uint32, target=self._ip.device)
        except (MemoryError, RuntimeError) as error:
            raise DeviceError(
                f"allocate({words}): {4 * words:,} bytes of contiguous memory are not to be had ({error}); present fewer "
                "samples at once, close other notebooks, or raise cma= on the kernel's command line"
            ) from error
        array[:] = 0
        return PynqBuffer(array, int(array.device_address))

    def stop_clock(self) -> None:
        """Slow the fabric's clock down as far as it goes: PYNQ can divide it by 63 twice, not stop it.

        What a clock of 0.25 MHz takes instead of 100 MHz is a four-hundredth of its dynamic power.
        """
        if self._mhz is None:
            self._mhz = float(self._clocks.fclk0_mhz)
            self._clocks.set_pl_clk(0, div0=_SLOWEST, div1=_SLOWEST)

    def start_clock(self) -> None:
        """Give the clock back the frequency that it had before `stop_clock`."""
        if self._mhz is not None:
            self._clocks.fclk0_mhz = self._mhz
            self._mhz = None

    def close(self) -> None:
        """See `Device.close`; the bitstream stays loaded, and its clock runs."""
        self.start_clock()

        def closed(*_: int) -> int:
            raise DeviceError("the pynq device is closed: open it anew")

        self._read = self._write = closed
