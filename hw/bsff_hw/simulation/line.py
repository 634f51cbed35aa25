"""The verilated machine behind its two pins: levels in, levels out, clock by clock."""

import ctypes
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.errors import DeviceError

from . import library as simulator
from .build import LINE, build
from .waves import WavesFile

_BYTES = ctypes.POINTER(ctypes.c_uint8)


class SimulatedLine:
    """A machine that `bsff_hw.machine.serial.serial_verilog` wrote, in a simulator, compiled at its first use.

    Other threads run while it works; one at a time may use it.

    Parameters
    ----------
    verilog : str
    waves : Path, optional
        FST file to record every signal in; complete after `close`.
    seed : int
        Of the values that registers without a reset, and memories without contents, start with; 0 or more.

    Raises
    ------
    DeviceError
        If a tool is missing, the design does not compile, or the waves file cannot be written.
    """

    def __init__(self, verilog: str, *, waves: Path | None = None, seed: int = 0) -> None:
        file = None if waves is None else WavesFile(waves)
        self._library = simulator.load(build(verilog, trace=file is not None, harness=LINE), simulator.LINE)
        self._handle = self._library.bsff_create(seed + 1, None if file is None else str(file.part).encode())
        if not self._handle:
            raise DeviceError(f"the simulator does not start: {simulator.message(self._library)}")
        self._release = weakref.finalize(self, _release, self._library, self._handle, file)

    @property
    def cycles(self) -> int:
        """Clock cycles since the reset at the start."""
        return int(self._library.bsff_cycles(self._handle))

    def run(self, levels: NDArray[np.uint8] | int) -> NDArray[np.uint8]:
        """Advance the clock.

        Parameters
        ----------
        levels : array of uint8, shape (N,), or int
            Level of ``rx`` in each cycle; a number of cycles in which it is high.

        Returns
        -------
        array of uint8, shape (N,)
            Level of ``tx`` after each cycle.

        Raises
        ------
        DeviceError
            If the simulator stops.
        """
        given = None if isinstance(levels, int) else np.ascontiguousarray(levels, np.uint8)
        count = levels if isinstance(levels, int) else len(levels)
        taken = np.empty(count, np.uint8)
        source = None if given is None else given.ctypes.data_as(_BYTES)
        self._check(self._library.bsff_line(self._handle, source, taken.ctypes.data_as(_BYTES), count))
        return taken

    def reset(self) -> None:
        """Press the reset button."""
        self._check(self._library.bsff_reset(self._handle))

    def close(self) -> None:
        """End the simulator; completes the waves."""
        self._handle = None
        self._release()

    def _check(self, status: int) -> None:
        if status:
            raise DeviceError(f"the simulator stopped: {simulator.message(self._library)}")


def _release(library: Any, handle: int, file: WavesFile | None) -> None:
    library.bsff_destroy(handle)
    if file is not None:
        file.finish()
