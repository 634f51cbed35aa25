"""What the gateware of a layer is made of: folding made concrete, and every width, computed here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from bsff.config import CLASSES, Config
from bsff.contract.able import check
from bsff.contract.geometry import Geometry, LayerGeometry, geometry, planes
from bsff.contract.numerics import accumulator_width, check_accumulator
from bsff.errors import ConfigError
from bsff.golden.update import ACTIVITY_BITS, BIAS_BITS, BIAS_WIDTH, GAIN_BITS, STEP_BITS

WINDOW_MAX = 8192
"""Bits of a window register that we are ready to build; a dense layer holds its whole input in one."""
CHUNK_SITES = 256
"""Sites that the update lists at a time, all parts together; each costs some ten LUTs and flip-flops."""
BANK_SITES = 64
"""Sites that it lists at a time in each bank: enough for the rows of the next ones to be gathered meanwhile."""
SUM_WIDTH = 32


def divisors(number: int) -> list[int]:
    """All divisors, rising."""
    return [d for d in range(1, number + 1) if number % d == 0]


def _largest(candidates: list[int], limit: int) -> int:
    """The largest candidate not above `limit`; the smallest if all are."""
    return max((c for c in candidates if c <= limit), default=min(candidates))


@dataclass(frozen=True)
class LayerPlan:
    """One layer of the pipeline.

    A *fold* is what the lanes hold at a time. Either the lanes hold several whole groups, one in each of `parts`
    engines that work side by side, or a group is worked off in `inner` folds of `row_lanes` channels.

    Attributes
    ----------
    shape : LayerGeometry
    beat : int
        Channels of a transfer of the input stream.
    parts : int
        Groups at a time.
    row_lanes : int
        Channels of a stored weight row: lanes of one part.
    inner : int
        Folds of a group.
    banks : int
        Weight rows read at a time.
    tiles : int
        Tiles of p-bits fired at a time; channels of a transfer of the output stream.
    site_banks : int
        Active sites that the update adds at a time. A site is what responds as one: a position, or a pool's window.
    update_lanes : int
        Weights of a row that the update changes at a time, in each part.
    """

    shape: LayerGeometry
    beat: int
    parts: int
    row_lanes: int
    inner: int
    banks: int
    tiles: int
    site_banks: int
    update_lanes: int

    # ---- the input map

    @property
    def dense(self) -> bool:
        """Whether the layer sees its whole input at once."""
        return self.shape.config.kind == "dense"

    @property
    def height(self) -> int:
        """Rows of the input map; 1 for a dense layer."""
        return 1 if self.dense else self.shape.inputs[0]

    @property
    def width(self) -> int:
        """Columns of the input map; 1 for a dense layer."""
        return 1 if self.dense else self.shape.inputs[1]

    @property
    def channels_in(self) -> int:
        """Channels of the input map; all of its bits for a dense layer."""
        return (
            self.shape.inputs[0] * self.shape.inputs[1] * self.shape.inputs[2] if self.dense else self.shape.inputs[2]
        )

    @property
    def levels(self) -> int:
        """Bits of an input in unary: M of the layer before."""
        return self.shape.levels

    @property
    def group_in(self) -> int:
        """Input channels of a group."""
        return self.channels_in // self.shape.config.groups

    @property
    def blocks_in(self) -> int:
        """Transfers of the input stream that make a pixel."""
        return self.channels_in // self.beat

    @property
    def kernel(self) -> int:
        """Side of the kernel."""
        return self.shape.kernel

    @property
    def padding(self) -> int:
        """Zeros around the input map."""
        return self.shape.padding

    # ---- folding

    @property
    def groups(self) -> int:
        """Groups of the convolution."""
        return self.shape.config.groups

    @property
    def channels(self) -> int:
        """Output channels."""
        return self.shape.config.channels

    @property
    def rounds(self) -> int:
        """Turns in which the groups are worked off."""
        return self.groups // self.parts

    @property
    def folds(self) -> int:
        """Turns in which a position is worked off."""
        return self.rounds * self.inner

    @property
    def lanes(self) -> int:
        """Channels at a time."""
        return self.parts * self.row_lanes

    @property
    def taps(self) -> int:
        """Taps of a group."""
        return self.shape.taps

    @property
    def rows_of_bank(self) -> int:
        """Taps of one bank: tap i lies in bank i % banks."""
        return -(-self.taps // self.banks)

    @property
    def depth(self) -> int:
        """Rows of a weight memory; the last one stays zero and is read where a bank has nothing to add."""
        return self.folds * self.rows_of_bank + 1

    @property
    def zero_row(self) -> int:
        """Its address."""
        return self.depth - 1

    @property
    def blocks(self) -> int:
        """Transfers of the output stream that make a pixel."""
        return self.channels // self.tiles

    @property
    def row_steps(self) -> int:
        """Cycles in which the update works off a row."""
        return self.row_lanes // self.update_lanes

    # ---- sites of the update

    @property
    def pool(self) -> int:
        """Side of the pool."""
        return self.shape.config.pool

    @property
    def site_bits(self) -> int:
        """Positions of a site."""
        return self.pool**2

    @property
    def site_rows(self) -> int:
        """Pairs of map rows that hold sites."""
        return self.shape.output[0] if self.pool == 2 else -(-self.shape.conv[0] // 2)

    @property
    def row_sites(self) -> int:
        """Sites of such a pair."""
        return self.shape.output[1] if self.pool == 2 else 2 * self.shape.conv[1]

    @property
    def chunk_rows(self) -> int:
        """Pairs of rows that are listed at a time: as few chunks as fit the limits above, of equal size if possible."""
        fit = max(1, min(CHUNK_SITES // self.parts, BANK_SITES * self.site_banks) // self.row_sites)
        chunks = -(-self.site_rows // fit)
        return -(-self.site_rows // chunks)

    @property
    def chunks(self) -> int:
        """Chunks of a map."""
        return -(-self.site_rows // self.chunk_rows)

    @property
    def chunk_sites(self) -> int:
        """Sites of a chunk."""
        return self.chunk_rows * self.row_sites

    @property
    def chunk_depth(self) -> int:
        """Words that a chunk takes in one bank of the response memory; site i of a chunk lies in bank i % site_banks."""
        return -(-self.chunk_sites // self.site_banks)

    @property
    def response_depth(self) -> int:
        """Words of a response memory."""
        return self.folds * self.chunks * self.chunk_depth

    # ---- widths

    @property
    def tile(self) -> int:
        """M."""
        return self.shape.config.tile

    @property
    def weight_bits(self) -> int:
        """Bits of a weight."""
        return self.shape.config.weight_bits

    @property
    def sum_width(self) -> int:
        """Bits of the sum of all taps at their extremes."""
        return (self.taps * self.levels * 2 ** (self.weight_bits - 1)).bit_length() + 1

    @property
    def preactivation_width(self) -> int:
        """Bits of that sum and the bias."""
        return accumulator_width(self.shape)

    @property
    def response_width(self) -> int:
        """Bits of d."""
        return self.tile.bit_length()

    @property
    def count_width(self) -> int:
        """Bits of a channel's count, and of its sum of responses, over a map."""
        return (self.shape.outputs * self.tile).bit_length()

    @property
    def change_width(self) -> int:
        """Bits of S, the sum of input times response over all positions."""
        return self.shape.sum_bound.bit_length()

    @property
    def gain_width(self) -> int:
        """Bits of a gain: error (13 and sign) times step (16)."""
        return 13 + 1 + 16 - STEP_BITS

    @property
    def moved_width(self) -> int:
        """Bits of the sum of a channel's weight changes."""
        return (self.taps * 2**self.weight_bits).bit_length() + 1

    @property
    def ones_width(self) -> int:
        """Bits of the number of ones of an input map."""
        return (self.height * self.width * self.channels_in * self.levels).bit_length()

    @property
    def inputs(self) -> int:
        """Inputs of the layer."""
        return self.height * self.width * self.channels_in


