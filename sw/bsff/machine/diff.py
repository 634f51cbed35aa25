"""Two machine states compared bit by bit."""

import numpy as np

from bsff.contract.geometry import Geometry
from bsff.golden.state import NetworkState


def _place(name: str, index: tuple[int, ...], geometry: Geometry) -> str:
    """Where an element of a named array is, in the words of the design: layer, tap, channel."""
    block, _, memory = name.partition(".")
    if memory == "weights" and block.startswith("layer"):
        layer = geometry.layers[int(block[5:]) - 1]
        group, tap, channel = index
        own = layer.inputs[2] // layer.config.groups
        ky, rest = divmod(tap, layer.kernel[1] * own)
        kx, source = divmod(rest, own)
        return (
            f"{name} tap {tap} (row {ky}, column {kx}, input {group * own + source}), "
            f"channel {group * layer.group_channels + channel}"
        )
    if memory == "weights":
        return f"{name} input {index[0]}, class {index[1]}"
    return f"{name} channel {index[0]}" if index else name


def differences(a: NetworkState, b: NetworkState, geometry: Geometry, *, most: int = 10) -> tuple[int, list[str]]:
    """Compare every memory word, register and generator of two states of one geometry.

    Returns
    -------
    count : int
        Elements that differ.
    lines : list of str
        The first `most`, each with its place, both values and the bits that differ.
    """
    count = 0
    lines: list[str] = []
    for (name, left), (_, right) in zip(a.arrays(), b.arrays(), strict=True):
        places = np.argwhere(left != right)
        count += len(places)
        for place in places[: max(0, most - len(lines))]:
            index = tuple(int(i) for i in place)
            one, two = int(left[index]), int(right[index])
            width = 64 if left.dtype == np.uint64 else 32
            flipped = (one ^ two) & (2**width - 1)
            bits = [i for i in range(width) if flipped >> i & 1]
            lines.append(f"{_place(name, index, geometry)}: {one} and {two} (bits {', '.join(map(str, bits))})")
    return count, lines
