"""How many samples a second a line carries."""

from bsff.contract.serial import HEAD_BYTES, PARCEL_WORDS

_BITS = 10
"""Bits of a byte on the line: start, eight, stop."""
_OPERATIONS = 3
"""Words of a sample beside its own: wait for room, label, pixels."""
_AROUND = HEAD_BYTES + 2 * 4 + HEAD_BYTES
"""Bytes around the words of a parcel: head, header, checksum, and the request for the reply."""


def samples_per_second(baud: float, sample_words: int) -> float:
    """Samples a second that a line carries one way, where the machine is fast enough.

    A sample is a label, its words, and three operations; the words of many fill parcels. So a byte being 10 bits,
    ``baud / 10 / (4 * (words + 4) + 20 * (words + 4) / 253)``.

    Parameters
    ----------
    baud : float
        Bits a second.
    sample_words : int
        32-bit words of a sample: `Geometry.sample_words`.
    """
    words = sample_words + 1 + _OPERATIONS
    return baud / _BITS / (4 * words + _AROUND * words / PARCEL_WORDS)
