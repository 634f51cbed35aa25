"""What is measured of the p-bits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bsff.contract import formats
from bsff.golden import lfsr, pbit

from .firing import FRACTION_BITS, fire, firing_probability, level
from .sp800_22 import SHORT, Verdict, nist
from .statistics import (
    Bits,
    Floats,
    Ints,
    autocorrelation,
    chi_square,
    cross_correlation,
    p_value,
    poisson_binomial,
    pooled,
    triple_correlation,
)
from .streams import positions, starts, stream

PROBABILITIES = (0.1, 0.25, 0.5, 0.75)
"""Firing probabilities at which every correlation is measured; a fault can hide at one half."""
LAGS = tuple(range(1, 65))
SAMPLES = 2**19
"""Values of every p-bit; the standard deviation of a correlation is 0.0014, and 0.01 is 7.2 of them."""
LAYERS = ((28, 40, 1), (28, 40, 3), (8, 40, 1), (8, 40, 3))
"""Layers of which rows and samples are measured: side of the map, channels, M."""
SEQUENCES = 64
"""Sequences of the NIST tests; at least 55 for the uniformity of their p-values."""


@dataclass(frozen=True)
class Correlation:
    """Correlations of one kind."""

    what: str
    count: int
    """Correlations of this kind at one probability."""
    samples: int
    """Values that each was estimated from."""
    worst: tuple[float, ...]
    """The largest by magnitude at each of `PROBABILITIES`."""


def _worst(what: str, samples: int, values: Sequence[Floats]) -> Correlation:
    return Correlation(what, values[0].size, samples, tuple(float(np.abs(v).max()) for v in values))


def serial_correlations(seed: int) -> Iterator[Correlation]:
    """Of consecutive p-bits, and of one unit at its next positions, rows and samples."""
    draws = lfsr.slices(stream(lfsr.seed_state(seed, 1), SAMPLES // 2))
    series = [fire(draws, p) for p in PROBABILITIES]
    yield _worst("one stream, lags 1 to 64", draws.size, [autocorrelation(s, LAGS) for s in series])
    for side, channels, m in LAYERS:
        words = lfsr.steps_for(channels * m)
        layer = f"{side}x{side}, {channels} channels, M = {m}"
        lag = [side * words * formats.DRAWS]
        yield _worst(
            f"one stream, one image row ({lag[0]} draws; {layer})",
            draws.size,
            [autocorrelation(s, lag) for s in series],
        )
        for unit, stride in (("positions", words), ("rows", side * words), ("samples", side**2 * words)):
            if unit == "positions" and side != LAYERS[0][0]:
                continue  # the same distance as in the larger layer
            begin = starts(lfsr.seed_state(seed, 2), stride, SAMPLES)
            units = np.ascontiguousarray(lfsr.slices(lfsr.step(begin)[:, None]).T)  # the four slots of a word
            yield _worst(
                f"one unit at its next 64 {unit} ({layer})",
                SAMPLES,
                [autocorrelation(fire(units, p), LAGS) for p in PROBABILITIES],
            )


def cross_correlations(seed: int) -> Iterator[Correlation]:
    """Between p-bits that fire at the same time, and of three p-bits."""
    for channels, m in ((40, 3), (10, 7)):
        chunks = [c.astype(np.uint16) for c in positions(lfsr.seed_state(seed, 3, m), SAMPLES, channels * m)]
        full = [cross_correlation(fire(c, p) for c in chunks) for p in PROBABILITIES]
        i, j = np.triu_indices(channels * m, 1)
        same = i // m == j // m
        yield _worst(f"pairs of a tile, M = {m}", SAMPLES, [r[i[same], j[same]] for r in full])
        yield _worst(f"pairs of a position, {channels} channels, M = {m}", SAMPLES, [r[i, j] for r in full])
    words = np.stack(
        [
            stream(lfsr.seed_state(seed, replica, part), SAMPLES // formats.DRAWS)
            for replica in range(4)
            for part in range(16)
        ],
        1,
    )  # as initialise.streams seeds a machine
    i, j = np.triu_indices(words.shape[1], 1)
    chunks = [
        lfsr.slices(w[..., None]).astype(np.uint16).transpose(0, 2, 1).reshape(-1, words.shape[1])
        for w in np.split(words, 16)
    ]
    yield _worst(
        "pairs of 64 streams (16 generators of 4 replicas)",
        SAMPLES,
        [cross_correlation(fire(c, p) for c in chunks)[i, j] for p in PROBABILITIES],
    )
    draws = np.concatenate(list(positions(lfsr.seed_state(seed, 4), SAMPLES, 12))).T
    yield _worst(
        "triples of 12 consecutive p-bits", SAMPLES, [triple_correlation(fire(draws, p)) for p in PROBABILITIES]
    )


def tile_counts(state: int, tile: int, preactivation: int, *, channels: int = 40) -> Ints:
    """How often a tile's count is 0..M, over ``2 * SAMPLES`` units of a layer or a few more."""
    counts = np.zeros(tile + 1, np.int64)
    for draws in positions(state, -(-2 * SAMPLES // channels), channels * tile):
        units = draws.reshape(-1, tile)
        a = np.full(len(units), preactivation, np.int64)
        n, _ = pbit.tile(a, units, size=tile, fraction_bits=FRACTION_BITS, eligibility="boxcar", boxcar=1)
        counts += np.bincount(n, minlength=tile + 1)
    return counts


def tile_p_values(seed: int, tile: int) -> tuple[float, ...]:
    """p-value of a tile's counts against their exact distribution, its middle p-bit at each of `PROBABILITIES`."""
    theta = pbit.thresholds(tile, FRACTION_BITS)
    result = []
    for number, p in enumerate(PROBABILITIES):
        a = level(p) + int(theta.mean())
        counts = tile_counts(lfsr.seed_state(seed, 5, tile, number), tile, a)
        bins = pooled(counts, counts.sum() * poisson_binomial(firing_probability(a - theta)))
        result.append(p_value(chi_square(*bins), len(bins[0]) - 1))
    return tuple(result)


def recovery() -> tuple[int, int]:
    """Steps until states with a single 1 look normal.

    Returns
    -------
    mean, any : int
        The last step at which the mean number of ones over the 64 such states is five standard deviations (2.5)
        from 32, and the last at which a single one has fewer than 8 or more than 56 (six deviations).
    """
    _, words = lfsr.advance(np.uint64(1) << np.arange(formats.GENERATOR_WIDTH, dtype=np.uint64), 4096)
    ones = np.unpackbits(words[..., None].view(np.uint8), axis=-1).sum(-1)
    mean = np.flatnonzero(np.abs(ones.mean(0) - 32) > 2.5)
    single = np.flatnonzero(((ones < 8) | (ones > 56)).any(0))
    return int(mean[-1]) + 1, int(single[-1]) + 1


def nist_streams(seed: int) -> Iterator[tuple[str, Bits]]:
    """What the NIST tests are run on, by name."""
    size = SEQUENCES * SHORT
    words = stream(lfsr.seed_state(seed, 6), size // formats.GENERATOR_WIDTH)
    yield "raw words", np.unpackbits(words.astype("<u8").view(np.uint8), bitorder="little")
    used = lfsr.slices(stream(lfsr.seed_state(seed, 7), -(-size // (formats.DRAWS * formats.NOISE_BITS))))
    used >>= formats.DRAW_BITS - formats.NOISE_BITS
    yield (
        "bits that p-bits use",
        ((used[:, None] >> np.arange(formats.NOISE_BITS)[::-1]) & 1).astype(np.uint8).reshape(-1)[:size],
    )
    draws = lfsr.slices(stream(lfsr.seed_state(seed, 8), size // formats.DRAWS))
    yield "p-bits at one half", fire(draws, 0.5).astype(np.uint8)


@dataclass(frozen=True)
class Measurements:
    """All that the page shows and the tests judge."""

    seed: int
    correlations: list[Correlation]
    tiles: dict[int, tuple[float, ...]]
    """For each M the p-values of `tile_p_values`."""
    nist: dict[str, list[Verdict]]
    """Verdicts by the name of the stream."""


def measure(seed: int) -> Measurements:
    """Measure everything, in about 20 seconds."""
    return Measurements(
        seed,
        [*serial_correlations(seed), *cross_correlations(seed)],
        {m: tile_p_values(seed, m) for m in (1, 2, 3, 7)},
        {name: nist(bits) for name, bits in nist_streams(seed)},
    )
