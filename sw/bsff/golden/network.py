"""The whole machine on one sample after another, in plain integer arrays: the contract, not the fast path.

`bsff.golden.engine` does the same compiled and pipelined; the tests hold them equal bit for bit.
"""

import numpy as np
from numpy.typing import NDArray

from bsff.config import Config
from bsff.contract.geometry import Geometry

from . import encode, head, layer
from .results import Results
from .state import NetworkState


def run(
    config: Config, geometry: Geometry, state: NetworkState, pixels: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> Results:
    """Present N samples, in order; the state is changed in place.

    Parameters
    ----------
    pixels : array of uint8, shape (N, H, W, C)
    labels : array of uint8, shape (N,)
    """
    results = Results.empty(len(labels), len(geometry.predictors), geometry.classes)
    for n, label in enumerate(labels.tolist()):
        signal, state.encoder[...] = encode.encode(pixels[n], config.data, state.encoder)
        maps = []
        for i, (shape, part) in enumerate(zip(geometry.layers, state.layers, strict=True)):
            outcome = layer.run(shape, part, signal, label)
            results.record(i, n, label, outcome)
            signal = outcome.output
            maps.append(signal)
        if state.head is not None:
            assert geometry.head is not None
            results.record(len(geometry.layers), n, label, head.run(geometry.head, state.head, maps, label))
    return results
