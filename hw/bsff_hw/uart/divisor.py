"""Clock cycles of a bit."""

LEAST = 4
"""Below this a bit has no middle from which a sample may stray."""
DEVIATION = 0.02
"""How far the rate may be off, as a share: a frame of ten bits is read right up to about twice that, and the other end has a clock too."""


def divisor(clock_hz: float, baud: float) -> int:
    """Clock cycles of a bit, rounded.

    Parameters
    ----------
    clock_hz : float
        Frequency of the domain ``sync`` in hertz.
    baud : float
        Bits a second.

    Raises
    ------
    ValueError
        If a bit has fewer than 4 cycles, or no whole number of cycles comes within 2 % of `baud`.
    """
    if clock_hz <= 0 or baud <= 0:
        raise ValueError(f"clock_hz = {clock_hz:g}, baud = {baud:g}: expected both above 0")
    cycles = max(1, round(clock_hz / baud))
    if cycles < LEAST:
        raise ValueError(
            f"baud = {baud:g} with a clock of {clock_hz:g} Hz: {clock_hz / baud:.1f} cycles a bit, expected at least {LEAST}; "
            f"take {clock_hz / LEAST:g} baud or less"
        )
    off = clock_hz / cycles / baud - 1
    if abs(off) > DEVIATION:
        raise ValueError(
            f"baud = {baud:g} with a clock of {clock_hz:g} Hz: {cycles} cycles a bit are {100 * off:+.1f} % off, expected at "
            f"most {100 * DEVIATION:g} %; take {clock_hz / cycles:g} baud, or another clock"
        )
    return cycles
