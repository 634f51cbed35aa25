"""The golden model behind the register table: no hardware, the same bits."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.config import Config
from bsff.contract.able import check
from bsff.contract.formats import COUNTERS, FAULTS, MEMORIES
from bsff.contract.geometry import Geometry, geometry
from bsff.contract.numerics import check_accumulator
from bsff.contract.registers import BLOCK, GLOBAL, Kind, block_offset, constants
from bsff.errors import DeviceError
from bsff.golden import engine
from bsff.golden.state import NetworkState, blank
from bsff.machine.link import WORD

from .decode import Readers, Writers, half, hold

FIFO = 16
"""Samples that the input FIFO holds."""
_FILLING = {GLOBAL[name].offset for name in ("SAMPLE_LABEL", "SAMPLE_DATA", "SAMPLE_SPACE")}
"""Registers by which the FIFO fills; an access to any other lets the machine work off what waits."""


@dataclass
class HostBuffer:
    """A buffer in the host's memory; addresses are made up."""

    words: NDArray[Any]
    address: int

    def flush(self) -> None:
        """Nothing to do: there is one memory."""


class EmulatedDevice:
    """`Device` that answers register accesses from the golden model.

    Samples written to SAMPLE_DATA wait in a FIFO until a register that depends on them is read, or it is full.

    Parameters
    ----------
    threads : int, optional
        Threads of the compiled engine; by default one a core. The result does not depend on it.

    Raises
    ------
    DeviceError
        If the configuration asks for what the machine cannot do.
    """

    def __init__(self, config: Config, *, threads: int | None = None) -> None:
        check(config)
        self._config = config
        self._geometry: Geometry = geometry(config)
        for layer in self._geometry.layers:
            check_accumulator(layer)
        self._threads = threads
        self._state: NetworkState = blank(self._geometry)
        self._blocks = list(self._state.blocks.values())
        self._counters = np.zeros((len(self._blocks), len(COUNTERS)), np.int64)
        self._held: dict[str, int] = {}
        self._constants = {**constants(config, self._geometry), "FEATURES": GLOBAL["FEATURES"].join(buffers=1)}
        self._samples = 0
        self._label: int | None = None
        self._words: list[int] = []
        self._queue: list[tuple[int, list[int]]] = []
        self._results: deque[int] = deque()
        self._fault = 0  # index into FAULTS
        self._left = 0  # records that the fault kept from being presented
        self._buffers: dict[int, HostBuffer] = {}
        self._closed = False
        self._readers, self._writers = self._decode()

    # ---- the four operations

    def read(self, offset: int) -> int:
        """See `Device.read`; an offset without a readable register is refused."""
        if offset not in self._readers:
            raise DeviceError(f"read of offset 0x{offset:04x}: no readable register there; see `bsff registers`")
        if self._queue and offset not in _FILLING:
            self._run()
        return self._readers[offset]() & WORD

    def write(self, offset: int, value: int) -> None:
        """See `Device.write`; an offset without a writable register is refused."""
        if offset not in self._writers:
            raise DeviceError(f"write to offset 0x{offset:04x}: no writable register there; see `bsff registers`")
        if self._queue and offset not in _FILLING:
            self._run()
        self._writers[offset](int(value) & WORD)

    def allocate(self, words: int) -> HostBuffer:
        """See `Device.allocate`."""
        address = 0x1000_0000 + sum(-(-len(b.words) // 1024) * 4096 for b in self._buffers.values())
        buffer = HostBuffer(np.zeros(words, np.uint32), address)
        self._buffers[address] = buffer
        return buffer

    def close(self) -> None:
        """See `Device.close`."""
        self._buffers.clear()
        self._closed = True

    # ---- decoding

    def _decode(self) -> tuple[Readers, Writers]:
        """What each offset does, built once from the register table."""
        readers: Readers = {}
        writers: Writers = {}
        own_read: dict[str, Callable[[], int]] = {
            "STATUS": self._status,
            "SAMPLES": lambda: self._samples,
            "SAMPLE_SPACE": self._space,
            "RESULT_COUNT": lambda: len(self._results),
            "RESULT_DATA": self._result,
            "MEMORY_DATA": self._memory_read,
            "BUFFER_SAMPLES": lambda: self._left,
            "FAULT": lambda: self._fault,
            **{name: partial(int, value) for name, value in self._constants.items()},
        }
        own_write: dict[str, Callable[[int], None]] = {
            "COMMAND": self._command,
            "SAMPLE_LABEL": self._begin,
            "SAMPLE_DATA": self._push,
            "MEMORY_DATA": self._memory_write,
            "BUFFER_SAMPLES": self._present,
        }
        for name, register in GLOBAL.items():
            if register.kind is Kind.HELD:
                hold(readers, writers, register.offset, register, self._held)
            elif register.kind is Kind.GENERATOR:
                half(readers, writers, register.offset, self._state.encoder, name)
            else:
                if register.access != "wo":
                    readers[register.offset] = own_read[name]
                if register.access != "ro":
                    writers[register.offset] = own_write[name]
        for number, part in enumerate(self._blocks):
            self._decode_block(number, part, readers, writers)
        return readers, writers

    def _decode_block(self, number: int, part: Any, readers: Readers, writers: Writers) -> None:
        sizes = {"ROWS": part.weights[..., 0].size, "WIDTH": part.weights.shape[-1], "CHANNELS": part.bias.size}
        is_head = number == len(self._geometry.layers)
        held: dict[str, Any] = {}  # what the golden model has no use for
        for name, register in BLOCK.items():
            if is_head and register.layers_only:
                continue
            offset = block_offset(number, name)
            stem, _, end = name.lower().rpartition("_")
            if register.kind is Kind.HELD:
                hold(readers, writers, offset, register, getattr(part, name.lower(), held))
            elif register.kind is Kind.GENERATOR:
                half(readers, writers, offset, getattr(part, stem), name)
            elif register.kind is Kind.SHOWN:
                readers[offset] = partial(int, sizes[name])
            elif stem in COUNTERS:
                readers[offset] = partial(self._counter, number, COUNTERS.index(stem), 32 if end == "high" else 0)
            else:
                readers[offset] = lambda: 0  # FEATURES.cycles is 0: the golden model has no clock

    def _counter(self, block: int, index: int, shift: int) -> int:
        return int(self._counters[block, index]) >> shift

    # ---- behaviour

    def _status(self) -> int:
        return GLOBAL["STATUS"].join(fault=self._fault != 0)

    def _command(self, value: int) -> None:
        command = GLOBAL["COMMAND"].split(value)
        if command["clear_counters"]:
            self._counters[:] = 0
            self._samples = 0
        if command["clear_results"]:
            self._results.clear()
            self._label, self._words, self._fault = None, [], 0

    def _space(self) -> int:
        if len(self._queue) == FIFO:
            self._run()
        return FIFO - len(self._queue)

    def _begin(self, label: int) -> None:
        self._label, self._words = label, []

    def _push(self, word: int) -> None:
        if self._label is None:
            return  # as in hardware: data without a label is dropped
        self._words.append(word)
        if len(self._words) == self._geometry.sample_words:
            if len(self._queue) == FIFO:
                self._run()
            self._queue.append((self._label, self._words))
            self._label, self._words = None, []

    def _result(self) -> int:
        return self._results.popleft() if self._results else 0

    def _run(self) -> None:
        """Present what waits in the FIFO."""
        queue, self._queue = self._queue, []
        self._execute(
            np.array([words for _, words in queue], np.uint32), np.array([label for label, _ in queue], np.uint32)
        )

    def _present(self, samples: int) -> None:
        """Present records from memory; hardware would present those before the one that it cannot read."""
        self._fault = self._left = 0
        if samples == 0:
            return
        address = self._held["BUFFER_ADDRESS_HIGH"] << 32 | self._held["BUFFER_ADDRESS_LOW"]
        width = self._geometry.record_words
        self._left = samples
        if address % 8:
            self._fault = FAULTS.index("address")
            return
        for buffer in self._buffers.values():
            start = (address - buffer.address) // 4
            if start >= 0 and start + samples * width <= len(buffer.words):
                self._left = 0
                records = buffer.words[start : start + samples * width].reshape(samples, width)
                self._execute(records[:, 1 : 1 + self._geometry.sample_words], records[:, 0])
                return
        self._fault = FAULTS.index("decode error")

    def _execute(self, words: NDArray[Any], labels: NDArray[Any]) -> None:
        control = GLOBAL["CONTROL"].split(self._held["CONTROL"])
        if control["discard"]:
            return
        pixels = np.ascontiguousarray(words, "<u4").view(np.uint8)[:, : self._geometry.pixel_count]
        kept = [part.learn.copy() for part in self._blocks]
        if not control["learn"]:
            for part in self._blocks:
                part.learn[...] = False
        try:
            results = engine.run(
                self._config,
                self._geometry,
                self._state,
                pixels.reshape(-1, *self._geometry.pixels),
                (labels % self._geometry.classes).astype(np.uint8),
                threads=self._threads,
            )
        finally:
            for part, flag in zip(self._blocks, kept, strict=True):
                part.learn[...] = flag
        self._counters += results.counters
        self._samples += len(labels)
        if control["results"]:
            self._results.extend(results.logits.reshape(-1).tolist())

    def _memory(self) -> tuple[NDArray[Any], int]:
        """The array behind MEMORY_SELECT, and the address, which moves on."""
        block, memory = GLOBAL["MEMORY_SELECT"].split(self._held["MEMORY_SELECT"]).values()
        address = self._held["MEMORY_ADDRESS"]
        self._held["MEMORY_ADDRESS"] = address + 1 & WORD
        name = MEMORIES[memory] if memory < len(MEMORIES) else "?"
        part = self._blocks[block] if block < len(self._blocks) else None
        array = getattr(part, name, None)
        if array is None or address >= array.size:
            raise DeviceError(f"MEMORY_SELECT block {block}, memory {memory}, address {address}: no such word")
        return array.reshape(-1), address

    def _memory_read(self) -> int:
        array, address = self._memory()
        return int(array[address])

    def _memory_write(self, value: int) -> None:
        array, address = self._memory()
        array[address] = np.array(value, np.uint32).astype(array.dtype)  # the upper bits do not exist in the memory
