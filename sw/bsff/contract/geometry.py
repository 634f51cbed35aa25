"""Shapes, widths and counts of a network, computed from its configuration in this one place.

The golden model, the register table, the driver and the gateware all read them from here.
"""

import math
from dataclasses import dataclass

from bsff.config import ENCODINGS, Config, DataConfig, HeadConfig, LayerConfig, blocks
from bsff.errors import ConfigError

from .formats import MEAN_BITS, MEAN_WIDTH

Shape = tuple[int, int, int]
Sides = tuple[int, int]
"""Height and width."""


@dataclass(frozen=True)
class LayerGeometry:
    """What the shape of one layer is."""

    config: LayerConfig
    inputs: Shape
    """Height, width, channels of the input map (a dense layer sees it as ``(1, 1, H*W*C)``)."""
    levels: int
    """Largest value of an input: 1 for bits, M of the layer before."""
    conv: Shape
    """Height, width, channels before the pool."""
    output: Shape
    """Height, width, channels after the pool."""
    classes: int
    """Classes, each of which owns as many channels."""

    @property
    def kernel(self) -> Sides:
        """Height and width of the kernel: of one row on a map of one row, 1 x 1 for a dense layer."""
        return _along(self.inputs, self.config.kernel, 1) if self.config.kind == "conv" else (1, 1)

    @property
    def padding(self) -> Sides:
        """Rows of zeros above and below the input map, columns left and right; none for a dense layer."""
        return _along(self.inputs, self.config.padding, 0) if self.config.kind == "conv" else (0, 0)

    @property
    def pool(self) -> Sides:
        """Height and width of a window of the max-pool; 1 x 1 without one."""
        return _along(self.conv, self.config.pool, 1)

    @property
    def taps(self) -> int:
        """Input taps of one output channel: kernel positions * input channels of its group."""
        return math.prod(self.kernel) * self.inputs[2] // self.config.groups

    @property
    def group_channels(self) -> int:
        """Output channels of one group of the convolution, the length of a weight row."""
        return self.config.channels // self.config.groups

    @property
    def rows(self) -> int:
        """Weight rows: groups * taps. A row holds `group_channels` weights."""
        return self.config.groups * self.taps

    @property
    def weights(self) -> int:
        """Number of weights."""
        return self.rows * self.group_channels

    @property
    def positions(self) -> int:
        """Positions of the map before the pool."""
        return self.conv[0] * self.conv[1]

    @property
    def outputs(self) -> int:
        """Positions of the map after the pool."""
        return self.output[0] * self.output[1]

    @property
    def draws(self) -> int:
        """p-bit draws of one position: one a p-bit, three with ``xor`` (see `golden.pbit.tile`)."""
        return self.config.channels * self.config.tile * (3 if self.config.eligibility == "xor" else 1)

    @property
    def goodness_count(self) -> int:
        """p-bits of one class: class channels * positions after the pool * M."""
        return self.config.channels // self.classes * self.outputs * self.config.tile

    @property
    def sum_bound(self) -> int:
        """Largest value of ``S[i,j] = sum over positions of x * d``."""
        return self.outputs * self.levels * self.config.tile

    @property
    def lanes(self) -> int:
        """Folding: channels per cycle."""
        return self.config.lanes or self.group_channels


@dataclass(frozen=True)
class HeadSource:
    """A map that the head reads."""

    layer: int
    """Index of the layer that makes it, from 0."""
    map: Shape
    """Height, width, channels as the layer hands it on."""
    window: int
    """Side of the windows in which it is pooled; 1: it is not."""
    inputs: Shape
    """Height, width, channels after that; an odd edge keeps a window of its own."""
    levels: int
    """Largest value of an input."""

    @property
    def rows(self) -> int:
        """Weight rows: one an input."""
        return math.prod(self.inputs)


@dataclass(frozen=True)
class HeadGeometry:
    """What the shape of the softmax head is: the maps that it reads, one after another."""

    config: HeadConfig
    sources: tuple[HeadSource, ...]
    classes: int

    @property
    def rows(self) -> int:
        """Weight rows: one an input, those of the first source first."""
        return sum(source.rows for source in self.sources)

    @property
    def levels(self) -> int:
        """Largest value of an input of any source."""
        return max(source.levels for source in self.sources)

    @property
    def largest(self) -> int:
        """Largest sum of all inputs."""
        return sum(source.rows * source.levels for source in self.sources)


