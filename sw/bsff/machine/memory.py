"""Reading and writing a machine's whole state: memories, generators, registers."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.contract.formats import MEMORIES
from bsff.contract.geometry import Geometry
from bsff.contract.registers import BLOCK, GLOBAL, Kind
from bsff.golden.state import NetworkState, blank

from .link import WORD, Link

_HELD = tuple(name.lower() for name, r in BLOCK.items() if r.kind is Kind.HELD)


def _streams(geometry: Geometry) -> list[tuple[int | None, str]]:
    """Block and name of every generator; the encoder's belongs to no block."""
    generators = [r for n, r in BLOCK.items() if r.kind is Kind.GENERATOR and n.endswith("_LOW")]
    return [
        (None, "ENCODER"),
        *(
            (block, register.name.removesuffix("_LOW"))
            for block in range(len(geometry.predictors))
            for register in generators
            if block < len(geometry.layers) or not register.layers_only
        ),
    ]


def _stream_arrays(state: NetworkState, geometry: Geometry) -> list[NDArray[Any]]:
    """The generators of a state, in the order of `_streams`."""
    parts = list(state.blocks.values())
    own = ((parts[block], name.lower()) for block, name in _streams(geometry) if block is not None)
    return [state.encoder, *(getattr(part, name) for part, name in own)]


def _arrays(state: NetworkState, names: Iterable[str]) -> Iterator[tuple[int, str, NDArray[Any]]]:
    """Block, name and array of what each block has of `names`."""
    for block, part in enumerate(state.blocks.values()):
        yield from ((block, name, getattr(part, name)) for name in names if hasattr(part, name))


def read_streams(link: Link, geometry: Geometry) -> list[int]:
    """States of all generators: the encoder's, then layer by layer p-bits and rounding, then the head's rounding."""
    return [link.read_wide(name, block) for block, name in _streams(geometry)]


def write_streams(link: Link, geometry: Geometry, values: list[int]) -> None:
    """Set all generators, in the order of `read_streams`.

    Raises
    ------
    ValueError
        If the number of values is wrong, or one is 0 (from which an LFSR does not move) or needs more than 64 bits.
    """
    names = _streams(geometry)
    if len(values) != len(names):
        raise ValueError(f"{len(values)} generator states given, expected {len(names)}")
    for value in values:
        if not 0 < value < 2**64:
            raise ValueError(f"generator state {value}: expected 1 to 2**64 - 1")
    for (block, name), value in zip(names, values, strict=True):
        link.write_wide(name, value, block)


def write_state(link: Link, geometry: Geometry, state: NetworkState) -> None:
    """Write every memory, register and generator."""
    for block, memory, array in _arrays(state, MEMORIES):
        _write_memory(link, block, memory, array)
    for block, name, array in _arrays(state, _HELD):
        link.write(name.upper(), int(array), block)
    write_streams(link, geometry, [int(array) for array in _stream_arrays(state, geometry)])


def read_state(link: Link, geometry: Geometry) -> NetworkState:
    """Read every memory, register and generator."""
    state = blank(geometry)
    for block, memory, array in _arrays(state, MEMORIES):
        _read_memory(link, block, memory, array)
    for block, name, array in _arrays(state, _HELD):
        array[...] = link.read(name.upper(), block)
    for array, value in zip(_stream_arrays(state, geometry), read_streams(link, geometry), strict=True):
        array[...] = value
    return state


def _select(link: Link, block: int, memory: str) -> None:
    link.write("MEMORY_SELECT", GLOBAL["MEMORY_SELECT"].join(block=block, memory=MEMORIES.index(memory)))
    link.write("MEMORY_ADDRESS", 0)


def _write_memory(link: Link, block: int, memory: str, array: NDArray[Any]) -> None:
    _select(link, block, memory)
    offset, write = GLOBAL["MEMORY_DATA"].offset, link.device.write
    for value in array.reshape(-1).tolist():
        write(offset, value & WORD)


def _read_memory(link: Link, block: int, memory: str, array: NDArray[Any]) -> None:
    _select(link, block, memory)
    words = np.array(link.read_many([GLOBAL["MEMORY_DATA"].offset] * array.size), np.uint32)
    array[...] = words.astype(np.int32).reshape(array.shape)
