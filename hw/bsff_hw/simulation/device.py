"""`RtlDevice`: the verilated machine behind its AXI4-Lite registers."""

import ctypes
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from bsff.config import Config
from bsff.contract import registers
from bsff.contract.registers import register_name
from bsff.errors import DeviceError

from . import library as simulator
from .build import build
from .generate import generate
from .waves import WavesFile

ANSWER_CYCLES = 100_000
"""Clock cycles after which an access that is not answered fails."""
_WORD = 0xFFFFFFFF
_SEEDS = 2**31 - 1
_CHUNK = 100_000  # cycles between looks for Ctrl-C
_STATUS = registers.GLOBAL["STATUS"].offset
_PATIENCE = {_STATUS: 2000, registers.GLOBAL["SAMPLE_SPACE"].offset: 500, registers.GLOBAL["RESULT_COUNT"].offset: 500}
"""Cycles that pass, while the machine is busy, after a poll that had to be answered "not yet"."""
_WHY = {
    simulator.TIMEOUT: f"no answer within {ANSWER_CYCLES:,} clock cycles; the simulated machine hangs: open the device "
    "anew, and record it with waves to see why",
    simulator.SLVERR: "the machine answered SLVERR; see `bsff registers` for what can be read and written",
    simulator.DECERR: "the machine answered DECERR; see `bsff registers` for what can be read and written",
}


_CLOCKS = ("\x02clk", "\x02aclk")
"""How the name of a clock begins in a line of coverage."""
_MEMORY_START, _MEMORY_END = 0x1000_0000, 1 << 32  # as on a board with 32-bit addresses
_PAGE = 4096


@dataclass
class RtlBuffer:
    """Words of the host that the simulated machine can read."""

    words: NDArray[np.uint32]
    """Array of uint32, shape (N,)."""
    address: int
    """A multiple of 4096."""

    def flush(self) -> None:
        """Nothing to do: the simulator reads these very words."""


