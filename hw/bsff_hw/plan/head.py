"""What the gateware of the head is made of."""

from dataclasses import dataclass

from bsff.contract.geometry import HeadGeometry, HeadSource, Shape
from bsff.contract.numerics import head_logit_width, head_sum_width

from .memories import SLOTS


@dataclass(frozen=True)
class SourcePlan:
    """A map that the head reads: how it arrives, and how it is kept."""

    shape: HeadSource
    tile: int
    """Largest count that arrives."""
    beat: int
    """Channels of a transfer, and of a word."""
    slots: int
    """Maps that it holds."""

    @property
    def map(self) -> Shape:
        """Height, width and channels as they arrive."""
        return self.shape.map

    @property
    def inputs(self) -> Shape:
        """Height, width and channels after the pool."""
        return self.shape.inputs

    @property
    def levels(self) -> int:
        """Largest count after the pool, and the bits in which it is kept."""
        return self.shape.levels

    @property
    def window(self) -> tuple[int, int]:
        """Height and width of the windows of the pool, no larger than the map."""
        return min(self.shape.window, self.map[0]), min(self.shape.window, self.map[1])

    @property
    def summed(self) -> bool:
        """Whether a window keeps the counts of all its positions, not the largest alone."""
        return self.levels > self.tile

    @property
    def word(self) -> int:
        """Bits of a word: the unary counts of the channels of a beat."""
        return self.beat * self.levels

    @property
    def words(self) -> int:
        """Words of a map."""
        return self.shape.rows // self.beat


@dataclass(frozen=True)
class HeadPlan:
    """The head: the maps that it reads, and widths."""

    shape: HeadGeometry
    sources: tuple[SourcePlan, ...]

    @property
    def weight_bits(self) -> int:
        """Bits of a stored weight."""
        return self.shape.config.weight_bits

    @property
    def fraction_bits(self) -> int:
        """Of which fractional."""
        return self.shape.config.fraction_bits

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.shape.classes

    @property
    def rows(self) -> int:
        """Weight rows: one an input."""
        return self.shape.rows

    @property
    def words(self) -> int:
        """Words of all maps of a sample."""
        return sum(source.words for source in self.sources)

    @property
    def levels(self) -> int:
        """Largest count of an input."""
        return self.shape.levels

    @property
    def beat(self) -> int:
        """Channels of the widest word."""
        return max(source.beat for source in self.sources)

    @property
    def sum_width(self) -> int:
        """Bits of the sum of all rows and the bias."""
        return head_sum_width(self.shape)

    @property
    def logit_width(self) -> int:
        """Bits of a logit: that sum times log2(e), in units of a logit."""
        return head_logit_width(self.shape)


def plan_head(shape: HeadGeometry, tiles: list[int], beats: list[int]) -> HeadPlan:
    """The head of a network.

    The last map has as many slots as a layer's; one before it has another for each layer between, so that all can work.

    Parameters
    ----------
    tiles, beats : list of int
        Largest count, and channels of a transfer, of every layer's map.
    """
    last = len(tiles) - 1
    sources = (
        SourcePlan(source, tiles[source.layer], beats[source.layer], SLOTS + last - source.layer)
        for source in shape.sources
    )
    return HeadPlan(shape, tuple(sources))
