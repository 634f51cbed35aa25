"""What the gateware of the head is made of."""

import math
from dataclasses import dataclass

from bsff.contract.numerics import head_logit_width, head_sum_width


@dataclass(frozen=True)
class HeadPlan:
    """The head: input map, beat of its stream, widths."""

    source: tuple[int, int, int]
    inputs: tuple[int, int, int]
    """`source` and `inputs`: map before and after the head's own pool."""
    levels: int
    beat: int
    """Channels of a transfer."""
    pool: int
    weight_bits: int
    fraction_bits: int
    classes: int

    @property
    def rows(self) -> int:
        """Weight rows: one an input."""
        return math.prod(self.inputs)

    @property
    def words(self) -> int:
        """Words of the input map."""
        return self.rows // self.beat

    @property
    def sum_width(self) -> int:
        """Bits of the sum of all rows and the bias."""
        return head_sum_width(self.rows, self.levels, self.weight_bits)

    @property
    def logit_width(self) -> int:
        """Bits of a logit: that sum times log2(e), in units of a logit."""
        return head_logit_width(self.rows, self.levels, self.weight_bits, self.fraction_bits)