@dataclass(frozen=True)
class HeadPlan:
    """The head: input map, beat of its stream, widths.

    Attributes
    ----------
    source, inputs : tuple of int
        Map before and after the head's own pool.
    levels : int
    beat : int
        Channels of a transfer.
    """

    source: tuple[int, int, int]
    inputs: tuple[int, int, int]
    levels: int
    beat: int
    pool: int
    weight_bits: int
    fraction_bits: int

    @property
    def rows(self) -> int:
        """Weight rows: one an input."""
        return self.inputs[0] * self.inputs[1] * self.inputs[2]

    @property
    def words(self) -> int:
        """Words of the input map."""
        return self.rows // self.beat

    @property
    def sum_width(self) -> int:
        """Bits of the sum of all rows and the bias."""
        largest = self.rows * self.levels * 2 ** (self.weight_bits - 1) + 2 ** (BIAS_WIDTH - BIAS_BITS - 1)
        return largest.bit_length() + 1


@dataclass(frozen=True)
class Plan:
    """The whole machine."""

    config: Config
    geometry: Geometry
    layers: tuple[LayerPlan, ...]
    head: HeadPlan | None


def _layer(number: int, layer: LayerGeometry, beat: int, following: LayerGeometry | None) -> LayerPlan:
    config = layer.config
    where = f"layer[{number}]"
    lanes = layer.lanes
    parts = max(1, lanes // layer.group_channels)
    if config.groups % parts:
        raise ConfigError(
            f"{where}.lanes = {config.lanes}: holds {parts} of {config.groups} groups at a time; expected a number of groups "
            f"that divides {config.groups}"
        )
    row_lanes = min(lanes, layer.group_channels)
    banks = min(config.banks, layer.taps)
    able = divisors(row_lanes)
    if following is not None and following.config.kind == "conv" and following.config.groups > 1:
        own = following.inputs[2] // following.config.groups
        able = [t for t in able if own % t == 0]  # a transfer must not straddle the groups of the next layer
    tiles = _fold(f"{where}.tiles", config.tiles, able, _largest(able, 4))
    sites = layer.outputs if config.pool == 2 else layer.positions
    site_banks = min(config.update_banks or banks, sites)
    update_lanes = _fold(
        f"{where}.update_lanes",
        config.update_lanes,
        divisors(row_lanes),
        _largest(divisors(row_lanes), max(1, row_lanes // 10)),
    )
    plan = LayerPlan(
        layer,
        beat,
        parts,
        row_lanes,
        row_lanes and layer.group_channels // row_lanes,
        banks,
        tiles,
        site_banks,
        update_lanes,
    )
    bits = plan.kernel**2 * plan.channels_in * plan.levels
    if bits > WINDOW_MAX:
        raise ConfigError(
            f"{where}: a position sees {bits:,} input bits, the gateware holds at most {WINDOW_MAX:,} at once; "
            "use a convolution, or pool before a dense layer"
        )
    return plan


def _fold(name: str, value: int, able: list[int], automatic: int) -> int:
    """A folding key: `automatic` where it is 0, else one of the numbers that fit."""
    if value == 0:
        return automatic
    if value not in able:
        raise ConfigError(f"{name} = {value}: expected one of {', '.join(map(str, able))}, or 0 to choose")
    return value


def plan(config: Config) -> Plan:
    """Fold a network as its configuration says.

    Raises
    ------
    ConfigError
        If a folding does not fit the shape, or a layer is beyond what the gateware can be built for.
    DeviceError
        If the configuration asks for what the machine cannot do.
    """
    check(config)
    shape = geometry(config)
    beat = planes(config.data)
    layers = []
    for i, layer in enumerate(shape.layers):
        check_accumulator(layer)
        following = shape.layers[i + 1] if i + 1 < len(shape.layers) else None
        layers.append(_layer(i + 1, layer, beat, following))
        beat = layers[-1].tiles
    head = None
    if shape.head is not None:
        own = config.head
        head = HeadPlan(
            shape.head.source, shape.head.inputs, shape.head.levels, beat, own.pool, own.weight_bits, own.fraction_bits
        )
    return Plan(config, shape, tuple(layers), head)


__all__ = [
    "ACTIVITY_BITS",
    "BIAS_BITS",
    "BIAS_WIDTH",
    "CLASSES",
    "GAIN_BITS",
    "SUM_WIDTH",
    "HeadPlan",
    "LayerPlan",
    "Plan",
    "divisors",
    "plan",
]
