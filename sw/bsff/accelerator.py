"""The driver: one class over any device that has the register table. It needs numpy alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import numerics, registers
from .config import CLASSES, Config
from .devices.protocol import Buffer, Device
from .errors import DeviceError
from .geometry import Geometry, geometry
from .golden.results import COUNTERS
from .golden.state import NetworkState, blank

_WORD = 0xFFFFFFFF
COUNTER_NAMES = (*COUNTERS, *registers.CYCLE_COUNTERS)
"""Counters of a block, in the order of the last axis of `Accelerator.counters`."""


class Accelerator:
    """A machine that learns, behind a device.

    Parameters
    ----------
    device : Device
    config : Config
        Must be the one for which the device was built.
    timeout : float
        Seconds that a wait may last without any sample being completed.

    Raises
    ------
    DeviceError
        If the device is not a BSFF machine, speaks another register version, or was built for another network.
    """

    def __init__(self, device: Device, config: Config, *, timeout: float = 30.0) -> None:
        self.config = config
        self.geometry: Geometry = geometry(config)
        self.timeout = timeout
        self._device = device
        self._buffer: Buffer | None = None
        self._check()
        features = self._read("FEATURES")
        self.has_buffers = bool(features & registers.GLOBAL["FEATURES"].field("buffers").mask)
        self.has_cycles = bool(features & registers.GLOBAL["FEATURES"].field("cycles").mask)

    def __enter__(self) -> Accelerator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the device."""
        self._device.close()

    # ---- registers

    def _read(self, name: str) -> int:
        return self._device.read(registers.GLOBAL[name].offset)

    def _write(self, name: str, value: int) -> None:
        self._device.write(registers.GLOBAL[name].offset, value & _WORD)

    def _field(self, register: str, field: str) -> int:
        return registers.GLOBAL[register].field(field).mask

    def _read_block(self, block: int, name: str) -> int:
        return self._device.read(registers.block_offset(block, name))

    def _write_block(self, block: int, name: str, value: int) -> None:
        self._device.write(registers.block_offset(block, name), value & _WORD)

    def _check(self) -> None:
        magic = self._read("MAGIC")
        if magic != registers.MAGIC:
            raise DeviceError(
                f"MAGIC reads 0x{magic:08x}, expected 0x{registers.MAGIC:08x}: this is not a BSFF machine, or its "
                "clock is off; check the bitstream and the base address"
            )
        abi = self._read("ABI")
        if abi != registers.ABI_VERSION:
            raise DeviceError(
                f"ABI reads {abi}, this driver speaks {registers.ABI_VERSION}: build the bitstream and install "
                "bsff from the same release"
            )
        for name, expected in registers.constants(self.config, self.geometry).items():
            value = self._read(name)
            if value != expected:
                raise DeviceError(
                    f"{name} reads 0x{value:08x}, configuration {self.config.name} needs 0x{expected:08x}: the "
                    "device was built for another network; give its configuration, or build this one"
                )

    def _wait(self, ready: Callable[[], bool], progress: Callable[[], int], what: str) -> None:
        """Poll until `ready`; the clock restarts whenever `progress` changes."""
        seen, since = progress(), time.monotonic()
        while not ready():
            now = progress()
            if now != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > self.timeout:
                raise DeviceError(
                    f"{what}: nothing happened for {self.timeout:g} s; the machine hangs or its clock is off. "
                    "Reload the bitstream and resume from the checkpoint; for a slow simulation raise the timeout"
                )

    def _samples(self) -> int:
        return self._read("SAMPLES")

    def wait_idle(self) -> None:
        """Wait until every sample is done.

        Raises
        ------
        DeviceError
            If nothing moves for `timeout` seconds, or the machine reports a fault.
        """
        self._wait(
            lambda: not self._read("STATUS") & self._field("STATUS", "busy"),
            self._samples,
            "waiting for the last sample",
        )
        if self._read("STATUS") & self._field("STATUS", "fault"):
            raise DeviceError(
                "STATUS reports a fault: sample records could not be read from memory; check that the buffer was "
                "allocated by this device, then clear with COMMAND.clear_results"
            )

    # ---- presenting samples

    def present(
        self, pixels: NDArray[np.uint8], labels: NDArray[Any], *, learn: bool, results: bool = False
    ) -> NDArray[np.int32] | None:
        """Present samples in order.

        Parameters
        ----------
        pixels : array of uint8, shape (N, H, W, C)
        labels : array of int, shape (N,), 0..9
        learn : bool
            Whether layers that are not frozen learn from them.
        results : bool
            Whether to return the logits; costs predictors * 10 reads a sample.

        Returns
        -------
        array of int32, shape (N, predictors, 10), or None
            Logits to the base two with 6 fractional bits; predictors as in `Geometry.predictors`.

        Raises
        ------
        ValueError
            If an array has another shape, type or range.
        DeviceError
            If nothing moves for `timeout` seconds.
        """
        labels = np.asarray(labels)
        if pixels.dtype != np.uint8 or pixels.shape[1:] != self.geometry.pixels:
            raise ValueError(
                f"pixels have shape {pixels.shape} and type {pixels.dtype}, expected (N, "
                f"{', '.join(map(str, self.geometry.pixels))}) and uint8"
            )
        if labels.shape != pixels.shape[:1]:
            raise ValueError(f"labels have shape {labels.shape}, expected {pixels.shape[:1]}, one a sample")
        if labels.size and not (labels.min() >= 0 and labels.max() < CLASSES):
            raise ValueError(f"labels run from {labels.min()} to {labels.max()}, expected 0 to {CLASSES - 1}")
        self.wait_idle()
        self._write("CONTROL", learn * self._field("CONTROL", "learn") | results * self._field("CONTROL", "results"))
        taken = _Results(self, len(labels) if results else 0)
        records = self._records(pixels, labels)
        if self.has_buffers:
            self._present_buffer(records, taken)
        else:
            self._present_fifo(records, taken)
        taken.finish()
        self.wait_idle()
        return taken.logits() if results else None

    def _records(self, pixels: NDArray[np.uint8], labels: NDArray[Any]) -> NDArray[np.uint32]:
        """Sample records as `registers.reference_page` describes them, shape (N, words)."""
        count = self.geometry.pixel_count
        raw = np.zeros((len(labels), 4 * registers.record_words(self.geometry)), np.uint8)
        raw[:, 0] = labels
        raw[:, 4 : 4 + count] = pixels.reshape(len(labels), count)
        return raw.view("<u4").astype(np.uint32)

    def _present_buffer(self, records: NDArray[np.uint32], taken: _Results) -> None:
        if records.size == 0:
            return
        if self._buffer is None or len(self._buffer.words) < records.size:
            self._buffer = self._device.allocate(records.size)
        self._buffer.words[: records.size] = records.reshape(-1)
        self._write("BUFFER_ADDRESS_LOW", self._buffer.address)
        self._write("BUFFER_ADDRESS_HIGH", self._buffer.address >> 32)
        self._write("BUFFER_SAMPLES", len(records))

    def _present_fifo(self, records: NDArray[np.uint32], taken: _Results) -> None:
        label, data = registers.GLOBAL["SAMPLE_LABEL"].offset, registers.GLOBAL["SAMPLE_DATA"].offset
        words = registers.sample_words(self.geometry)
        write = self._device.write
        space = 0
        for record in records.tolist():
            if space == 0:
                taken.drain()
                self._wait(lambda: self._read("SAMPLE_SPACE") > 0, self._samples, "waiting for room in the sample FIFO")
                space = self._read("SAMPLE_SPACE")
            write(label, record[0])
            for word in record[1 : 1 + words]:
                write(data, word)
            space -= 1

    # ---- counters

    def counters(self) -> NDArray[np.int64]:
        """Counters of every block since they were cleared, shape (blocks, len(COUNTER_NAMES)).

        Cycle counters are 0 on a device without a clock (`has_cycles`).
        """
        self.wait_idle()
        table = [
            [self._read_wide(block, name.upper()) for name in COUNTER_NAMES]
            for block in range(len(self.geometry.predictors))
        ]
        return np.array(table, np.int64)

    def clear_counters(self) -> None:
        """Set every counter to 0."""
        self.wait_idle()
        self._write("COMMAND", self._field("COMMAND", "clear_counters"))

    def _read_wide(self, block: int, name: str) -> int:
        return self._read_block(block, f"{name}_LOW") | self._read_block(block, f"{name}_HIGH") << 32

    # ---- what the host decides

    def set_steps(self, steps: Sequence[float]) -> None:
        """Step size of each block: layers in order, then the head.

        Raises
        ------
        ValueError
            If their number is wrong.
        ConfigError
            If one does not fit its register.
        """
        blocks = len(self.geometry.predictors)
        if len(steps) != blocks:
            raise ValueError(f"{len(steps)} steps given, expected {blocks}: {', '.join(self.geometry.predictors)}")
        for block, step in enumerate(steps):
            if block < len(self.geometry.layers):
                value = numerics.layer_step_register(step, self.geometry.layers[block])
            else:
                value = numerics.step_register(step, self.config.head.fraction_bits)
            self._write_block(block, "STEP", value)

    def set_learning(self, flags: Sequence[bool]) -> None:
        """Freeze blocks (False) or let them learn; one flag a block.

        Raises
        ------
        ValueError
            If their number is wrong.
        """
        if len(flags) != len(self.geometry.predictors):
            raise ValueError(
                f"{len(flags)} flags given, expected {len(self.geometry.predictors)}: "
                f"{', '.join(self.geometry.predictors)}"
            )
        self.wait_idle()
        for block, flag in enumerate(flags):
            self._write_block(block, "LEARN", int(flag))

    # ---- state

    def streams(self) -> list[int]:
        """States of all generators, in an order that `set_streams` takes back."""
        self.wait_idle()
        values = [self._read("ENCODER_LOW") | self._read("ENCODER_HIGH") << 32]
        return values + [self._read_wide(block, name) for block, name in self._stream_registers()]

    def set_streams(self, values: Sequence[int]) -> None:
        """Set the generators; none may be 0, from which an LFSR does not move.

        Raises
        ------
        ValueError
            If the number of values is wrong, or one is 0 or needs more than 64 bits.
        """
        names = self._stream_registers()
        if len(values) != len(names) + 1:
            raise ValueError(f"{len(values)} generator states given, expected {len(names) + 1}")
        for value in values:
            if not 0 < value < 2**64:
                raise ValueError(f"generator state {value}: expected 1 to 2**64 - 1")
        self.wait_idle()
        self._write("ENCODER_LOW", values[0])
        self._write("ENCODER_HIGH", values[0] >> 32)
        for (block, name), value in zip(names, values[1:], strict=True):
            self._write_block(block, f"{name}_LOW", value)
            self._write_block(block, f"{name}_HIGH", value >> 32)

    def _stream_registers(self) -> list[tuple[int, str]]:
        names = []
        for block in range(len(self.geometry.predictors)):
            if block < len(self.geometry.layers):
                names.append((block, "PBITS"))
            names.append((block, "ROUNDING"))
        return names

    def load(self, state: NetworkState) -> None:
        """Write a machine's whole state (one replica): memories, generators, registers.

        Raises
        ------
        ValueError
            If the state holds more than one replica.
        """
        if state.replicas != 1:
            raise ValueError(f"the state holds {state.replicas} replicas, expected 1")
        self.wait_idle()
        values = [int(state.encoder[0])]
        for block, part in enumerate(self._parts(state)):
            for memory in registers.MEMORIES:
                if hasattr(part, memory):
                    self._write_memory(block, memory, getattr(part, memory))
            for name in ("step", "scale", "gate", "learn", "activity"):
                if hasattr(part, name):
                    self._write_block(block, name.upper(), int(getattr(part, name)[0]))
            values += [int(getattr(part, name)[0]) for name in ("pbits", "rounding") if hasattr(part, name)]
        self.set_streams(values)

    def read_state(self) -> NetworkState:
        """The machine's whole state."""
        self.wait_idle()
        state = blank(self.geometry)
        streams = iter(self.streams())
        state.encoder[0] = next(streams)
        for block, part in enumerate(self._parts(state)):
            for memory in registers.MEMORIES:
                if hasattr(part, memory):
                    self._read_memory(block, memory, getattr(part, memory))
            for name in ("step", "scale", "gate", "learn", "activity"):
                if hasattr(part, name):
                    getattr(part, name)[0] = self._read_block(block, name.upper())
            for name in ("pbits", "rounding"):
                if hasattr(part, name):
                    getattr(part, name)[0] = next(streams)
        return state

    def _parts(self, state: NetworkState) -> list[Any]:
        return [*state.layers, *([state.head] if state.head is not None else [])]

    def _select(self, block: int, memory: str) -> None:
        select = registers.GLOBAL["MEMORY_SELECT"]
        self._write(
            "MEMORY_SELECT",
            block << select.field("block").low | registers.MEMORIES.index(memory) << select.field("memory").low,
        )
        self._write("MEMORY_ADDRESS", 0)

    def _write_memory(self, block: int, memory: str, array: NDArray[Any]) -> None:
        self._select(block, memory)
        offset, write = registers.GLOBAL["MEMORY_DATA"].offset, self._device.write
        for value in array.reshape(-1).tolist():
            write(offset, value & _WORD)

    def _read_memory(self, block: int, memory: str, array: NDArray[Any]) -> None:
        self._select(block, memory)
        offset, read = registers.GLOBAL["MEMORY_DATA"].offset, self._device.read
        words = np.array([read(offset) for _ in range(array.size)], np.uint32)
        array[...] = words.astype(np.int32).reshape(array.shape)


