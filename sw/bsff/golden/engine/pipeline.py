"""Layers work on different blocks of samples at once, in threads, as the hardware's layers do on different samples.

Nothing flows backward, so the result does not depend on the schedule: a layer sees its blocks in order, and each
block only after the layer before has made it.
"""

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bsff.config import ENCODINGS, Config
from bsff.contract.geometry import Geometry, HeadGeometry, LayerGeometry
from bsff.golden import encode
from bsff.golden.head import inputs as head_inputs
from bsff.golden.results import Results
from bsff.golden.state import HeadState, LayerState, NetworkState

from .encoder import draw_bytes
from .head import run_head
from .layer import run_layer
from .views import head_views, layer_views, shape_of

BLOCK = 32
"""Samples that a stage works on at once: large enough to hide a thread's hand-over, small enough for the cache."""
AHEAD = 4
"""Blocks by which a stage may be ahead of the next, so that waiting maps stay few."""

Map = NDArray[np.uint8]


@dataclass(frozen=True)
class Stage:
    """What is done to a block of samples by one part of the machine."""

    work: Callable[[Sequence[Map], slice], Map]
    """From the maps that it reads and the place of the block in the run to the map that it makes."""
    reads: tuple[int, ...]
    """Stages whose maps it reads, the one before it last; the first reads the samples and names none."""


def _encoder(config: Config, geometry: Geometry, state: NetworkState) -> Stage:
    stream, random = state.encoder.reshape(1), ENCODINGS[config.data.encoding].random

    def work(maps: Sequence[Map], block: slice) -> Map:
        (pixels,) = maps
        drawn = np.empty((len(pixels), geometry.pixel_count), np.uint8) if random else None
        if drawn is not None:
            draw_bytes(stream, drawn)
            drawn = drawn.reshape(pixels.shape)
        return encode.bit_map(pixels, config.data, drawn)

    return Stage(work, ())


def _layer(layer: LayerGeometry, state: LayerState, index: int, labels: Map, results: Results) -> Stage:
    shape, own = shape_of(layer), layer_views(layer, state)

    def work(maps: Sequence[Map], block: slice) -> Map:
        inputs = maps[-1].reshape(len(maps[-1]), *layer.inputs)
        output = np.empty((len(inputs), *layer.output), np.uint8)
        run_layer(shape, own, inputs, labels[block], output, results.logits[block, index], results.counters[index])
        return output

    return Stage(work, (index,))


def _head(shape: HeadGeometry, state: HeadState, last: int, labels: Map, results: Results) -> Stage:
    own = head_views(shape, state)
    reads = tuple(sorted({*(source.layer + 1 for source in shape.sources), last}))

    def work(maps: Sequence[Map], block: slice) -> Map:
        by_layer = {stage - 1: made for stage, made in zip(reads, maps, strict=True)}
        inputs = head_inputs(shape, by_layer)
        run_head(own, inputs, labels[block], results.logits[block, -1], results.counters[-1])
        return inputs[:, :0]

    return Stage(work, reads)


def chain(config: Config, geometry: Geometry, state: NetworkState, labels: Map, results: Results) -> list[Stage]:
    """The stages in order: encoder, layers, head."""
    stages = [_encoder(config, geometry, state)]
    for i, (layer, own) in enumerate(zip(geometry.layers, state.layers, strict=True)):
        stages.append(_layer(layer, own, i, labels, results))
    if state.head is not None:
        assert geometry.head is not None
        stages.append(_head(geometry.head, state.head, len(geometry.layers), labels, results))
    return stages


class _Schedule:
    """Which stage may work on its next block."""

    def __init__(self, stages: list[Stage], pixels: Map) -> None:
        self.stages = stages
        self.pixels = pixels
        self.blocks = [slice(a, min(a + BLOCK, len(pixels))) for a in range(0, len(pixels), BLOCK)]
        self.done = [0] * len(stages)  # blocks that each stage has finished
        self.busy = [False] * len(stages)
        self.maps: dict[tuple[int, int], Map] = {}
        self.last_reader = {read: s for s, stage in enumerate(stages) for read in stage.reads}
        self.changed = threading.Condition()
        self.failure: BaseException | None = None

    def _ready(self) -> int | None:
        done, last = self.done, len(self.stages) - 1
        for s in range(last, -1, -1):  # the latest stage first, so that maps do not pile up
            if self.busy[s] or done[s] == len(self.blocks) or (s > 0 and done[s - 1] <= done[s]):
                continue
            if s == last or done[s] - done[s + 1] < AHEAD:
                return s
        return None

    def _finished(self) -> bool:
        return self.failure is not None or self.done[-1] == len(self.blocks)

    def _inputs(self, s: int, b: int) -> list[Map]:
        """The maps that stage s reads of block b; one that nobody reads later is given away."""
        if s == 0:
            return [self.pixels[self.blocks[b]]]
        found = [self.maps[read, b] for read in self.stages[s].reads]
        for read in self.stages[s].reads:
            if self.last_reader[read] == s:
                del self.maps[read, b]
        return found

    def work(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self._finished() or self._ready() is not None)
                if self._finished():
                    return
                s = self._ready()
                assert s is not None
                b = self.done[s]
                block = self.blocks[b]
                inputs = self._inputs(s, b)
                self.busy[s] = True
            try:
                output = self.stages[s].work(inputs, block)
            except BaseException as error:  # handed to the caller of `run`
                with self.changed:
                    self.failure = error
                    self.changed.notify_all()
                return
            with self.changed:
                if s + 1 < len(self.stages):
                    self.maps[s, b] = output
                self.busy[s] = False
                self.done[s] += 1
                self.changed.notify_all()


def run(
    config: Config, geometry: Geometry, state: NetworkState, pixels: Map, labels: Map, *, threads: int | None = None
) -> Results:
    """Present N samples, in order; the state is changed in place.

    Parameters
    ----------
    pixels : array of uint8, shape (N, H, W, C)
    labels : array of uint8, shape (N,)
    threads : int, optional
        By default as many as there are cores; the result does not depend on it.
    """
    results = Results.empty(len(labels), len(geometry.predictors), geometry.classes)
    schedule = _Schedule(chain(config, geometry, state, labels, results), np.ascontiguousarray(pixels))
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
