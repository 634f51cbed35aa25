"""`PynqDevice`: the four operations over a driver of PYNQ's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import registers
from ...errors import DeviceError

_WORD = 0xFFFFFFFF


@dataclass
class PynqBuffer:
    """Contiguous memory that the processor and the machine's HP port share.

    Attributes
    ----------
    words : array of uint32, shape (N,)
    address : int
        Physical.
    """

    words: NDArray[np.uint32]
    address: int

    def flush(self) -> None:
        """Write the processor's caches back, so that the machine reads what was written."""
        self.words.flush()  # type: ignore[attr-defined]


class PynqDevice:
    """`Device` over the MMIO of a `pynq.DefaultIP`.

    Parameters
    ----------
    ip : pynq.DefaultIP
    allocate : callable
        ``pynq.allocate``.

    Raises
    ------
    DeviceError
        If the IP's window is smaller than the machine's.
    """

    def __init__(self, ip: Any, allocate: Any) -> None:
        length = ip.mmio.length
        if length < registers.WINDOW:
            raise DeviceError(
                f"the .hwh gives the machine {length} bytes, it has {registers.WINDOW}: take the .hwh that was built with "
                "the bitstream"
            )
        self._ip, self._allocate = ip, allocate
        self._read, self._write = ip.mmio.read, ip.mmio.write

    def read(self, offset: int) -> int:
        """See `Device.read`.

        Raises
        ------
        DeviceError
            If the device is closed.
        """
        return int(self._read(offset)) & _WORD

    def write(self, offset: int, value: int) -> None:
        """See `Device.write`.

        Raises
        ------
        DeviceError
            If the device is closed.
        """
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

    def close(self) -> None:
        """See `Device.close`; the bitstream stays loaded."""

        def closed(*_: int) -> int:
            raise DeviceError("the pynq device is closed: open it anew")

        self._read = self._write = closed
