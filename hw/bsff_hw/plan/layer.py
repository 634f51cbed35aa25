"""What the gateware of a layer is made of: its folding made concrete, and every width."""

import itertools
import math
import operator
from dataclasses import dataclass

from bsff.contract.formats import KEPT_BITS, MEAN_BITS, MEAN_WIDTH, SCALE_BITS, SCALE_WIDTH
from bsff.contract.geometry import LayerGeometry
from bsff.contract.numerics import accumulator_width

from .latencies import ROW

CHUNK_SITES = 256
"""Sites that the update lists at a time, all parts together; each costs some ten LUTs and flip-flops."""
BANK_SITES = 64
"""Sites that it lists at a time in each bank: enough for the rows of the next ones to be gathered meanwhile."""


def _given(path: str, doc: str) -> property:
    """A number of the layer's shape or configuration, under a name of the plan."""
    return property(operator.attrgetter(path), doc=doc)


@dataclass(frozen=True)
class LayerPlan:
    """One layer of the pipeline.

    A *fold* is what the lanes hold at a time. Either the lanes hold several whole groups, one in each of `parts`
    engines that work side by side, or a group is worked off in `inner` folds of `row_lanes` channels.
    """

    shape: LayerGeometry
    beat: int
    """Channels of a transfer of the input stream."""
    parts: int
    """Groups at a time."""
    row_lanes: int
    """Channels of a stored weight row: lanes of one part."""
    inner: int
    """Folds of a group."""
    banks: int
    """Weight rows read at a time."""
    tiles: int
    """Tiles of p-bits fired at a time; channels of a transfer of the output stream."""
    site_banks: int
    """Active sites that the update adds at a time. A site is what responds as one: a position, or a pool's window."""
    update_lanes: int
    """Weights of a row that the update changes at a time, in each part."""

    # ---- what the configuration says

    levels = _given("shape.levels", "Bits of an input in unary: M of the layer before.")
    classes = _given("shape.classes", "Classes.")
    kernel = _given("shape.kernel", "Height and width of the kernel.")
    padding = _given("shape.padding", "Rows of zeros above and below the input map, columns left and right.")
    groups = _given("shape.config.groups", "Groups of the convolution.")
    channels = _given("shape.config.channels", "Output channels.")
    taps = _given("shape.taps", "Taps of a group.")
    pool = _given("shape.pool", "Height and width of a window of the pool.")
    tile = _given("shape.config.tile", "M, p-bits of a tile.")
    weight_bits = _given("shape.config.weight_bits", "Bits of a weight.")

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
        return math.prod(self.shape.inputs) if self.dense else self.shape.inputs[2]

    @property
    def group_in(self) -> int:
        """Input channels of a group."""
        return self.channels_in // self.shape.config.groups

    @property
    def beats_in(self) -> int:
        """Transfers of the input stream that make a pixel."""
        return self.channels_in // self.beat

    # ---- folding

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
    def pitch(self) -> int:
        """From a channel at one place of the kernel to the same channel at the next, counted in slots of weight rows.

        It is the least number of slots that holds the channels of a group and shares no divisor with `banks`. A channel
        that is always on would else make the same bank the slowest at every place.
        """
        return next(pitch for pitch in itertools.count(self.group_in) if math.gcd(pitch, self.banks) == 1)

    @property
    def slots(self) -> int:
        """Slots from the first tap to the last, those that the pitch leaves empty among them."""
        return self.taps + (math.prod(self.kernel) - 1) * (self.pitch - self.group_in)

    def slot(self, tap: int) -> tuple[int, int]:
        """Bank of a tap, and its row there within a fold: slot s lies in bank ``s % banks``, row ``s // banks``."""
        place, channel = divmod(tap, self.group_in)
        row, bank = divmod(place * self.pitch + channel, self.banks)
        return bank, row

    @property
    def rows_of_bank(self) -> int:
        """Rows of a bank that a fold takes."""
        return -(-self.slots // self.banks)

    @property
    def depth(self) -> int:
        """Rows of a weight memory; the last one stays zero and is read where a bank has nothing to add."""
        return self.folds * self.rows_of_bank + 1

    @property
    def zero_row(self) -> int:
        """Its address."""
        return self.depth - 1

    @property
    def beats(self) -> int:
        """Transfers of the output stream that make a pixel."""
        return self.channels // self.tiles

    @property
    def row_steps(self) -> int:
        """Cycles in which the update works off a row."""
        return self.row_lanes // self.update_lanes

    # ---- sites of the update

    @property
    def site_bits(self) -> int:
        """Positions of a site."""
        return math.prod(self.pool)

    @property
    def pooled(self) -> bool:
        """Whether a site is a window of the pool."""
        return self.site_bits > 1

    @property
    def window_bits(self) -> int:
        """Bits that a position sees, counts in unary."""
        return math.prod(self.kernel) * self.channels_in * self.levels

    @property
    def site_rows(self) -> int:
        """Pairs of map rows that hold sites."""
        return self.shape.output[0] if self.pooled else -(-self.shape.conv[0] // 2)

    @property
    def row_sites(self) -> int:
        """Sites of such a pair."""
        return self.shape.output[1] if self.pooled else 2 * self.shape.conv[1]

    @property
    def chunk_rows(self) -> int:
        """Pairs of rows that are listed at a time: as few chunks as fit the limits above, of equal size if possible."""
        fit = max(1, min(CHUNK_SITES // self.parts, BANK_SITES * self.site_banks) // self.row_sites)
        chunks = -(-self.site_rows // fit)
        return -(-self.site_rows // chunks)

    @property
    def gathered(self) -> int:
        """Map rows that are gathered in a cycle: two, or four where gathering could take longer than adding the sites."""
        return 4 if self.chunk_rows > ROW and self.chunk_depth <= 2 * self.chunk_rows else 2

    @property
    def gather_cycles(self) -> int:
        """Cycles in which a chunk is gathered."""
        return -(-2 * self.chunk_rows // self.gathered)

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

    @property
    def difference_width(self) -> int:
        """Bits of a count less its running mean, with `MEAN_BITS` fractional bits."""
        return max(self.count_width + MEAN_BITS, MEAN_WIDTH) + 1

    @property
    def class_width(self) -> int:
        """Bits of the sum of a class's differences."""
        return self.difference_width + self.members.bit_length()

    @property
    def logit_width(self) -> int:
        """Bits of a logit: a class's sum of differences, scaled."""
        return self.class_width - KEPT_BITS + SCALE_WIDTH + 1 - SCALE_BITS

    @property
    def members(self) -> int:
        """Channels of a class."""
        return self.channels // self.classes

    @property
    def lane_words(self) -> int:
        """Words that each update lane keeps for its channels: one a fold and step."""
        return self.folds * self.row_steps

    @property
    def draws(self) -> int:
        """Random numbers that a unit of p-bits takes: one a p-bit, three with ``xor``."""
        return self.tile * (3 if self.shape.config.eligibility == "xor" else 1)
