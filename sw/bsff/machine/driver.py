"""`Accelerator`, what a notebook and the training loop talk to."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.config import Config
from bsff.contract import formats, numerics
from bsff.contract.check import check
from bsff.contract.formats import COUNTERS
from bsff.contract.geometry import Geometry
from bsff.contract.registers import GLOBAL, block_offset
from bsff.errors import DeviceError
from bsff.golden.state import NetworkState

from . import memory
from .link import Link
from .protocol import Device
from .samples import Presenter

COUNTER_NAMES = (*COUNTERS, *formats.CYCLE_COUNTERS)
"""Counters of a block, in the order of the last axis of `Accelerator.counters`."""


class Accelerator:
    """A machine that learns, behind a device.

    Blocks are the layers in order, then the head if there is one; `Geometry.predictors` names them.

    Parameters
    ----------
    config : Config
        Must be the one for which the device was built.
    timeout : float
        Seconds that a wait may last without any sample being completed.

    Raises
    ------
    ConfigError
        If the configuration is none that a machine can have; see `bsff.contract.check`.
    DeviceError
        If the device is not a BSFF machine, speaks another register version, or was built for another network.
    """

    def __init__(self, device: Device, config: Config, *, timeout: float = 30.0) -> None:
        self.config = config
        self.geometry: Geometry = check(config)
        self._link = Link(device, timeout)
        self._link.check(config, self.geometry)
        self._presenter = Presenter(self._link, self.geometry)
        self.has_cycles = self._link.bit("FEATURES", "cycles")

    def __enter__(self) -> Accelerator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the device."""
        self._link.device.close()

    @property
    def through_memory(self) -> bool:
        """Whether the device reads samples from memory, or the host writes them word by word.

        At first as the device can; setting it chooses.

        Raises
        ------
        DeviceError
            If it is set to True on a device that reads no memory.
        """
        return self._presenter.through_memory

    @through_memory.setter
    def through_memory(self, chosen: bool) -> None:
        if chosen and not self._link.bit("FEATURES", "buffers"):
            raise DeviceError(
                "through_memory = True: this device reads no memory (FEATURES.buffers is 0); leave it False"
            )
        self._presenter.through_memory = chosen

    def wait_idle(self) -> None:
        """Wait until every sample is done.

        Raises
        ------
        DeviceError
            If nothing moves for `timeout` seconds, or the machine reports a fault.
        """
        self._link.wait_idle()

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
            Whether to return the logits; costs predictors * classes reads a sample.

        Returns
        -------
        array of int32, shape (N, predictors, classes), or None
            Logits to the base two with 6 fractional bits; predictors as in `Geometry.predictors`.

        Raises
        ------
        ValueError
            If an array has another shape, type or range.
        DeviceError
            If nothing moves for `timeout` seconds.
        """
        return self._presenter.present(pixels, np.asarray(labels), learn=learn, results=results)

    def discard(self, pixels: NDArray[np.uint8], labels: NDArray[Any]) -> None:
        """Send samples that the machine takes and throws away: the traffic of the bus alone, to measure its power.

        Nothing of the machine's state changes. Arguments and errors are those of `present`.
        """
        self._presenter.discard(pixels, np.asarray(labels))

    def counters(self) -> NDArray[np.int64]:
        """Counters of every block since they were cleared, shape (blocks, len(COUNTER_NAMES)).

        Cycle counters are 0 on a device without a clock (`has_cycles`).
        """
        self.wait_idle()
        shape = len(self.geometry.predictors), len(COUNTER_NAMES), 2
        halves = [f"{name.upper()}_{half}" for name in COUNTER_NAMES for half in ("LOW", "HIGH")]
        offsets = [block_offset(block, name) for block in range(shape[0]) for name in halves]
        values = np.array(self._link.read_many(offsets), np.int64).reshape(shape)
        return values[..., 0] | values[..., 1] << 32

    def clear_counters(self) -> None:
        """Set every counter to 0."""
        self.wait_idle()
        self._link.write("COMMAND", GLOBAL["COMMAND"].join(clear_counters=1))

    def set_steps(self, steps: Sequence[float]) -> None:
        """Step size of each block.

        Raises
        ------
        ValueError
            If their number is wrong.
        ConfigError
            If one does not fit its register.
        """
        self._check_blocks(steps, "steps")
        values = []
        for block, step in enumerate(steps):
            if block < len(self.geometry.layers):
                values.append(numerics.layer_step_register(step, self.geometry.layers[block]))
            else:
                values.append(numerics.step_register(step, self.config.head.fraction_bits))
        self.wait_idle()
        for block, value in enumerate(values):
            self._link.write("STEP", value, block)

    def set_learning(self, flags: Sequence[bool]) -> None:
        """Freeze blocks (False) or let them learn.

        Raises
        ------
        ValueError
            If their number is wrong.
        """
        self._check_blocks(flags, "flags")
        self.wait_idle()
        for block, flag in enumerate(flags):
            self._link.write("LEARN", int(flag), block)

    def _check_blocks(self, values: Sequence[Any], what: str) -> None:
        names = self.geometry.predictors
        if len(values) != len(names):
            raise ValueError(f"{len(values)} {what} given, expected {len(names)}: {', '.join(names)}")

    def streams(self) -> list[int]:
        """States of all generators, in an order that `set_streams` takes back."""
        self.wait_idle()
        return memory.read_streams(self._link, self.geometry)

    def set_streams(self, values: Sequence[int]) -> None:
        """Set the generators.

        Raises
        ------
        ValueError
            If the number of values is wrong, or one is 0 (from which an LFSR does not move) or needs over 64 bits.
        """
        self.wait_idle()
        memory.write_streams(self._link, self.geometry, list(values))

    def load(self, state: NetworkState) -> None:
        """Write a machine's whole state: memories, generators, registers."""
        self.wait_idle()
        memory.write_state(self._link, self.geometry, state)

    def read_state(self) -> NetworkState:
        """The machine's whole state."""
        self.wait_idle()
        return memory.read_state(self._link, self.geometry)