class RtlDevice:
    """`Device` that is the machine's Verilog in a simulator, compiled for this network at its first use.

    A poll of STATUS, or one of SAMPLE_SPACE or RESULT_COUNT that reads 0, lets up to 2,000 (500) clock cycles pass while
    the machine is busy: it models a host that is slower than the fabric, and saves accesses that would say the same.
    Results do not depend on it, since those of the machine do not depend on time.

    One thread at a time may use it; several devices do not disturb each other.

    Parameters
    ----------
    config : Config
    waves : Path, optional
        FST file to record every signal in. It is there, complete, after `close` or at the end of the program.
    toggles : bool
        Count how often each bit changes: see `toggles`. Several times slower, and compiled apart.
    seed : int
        Of the values that registers without a reset, and memories without contents, start with.
    verilog : str, optional
        The machine's text, such as a netlist with its ports; by default it is generated. It is compiled without
        optimisation: a netlist takes longer to compile than to run.

    Raises
    ------
    DeviceError
        If a tool is missing, the design does not compile, or the waves file cannot be written.
    """

    def __init__(
        self,
        config: Config,
        *,
        waves: Path | None = None,
        toggles: bool = False,
        seed: int = 0,
        verilog: str | None = None,
    ) -> None:
        if not 0 <= seed < _SEEDS:
            raise DeviceError(f"seed = {seed}: expected 0 to {_SEEDS - 1}")
        file = None if waves is None else WavesFile(waves)  # refuse a wrong name before minutes of compiling
        options = {"toggles": True} if toggles else {}
        if verilog is not None:
            options["quick"] = True
        self._library = simulator.load(build(verilog or generate(config), trace=file is not None, **options))
        name = None if file is None else str(file.part).encode()
        # Verilator would take seed 0 as a wish for any
        self._handle = self._library.bsff_create(seed + 1, name, ANSWER_CYCLES)
        if not self._handle:
            if file is not None:
                file.discard()
            raise DeviceError(f"the simulator does not start: {simulator.message(self._library)}")
        self._buffers: list[RtlBuffer] = []  # kept: the simulator has their address
        self._free = _MEMORY_START
        self._value = ctypes.c_uint32()
        self._reference = ctypes.byref(self._value)
        # runs at the end of the program too, so that waves are complete even if it ends with an exception
        self._release = weakref.finalize(self, _release, self._library, self._handle, file)

    @property
    def cycles(self) -> int:
        """Clock cycles since the reset ended."""
        self._check_open()
        return int(self._library.bsff_cycles(self._handle))

    def read(self, offset: int) -> int:
        """See `Device.read`.

        Raises
        ------
        DeviceError
            If the machine answers with an error, or not at all.
        """
        self._check(offset)
        status = self._library.bsff_read(self._handle, offset, self._reference)
        if status:
            self._fail(status, "read of", offset)
        value = self._value.value
        patience = _PATIENCE.get(offset)
        if patience and (value == 0 or offset == _STATUS):
            status = self._library.bsff_run(self._handle, patience, 1)
            if status:
                self._fail(status, "read of", offset)
        return value

    def write(self, offset: int, value: int) -> None:
        """See `Device.write`.

        Raises
        ------
        DeviceError
            If the machine answers with an error, or not at all.
        """
        self._check(offset)
        status = self._library.bsff_write(self._handle, offset, int(value) & _WORD)
        if status:
            self._fail(status, "write to", offset)

    def run(self, cycles: int) -> None:
        """Let clock cycles pass without an access.

        Raises
        ------
        DeviceError
            If the simulator stops.
        """
        self._check_open()
        while cycles > 0:
            now = min(cycles, _CHUNK)
            if self._library.bsff_run(self._handle, now, 0):
                raise DeviceError(f"the simulator stopped: {simulator.message(self._library)}")
            cycles -= now

    def allocate(self, words: int) -> RtlBuffer:
        """See `Device.allocate`; the machine reads the very words that the host writes, some 30 cycles later.

        Raises
        ------
        DeviceError
            If no word is asked for, or the simulated address space is used up.
        """
        self._check_open()
        if words < 1:
            raise DeviceError(f"allocate({words}): expected at least 1 word")
        end = self._free + 4 * words
        if end > _MEMORY_END:
            raise DeviceError(
                f"allocate({words}): only {(_MEMORY_END - self._free) // 4:,} words of the simulated memory are left; "
                "use one buffer again"
            )
        buffer = RtlBuffer(np.zeros(words + words % 2, np.uint32), self._free)  # the machine reads 64 bits at once
        pointer = buffer.words.ctypes.data_as(ctypes.POINTER(ctypes.c_uint32))
        if self._library.bsff_attach(self._handle, buffer.address, pointer, len(buffer.words)):
            raise DeviceError(f"the simulator stopped: {simulator.message(self._library)}")
        self._buffers.append(buffer)
        self._free = (-(-end // _PAGE) + 1) * _PAGE  # nothing lies behind a buffer: reading on is an error
        return buffer

    def silence(self, silent: bool) -> None:
        """Let memory take addresses and give nothing: a fault for tests to show.

        Raises
        ------
        DeviceError
            If the device is closed.
        """
        self._check_open()
        self._library.bsff_silence(self._handle, int(silent))

    def toggles(self) -> int:
        """How often bits of the design have changed since the start, all added up.

        Clock and memories' contents are not among them; a signal that passes through several modules counts in each.

        Raises
        ------
        DeviceError
            If the device was not opened with ``toggles=True``, or is closed.
        """
        self._check_open()
        with tempfile.TemporaryDirectory(prefix="bsff-toggles-") as folder:
            path = Path(folder) / "coverage.dat"
            if self._library.bsff_toggles(self._handle, str(path).encode()):
                raise DeviceError(
                    f"toggles cannot be read: {simulator.message(self._library)}; open the device with toggles=True"
                )
            return count_toggles(path.read_text(errors="replace"))

    def close(self) -> None:
        """See `Device.close`; completes the waves."""
        self._handle = None
        self._release()
        self._buffers.clear()

    def _check_open(self) -> None:
        if self._handle is None:
            raise DeviceError("the rtl device is closed: open it anew")

    def _check(self, offset: int) -> None:
        self._check_open()
        if offset & 3 or not 0 <= offset < registers.WINDOW:
            raise DeviceError(
                f"offset 0x{offset:04x}: expected a multiple of 4 below 0x{registers.WINDOW:x}; see `bsff registers`"
            )

    def _fail(self, status: int, what: str, offset: int) -> NoReturn:
        why = _WHY.get(status) or f"the simulator stopped: {simulator.message(self._library)}"
        raise DeviceError(f"{what} offset 0x{offset:04x} ({register_name(offset)}): {why}")


def count_toggles(text: str) -> int:
    """Changes of bits in a file of Verilator's coverage: the last number of each line of points, clocks left out."""
    total = 0
    for line in text.splitlines():
        point, _, number = line.rpartition("' ")
        if point.startswith("C ") and not any(name in point for name in _CLOCKS):
            total += int(number)
    return total


def _release(library: Any, handle: int, file: WavesFile | None) -> None:
    """End a simulator, and its waves."""
    status = library.bsff_destroy(handle)
    if file is None:
        return
    try:
        file.finish()
    except OSError as error:
        raise DeviceError(f"waves file {file.path} could not be completed: {error}") from error
    if status:
        raise DeviceError(f"waves file {file.path}: the simulator stopped: {simulator.message(library)}")
