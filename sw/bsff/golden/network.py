"""The whole machine on one sample after another, in plain integer arrays: the contract, not the fast path.

`bsff.golden.engine` does the same compiled and pipelined; the tests hold them equal bit for bit.
"""

from __future__ import annotations

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
    """Present N samples, in order, to every replica; the state is changed in place.

    Parameters
    ----------
    pixels : array of uint8, shape (R, N, H, W, C)
    labels : array of uint8, shape (R, N)

    Returns
    -------
    Results
    """
    results = Results.empty(state.replicas, labels.shape[1], len(geometry.predictors))
    for n in range(labels.shape[1]):
        own = labels[:, n].astype(np.int64)
        signal, state.encoder[:] = encode.encode(pixels[:, n], config.data, state.encoder)
        for i, (shape, part) in enumerate(zip(geometry.layers, state.layers, strict=True)):
            outcome = layer.run(shape, part, signal, own)
            results.record(i, n, own, outcome)
            signal = outcome.output
        if geometry.head is not None and state.head is not None:
            results.record(len(geometry.layers), n, own, head.run(config.head, geometry.head, state.head, signal, own))
    return results