@dataclass(frozen=True)
class Geometry:
    """Shapes of a whole network."""

    pixels: Shape
    """Height, width, colours of a sample as the host sends it, 8 bits each."""
    encoded: Shape
    """Height, width, channels of the bit-map that the encoder makes of it."""
    layers: tuple[LayerGeometry, ...]
    head: HeadGeometry | None
    classes: int

    @property
    def pixel_count(self) -> int:
        """Bytes of a sample."""
        return math.prod(self.pixels)

    @property
    def sample_words(self) -> int:
        """Writes of SAMPLE_DATA that make a sample, four pixels a word."""
        return -(-self.pixel_count // 4)

    @property
    def record_words(self) -> int:
        """Words of a sample record in memory: label, pixels, then zeros up to a multiple of 64 bits."""
        return -(-(1 + self.sample_words) // 2) * 2

    @property
    def weights(self) -> int:
        """Weights of the layers, the head not counted."""
        return sum(layer.weights for layer in self.layers)

    @property
    def blocks(self) -> dict[str, LayerGeometry | HeadGeometry]:
        """Layers and head by name; see `config.blocks`."""
        return blocks(self.layers, self.head)

    @property
    def predictors(self) -> tuple[str, ...]:
        """Who predicts, in the order of the logits: the names of the blocks."""
        return tuple(self.blocks)


def _along(shape: Shape, size: int, flat: int) -> Sides:
    """`size` in both directions, but `flat` across a map of one row: it has nothing above and below."""
    return (flat if shape[0] == 1 else size, size)


def planes(data: DataConfig) -> int:
    """Bits that the encoder makes of one 8-bit pixel."""
    return ENCODINGS[data.encoding].planes(data)


def geometry(config: Config) -> Geometry:
    """Shapes of the network that a configuration describes.

    Raises
    ------
    ConfigError
        If a layer's map would vanish, or the configuration leaves shape or classes to data that were not read yet.
    """
    pixels, classes = config.data.shape, config.data.class_count
    if pixels is None or not classes:
        raise ConfigError(
            f"{config.name}: data.input = {list(config.data.input)} and data.classes = {config.data.classes}: expected both, as no data "
            "set is named; name the data with data.path, or give both"
        )
    encoded = (pixels[0], pixels[1], pixels[2] * planes(config.data))
    shape, levels = encoded, 1
    counts = 2 ** (MEAN_WIDTH - 1 - MEAN_BITS)
    layers = []
    for number, layer in enumerate(config.layers, 1):
        if layer.kind == "dense":
            shape = (1, 1, math.prod(shape))
            conv = (1, 1, layer.channels)
        else:
            kernel, padding = _along(shape, layer.kernel, 1), _along(shape, layer.padding, 0)
            high, wide = (side + 2 * p - k + 1 for side, p, k in zip(shape, padding, kernel, strict=False))
            conv = (high, wide, layer.channels)
        window = _along(conv, layer.pool, 1)
        output = (conv[0] // window[0], conv[1] // window[1], layer.channels)
        if min(output) < 1:
            raise ConfigError(
                f"{config.name}: layer[{number}] makes a map of {max(output[0], 0)}x{max(output[1], 0)} from {shape[0]}x{shape[1]}: "
                f"expected at least 1x1; use a smaller kernel, more padding or fewer pools"
            )
        if output[0] * output[1] * layer.tile >= counts:
            raise ConfigError(
                f"{config.name}: layer[{number}].tile = {layer.tile}: expected at most {(counts - 1) // (output[0] * output[1])} "
                f"on {output[0]}x{output[1]} positions, so that a running mean fits {MEAN_WIDTH} bits"
            )
        layers.append(LayerGeometry(layer, shape, levels, conv, output, classes))
        shape, levels = output, layer.tile
    head = HeadGeometry(config.head, _sources(config, layers), classes) if config.head.enabled else None
    return Geometry(pixels, encoded, tuple(layers), head, classes)


def _sources(config: Config, layers: list[LayerGeometry]) -> tuple[HeadSource, ...]:
    """The maps that the head reads."""
    numbers = config.head.layers or (len(layers),)
    windows = config.head.pool if len(config.head.pool) > 1 else config.head.pool * len(numbers)
    sources = []
    for number, window in zip(numbers, windows, strict=True):
        height, width, channels = layers[number - 1].output
        inputs = (-(-height // window), -(-width // window), channels)
        summed = min(height, window) * min(width, window) if config.head.pooling == "sum" else 1
        levels = layers[number - 1].config.tile * summed
        sources.append(HeadSource(number - 1, (height, width, channels), window, inputs, levels))
    return tuple(sources)
