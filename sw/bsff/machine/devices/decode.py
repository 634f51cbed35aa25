"""Registers of an emulated device: what a read and a write of an offset do."""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from bsff.contract.registers import Register
from bsff.machine.link import WORD

Readers = dict[int, Callable[[], int]]
Writers = dict[int, Callable[[int], None]]


def hold(readers: Readers, writers: Writers, offset: int, register: Register, where: Any) -> None:
    """A register that keeps what is written: in an array of the state, or by its name in a dictionary.

    Parameters
    ----------
    offset : int
        Offset in the window; `register.offset` may be one within a block.
    where : array of shape (), or dict
    """
    place: Any = register.name if isinstance(where, dict) else ()
    if isinstance(where, dict):
        where[place] = register.reset
    readers[offset] = lambda: int(where[place])
    writers[offset] = lambda value: where.__setitem__(place, value & register.mask)


def half(readers: Readers, writers: Writers, offset: int, state: NDArray[Any], name: str) -> None:
    """Half of the 64 bits of a generator."""
    shift = 32 if name.endswith("_HIGH") else 0
    readers[offset] = lambda: int(state) >> shift
    writers[offset] = lambda value: state.__setitem__((), int(state) & ~(WORD << shift) | value << shift)
