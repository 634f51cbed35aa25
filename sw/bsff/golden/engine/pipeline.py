"""Layers work on different blocks of samples at once, in threads, as the hardware's layers do on different samples.

Nothing flows backward, so the result does not depend on the schedule: a layer sees its blocks in order, and each
block only after the layer before has made it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bsff.config import Config
from bsff.contract.geometry import Geometry
from bsff.contract.numerics import head_shift
from bsff.golden import encode, pool, tables
from bsff.golden.results import Results
from bsff.golden.state import NetworkState

from .encoder import encode_bernoulli
from .head import run_head
from .layer import run_layer
from .shape import shape_of

BLOCK = 32
"""Samples that a stage works on at once: large enough to hide a thread's hand-over, small enough for the cache."""
AHEAD = 4
"""Blocks by which a stage may be ahead of the next, so that waiting maps stay few."""

Map = NDArray[np.uint8]
Stage = Callable[[Map, slice], Map]


def _encoder(config: Config, geometry: Geometry, state: NetworkState, r: int) -> Stage:
    stream = state.encoder[r : r + 1]

    def stage(pixels: Map, block: slice) -> Map:
        if config.data.encoding != "bernoulli":
            return encode.encode(pixels, config.data, stream)[0].astype(np.uint8)
        bits = np.empty((len(pixels), geometry.pixel_count), np.uint8)
        encode_bernoulli(pixels.reshape(len(pixels), -1), stream, bits)
        return bits.reshape(len(pixels), *geometry.encoded)

    return stage


def _layer(geometry: Geometry, state: NetworkState, r: int, index: int, labels: Map, results: Results) -> Stage:
    layer, own = geometry.layers[index], state.layers[index]
    shape = shape_of(layer)
    noise = tables.noise_table(layer.config.fraction_bits)
    narrow = np.empty(layer.group_channels, np.int16 if 8 * shape.weight_max < 2**15 else np.int32)
    weights = own.weights[r].reshape(layer.rows, layer.group_channels)

    def stage(inputs: Map, block: slice) -> Map:
        output = np.empty((len(inputs), *layer.output), np.uint8)
        run_layer(
            shape,
            noise,
            weights,
            own.bias[r],
            own.mean[r],
            own.activity[r : r + 1],
            own.pbits[r : r + 1],
            own.rounding[r : r + 1],
            int(own.step[r]),
            int(own.scale[r]),
            int(own.gate[r]),
            bool(own.learn[r]),
            layer.conv[:2],
            inputs.reshape(len(inputs), *layer.inputs),
            labels[block],
            narrow,
            output,
            results.logits[r, block, index],
            results.counters[r, index],
        )
        return output

    return stage


def _head(config: Config, geometry: Geometry, state: NetworkState, r: int, labels: Map, results: Results) -> Stage:
    own = state.head
    assert own is not None

    def stage(inputs: Map, block: slice) -> Map:
        if config.head.pool == 2:
            inputs = pool.pool_up(inputs)  # keeps the type
        run_head(
            own.weights[r],
            own.bias[r],
            own.rounding[r : r + 1],
            int(own.step[r]),
            int(own.gate[r]),
            bool(own.learn[r]),
            2 ** (config.head.weight_bits - 1) - 1,
            head_shift(config.head.fraction_bits),
            inputs.reshape(len(inputs), -1),
            labels[block],
            results.logits[r, block, -1],
            results.counters[r, -1],
        )
        return inputs[:, :0]

    return stage


def chain(
    config: Config, geometry: Geometry, state: NetworkState, r: int, labels: Map, results: Results
) -> list[Stage]:
    """The stages of replica `r`, in order: encoder, layers, head. Each maps (inputs, block of samples) to outputs."""
    stages = [_encoder(config, geometry, state, r)]
    stages += [_layer(geometry, state, r, i, labels, results) for i in range(len(geometry.layers))]
    if state.head is not None:
        stages.append(_head(config, geometry, state, r, labels, results))
    return stages


class _Schedule:
    """Which (chain, stage, block) may run next; a chain is one replica's row of stages."""

    def __init__(self, chains: list[list[Stage]], pixels: list[Map]) -> None:
        self.chains = chains
        self.pixels = pixels
        samples = len(pixels[0])
        self.blocks = [slice(a, min(a + BLOCK, samples)) for a in range(0, samples, BLOCK)]
        self.done = [[0] * len(stages) for stages in chains]
        self.busy = [[False] * len(stages) for stages in chains]
        self.maps: dict[tuple[int, int, int], Map] = {}
        self.changed = threading.Condition()
        self.failure: BaseException | None = None

    def _ready(self) -> tuple[int, int] | None:
        for r, done in enumerate(self.done):
            last = len(done) - 1
            for s in range(last, -1, -1):  # the latest stage first, so that maps do not pile up
                if self.busy[r][s] or done[s] == len(self.blocks) or (s > 0 and done[s - 1] <= done[s]):
                    continue
                if s == last or done[s] - done[s + 1] < AHEAD:
                    return r, s
        return None

    def _finished(self) -> bool:
        return self.failure is not None or all(done[-1] == len(self.blocks) for done in self.done)

    def work(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self._finished() or self._ready() is not None)
                if self._finished():
                    return
                ready = self._ready()
                assert ready is not None
                r, s = ready
                b = self.done[r][s]
                block = self.blocks[b]
                inputs = self.pixels[r][block] if s == 0 else self.maps.pop((r, s - 1, b))
                self.busy[r][s] = True
            try:
                output = self.chains[r][s](inputs, block)
            except BaseException as error:  # handed to the caller of `run`
                with self.changed:
                    self.failure = error
                    self.changed.notify_all()
                return
            with self.changed:
                if s + 1 < len(self.chains[r]):
                    self.maps[r, s, b] = output
                self.busy[r][s] = False
                self.done[r][s] += 1
                self.changed.notify_all()


def run(
    config: Config, geometry: Geometry, state: NetworkState, pixels: Map, labels: Map, *, threads: int | None = None
) -> Results:
    """Present N samples, in order, to every replica; the state is changed in place.

    Parameters
    ----------
    pixels : array of uint8, shape (R, N, H, W, C)
    labels : array of uint8, shape (R, N)
    threads : int, optional
        By default as many as there are cores; the result does not depend on it.

    Returns
    -------
    Results
    """
    results = Results.empty(state.replicas, labels.shape[1], len(geometry.predictors))
    if labels.shape[1] == 0:
        return results
    chains = [chain(config, geometry, state, r, labels[r], results) for r in range(state.replicas)]
    schedule = _Schedule(chains, [np.ascontiguousarray(p) for p in pixels])
    workers = [
        threading.Thread(target=schedule.work, name=f"bsff-{i}", daemon=True)
        for i in range(threads or os.cpu_count() or 1)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if schedule.failure is not None:
        raise schedule.failure
    return results
