"""How a sample lies in memory, and how many words the host writes of one."""

from bsff.contract.geometry import Geometry


def sample_words(geometry: Geometry) -> int:
    """Writes of SAMPLE_DATA that make a sample, four pixels a word."""
    return -(-geometry.pixel_count // 4)


def record_words(geometry: Geometry) -> int:
    """Words of a sample record in memory: label, pixels, then zeros up to a multiple of 64 bits."""
    return -(-(1 + sample_words(geometry)) // 2) * 2