class _Results:
    """Collects the words of RESULT_DATA while samples are presented."""

    def __init__(self, accelerator: Accelerator, samples: int) -> None:
        self._accelerator = accelerator
        self._shape = (samples, len(accelerator.geometry.predictors), CLASSES)
        self._wanted = samples * self._shape[1] * CLASSES
        self._words: list[int] = []

    def drain(self) -> None:
        """Take what is there, so that the machine does not wait for room."""
        if len(self._words) == self._wanted:
            return
        device = self._accelerator._device
        offset = registers.GLOBAL["RESULT_DATA"].offset
        for _ in range(device.read(registers.GLOBAL["RESULT_COUNT"].offset)):
            self._words.append(device.read(offset))

    def finish(self) -> None:
        """Take the rest."""

        def ready() -> bool:
            self.drain()
            return len(self._words) >= self._wanted

        self._accelerator._wait(ready, lambda: len(self._words), "waiting for results")
        if len(self._words) != self._wanted:
            raise DeviceError(
                f"{len(self._words)} result words came, expected {self._wanted}: results of an earlier run were left; "
                "clear them with COMMAND.clear_results"
            )

    def logits(self) -> NDArray[np.int32]:
        """What came, as signed numbers."""
        return np.array(self._words, np.uint32).astype(np.int32).reshape(self._shape)
