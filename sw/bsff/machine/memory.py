"""Reading and writing a machine's whole state: memories, generators, registers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.contract.formats import MEMORIES
from bsff.contract.geometry import Geometry
from bsff.contract.registers import BLOCK, GLOBAL, Kind
from bsff.golden.state import NetworkState, blank

from .link import WORD, Link

_HELD = tuple(name.lower() for name, r in BLOCK.items() if r.kind is Kind.HELD)


def _streams(geometry: Geometry) -> list[tuple[int, str]]:
    """Block and name of every generator but the encoder's."""
    generators = [r for n, r in BLOCK.items() if r.kind is Kind.GENERATOR and n.endswith("_LOW")]
    return [
        (block, register.name.removesuffix("_LOW").lower())
        for block in range(len(geometry.predictors))
        for register in generators
        if block < len(geometry.layers) or not register.layers_only
    ]


def read_streams(link: Link, geometry: Geometry) -> list[int]:
    """States of all generators: the encoder's, then layer by layer p-bits and rounding, then the head's rounding."""
    encoder = link.read("ENCODER_LOW") | link.read("ENCODER_HIGH") << 32
    return [encoder, *(link.read_wide(block, name.upper()) for block, name in _streams(geometry))]


def write_streams(link: Link, geometry: Geometry, values: list[int]) -> None:
    """Set all generators, in the order of `read_streams`.

    Raises
    ------
    ValueError
        If the number of values is wrong, or one is 0 (from which an LFSR does not move) or needs more than 64 bits.
    """
    names = _streams(geometry)
    if len(values) != len(names) + 1:
        raise ValueError(f"{len(values)} generator states given, expected {len(names) + 1}")
    for value in values:
        if not 0 < value < 2**64:
            raise ValueError(f"generator state {value}: expected 1 to 2**64 - 1")
    link.write("ENCODER_LOW", values[0])
    link.write("ENCODER_HIGH", values[0] >> 32)
    for (block, name), value in zip(names, values[1:], strict=True):
        link.write_wide(block, name.upper(), value)


def write_state(link: Link, geometry: Geometry, state: NetworkState) -> None:
    """Write every memory, register and generator."""
    parts = list(state.blocks.values())
    for block, part in enumerate(parts):
        for memory in MEMORIES:
            if hasattr(part, memory):
                _write_memory(link, block, memory, getattr(part, memory))
        for name in _HELD:
            if hasattr(part, name):
                link.write_block(block, name.upper(), int(getattr(part, name)))
    own = [int(getattr(parts[block], name)) for block, name in _streams(geometry)]
    write_streams(link, geometry, [int(state.encoder), *own])


def read_state(link: Link, geometry: Geometry) -> NetworkState:
    """Read every memory, register and generator."""
    state = blank(geometry)
    parts = list(state.blocks.values())
    for block, part in enumerate(parts):
        for memory in MEMORIES:
            if hasattr(part, memory):
                _read_memory(link, block, memory, getattr(part, memory))
        for name in _HELD:
            if hasattr(part, name):
                getattr(part, name)[...] = link.read_block(block, name.upper())
    values = read_streams(link, geometry)
    state.encoder[...] = values[0]
    for (block, name), value in zip(_streams(geometry), values[1:], strict=True):
        getattr(parts[block], name)[...] = value
    return state


def _select(link: Link, block: int, memory: str) -> None:
    select = GLOBAL["MEMORY_SELECT"]
    number = MEMORIES.index(memory)
    link.write("MEMORY_SELECT", block << select.field("block").low | number << select.field("memory").low)
    link.write("MEMORY_ADDRESS", 0)


def _write_memory(link: Link, block: int, memory: str, array: NDArray[Any]) -> None:
    _select(link, block, memory)
    offset, write = GLOBAL["MEMORY_DATA"].offset, link.device.write
    for value in array.reshape(-1).tolist():
        write(offset, value & WORD)


def _read_memory(link: Link, block: int, memory: str, array: NDArray[Any]) -> None:
    _select(link, block, memory)
    offset, read = GLOBAL["MEMORY_DATA"].offset, link.device.read
    words = np.array([read(offset) for _ in range(array.size)], np.uint32)
    array[...] = words.astype(np.int32).reshape(array.shape)
