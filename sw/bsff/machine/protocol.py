"""What a device must do: four operations; and what one can do whose accesses take long."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray


class Buffer(Protocol):
    """Memory that host and device share."""

    words: NDArray[Any]
    """Array of uint32. The host's view."""
    address: int
    """Where the device finds it."""

    def flush(self) -> None:
        """Let the device see what was written to `words`."""


class Device(Protocol):
    """A machine behind 32-bit registers at byte offsets; see `bsff.contract.registers`."""

    def read(self, offset: int) -> int:
        """The register at `offset`, 0 .. 2**32 - 1."""

    def write(self, offset: int, value: int) -> None:
        """Write 0 .. 2**32 - 1 to the register at `offset`."""

    def allocate(self, words: int) -> Buffer:
        """Memory of that many 32-bit words, zeroed, for samples.

        Raises
        ------
        DeviceError
            If the device has no FEATURES.buffers, or no memory is left.
        """

    def close(self) -> None:
        """Release the device; it may be called twice."""


@runtime_checkable
class Bursts(Protocol):
    """A device that does many accesses at a time, because each would take long by itself.

    Order is kept between bursts and single accesses.
    """

    def read_many(self, offsets: Sequence[int]) -> list[int]:
        """The registers at some offsets, read in order; an offset may come again."""

    def write_when(self, gate: int, writes: Sequence[tuple[int, Sequence[int]]]) -> None:
        """Once the register at `gate` reads other than 0, write to each offset its values, in order.

        Raises
        ------
        DeviceError
            If it stays 0 for too long; perhaps with a later call.
        """
