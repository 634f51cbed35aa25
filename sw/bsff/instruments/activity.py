"""How the active taps of a network are spread over its maps.

A share of active taps says how many weight rows a layer reads, but not how long that takes: where the middle of a map is
full and its edge is empty, the edge does not make up for the middle.
"""

import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bsff.config import Config
from bsff.contract.geometry import LayerGeometry, geometry
from bsff.golden import encode, layer, pool
from bsff.golden.state import NetworkState
from bsff.golden.taps import gather

Floats = NDArray[np.float64]

PARTS = 8
"""Parts of equal size into which the positions of a map, or the taps of a layer, are sorted."""
CHANNELS = 8
"""Most channels of a place that are counted together for the head, which takes some of a place at a time."""


@dataclass(frozen=True)
class Activity:
    """Shares of one block in `PARTS` parts of equal size, from the emptiest to the fullest, each 0..1.

    What independent bits of one share would scatter by themselves is taken off: the shares are those behind the bits.
    Counts are taken in unary bits.
    """

    taps: tuple[float, ...]
    """Of a layer's positions, each with the taps of a group: the share that is on. Of the head, the places of the maps
    that it reads, with up to `CHANNELS` channels each."""
    sites: tuple[float, ...] = ()
    """Of a layer's taps: the share of sites (positions, or windows of the pool) that a tap reaches. Empty for the head."""


def activity(
    config: Config, state: NetworkState, pixels: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> list[Activity]:
    """Count the active taps of every block.

    The golden model judges the samples; nothing learns, and `state` is left as it is.

    Parameters
    ----------
    pixels : array of uint8, shape (N, H, W, C)
    labels : array of uint8, shape (N,)

    Returns
    -------
    list of Activity
        Of each layer, then of the head if it is enabled.
    """
    shape, own = geometry(config), copy.deepcopy(state)
    for part in own.layers:
        part.learn = np.array(False)
    places: list[list[Floats]] = [[] for _ in config.blocks]
    reached: list[list[Floats]] = [[] for _ in shape.layers]
    for image, label in zip(pixels, labels.tolist(), strict=True):
        signal, own.encoder[...] = encode.encode(image, config.data, own.encoder)
        maps = []
        for i, (each, part) in enumerate(zip(shape.layers, own.layers, strict=True)):
            taps = gather(signal, each)
            places[i].append(taps.mean(-1).reshape(-1) / each.levels)
            reached[i] += [_sites(taps >= level, each) for level in range(1, each.levels + 1)]
            signal = layer.run(each, part, signal, label).output
            maps.append(signal)
        for source in () if shape.head is None else shape.head.sources:
            pooled = pool.pool_up(maps[source.layer], source.window, config.head.pooling)
            together = max(n for n in range(1, CHANNELS + 1) if pooled.shape[-1] % n == 0)
            seen = pooled.reshape(-1, together).mean(-1) / source.levels
            places[-1].append(np.repeat(seen, together * source.levels))  # each bit counts once
    found = [
        Activity(_parts(places[i], each.taps * each.levels), _parts(reached[i], each.outputs))
        for i, each in enumerate(shape.layers)
    ]
    return found if shape.head is None else [*found, Activity(_parts(places[-1], CHANNELS))]


def _sites(on: NDArray[np.bool_], shape: LayerGeometry) -> Floats:
    """Share of sites that each tap of each group reaches; a site is reached with any of its positions."""
    (rows, columns), (high, wide) = shape.conv[:2], shape.pool
    whole = on.reshape(len(on), rows, columns, -1)[:, : rows // high * high, : columns // wide * wide]
    windows = whole.reshape(len(on), rows // high, high, columns // wide, wide, -1)
    return np.asarray(windows.any((2, 4)).mean((1, 2)).reshape(-1))


def _parts(seen: list[Floats], bits: int) -> tuple[float, ...]:
    """Means of equal parts of the shares behind what was seen, each share of that many bits."""
    shares = np.concatenate(seen)
    if len(shares) < PARTS:
        shares = np.repeat(shares, PARTS)
    mean, variance = shares.mean(), shares.var()
    # n independent bits of share p scatter by p (1 - p) / n; the same of what was seen is (n - 1) / n of that
    scatter = (shares * (1 - shares)).mean() / max(bits - 1, 1)
    narrower = mean + (shares - mean) * np.sqrt(max(0.0, 1 - scatter / variance) if variance else 0.0)
    return tuple(float(np.clip(part.mean(), 0, 1)) for part in np.array_split(np.sort(narrower), PARTS))
