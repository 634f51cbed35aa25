"""The NIST tests: right by NIST's own example, passed by the p-bits, and each finds a fault."""

import numpy as np
import pytest
from randomness_helpers import ALPHA, fair, measured, shift_register

from bsff.contract import formats
from bsff.golden import lfsr
from bsff.studies import randomness
from bsff.studies.randomness import sp800_22


def euler(size):
    """Binary digits of e from the first, by splitting the sum of 1 / k! in halves."""

    def split(low, high):
        if high - low == 1:
            return 1, high
        middle = (low + high) // 2
        (p, q), (r, s) = split(low, middle), split(middle, high)
        return p * s + r, q * s

    p, q = split(0, size // 10)
    return np.frombuffer(bin((p + q << size) // q)[2 : size + 2].encode(), np.uint8) - ord("0")


@pytest.mark.parametrize(("taps", "width"), [((0, 1, 3, 4), 64), ((0, 2, 3, 5), 16), ((0, 1), 15)])
def test_linear_complexity_of_a_register_is_its_width(taps, width):
    bits = shift_register(lfsr.seed_state(5), 1200, taps, width).reshape(2, 600)
    assert sp800_22.linear_complexity(bits).tolist() == [width] * 2
    bits[0, 300] ^= 1
    assert sp800_22.linear_complexity(bits)[0] > 200


@pytest.mark.slow
def test_nist_tests_give_the_p_values_that_nist_prints():
    """SP 800-22 revision 1a, appendix B, the first million binary digits of e."""
    bits = euler(10**6)
    assert bits.sum() == 500_029
    older = (0.367879, 0.183940, 0.137955, 0.099634, 0.069935, 0.140657)
    printed = {
        "frequency": (sp800_22.frequency(bits), 0.953749),
        "block frequency": (sp800_22.block_frequency(bits), 0.211072),
        "runs": (sp800_22.runs(bits), 0.561917),
        "longest run": (sp800_22.longest_run(bits), 0.718945),
        "rank": (sp800_22.rank(bits), 0.306156),
        "spectral": (sp800_22.spectral(bits), 0.847187),
        "template 000000001": (sp800_22.templates(bits), 0.078790),
        "overlapping": (sp800_22.overlapping(bits, older), 0.110434),
        "universal": (sp800_22.universal(bits), 0.282568),
        "linear complexity": (sp800_22.complexity(bits, 0.01047), 0.826335),
        "serial": (sp800_22.serial(bits, 16), 0.766182),
        "approximate entropy": (sp800_22.entropy(bits), 0.700073),
        "cumulative, forward": (sp800_22.cumulative(bits), 0.669887),
        "cumulative, backward": (sp800_22.cumulative(bits)[1:], 0.724266),
        "excursions, x = 1": (sp800_22.excursions(bits)[4:], 0.786868),
        "variant, x = -1": (sp800_22.variant(bits)[8:], 0.826009),
    }
    for name, (values, expected) in printed.items():
        assert values[0] == pytest.approx(expected, abs=4e-6), name
    columns = [len(test(bits)) for test in sp800_22.SHORT_TESTS + sp800_22.LONG_TESTS]
    assert columns == [1, 1, 1, 1, 1, 1, 148, 1, 2, 1, 2, 1, 1, 8, 18]


@pytest.mark.long
def test_nist(seed):
    """Failures and uniformity of every p-value of every test on every stream."""
    found = [(name, v) for name, verdicts in measured(seed).nist.items() for v in verdicts]
    assert len(found) == 45
    assert [v.sequences for _, v in found[:12]] == [randomness.SEQUENCES] * 11 + [8]
    alpha = ALPHA / 2 / sum(v.columns for _, v in found)
    bad = [f"{name}: {v}" for name, v in found if v.tail < alpha or (v.uniformity is not None and v.uniformity < alpha)]
    assert not bad, "\n".join(bad)


def paired(bits):
    """Each bit followed by its complement: balanced, and a random walk that never leaves."""
    return np.stack([bits[: len(bits) // 2], 1 - bits[: len(bits) // 2]], 1).reshape(-1)


FAULTS = {
    "biased": lambda seed, size: (np.random.default_rng(seed).random(size) < 0.55).astype(np.uint8),
    "paired": lambda seed, size: paired(fair(seed, size)),
    "periodic": lambda seed, size: np.resize(fair(seed, 1000), size),
    "16-bit register": lambda seed, size: shift_register(1 + seed % 9, size, (0, 2, 3, 5), 16),
}


@pytest.mark.parametrize(
    ("test", "fault"),
    [
        ("frequency", "biased"),
        ("block_frequency", "biased"),
        ("runs", "paired"),
        ("longest_run", "paired"),
        ("rank", "16-bit register"),
        ("spectral", "periodic"),
        ("templates", "paired"),
        ("complexity", "16-bit register"),
        ("serial", "periodic"),
        ("entropy", "paired"),
        ("cumulative", "biased"),
        ("overlapping", "paired"),
        ("universal", "paired"),
        ("excursions", "paired"),
        ("variant", "paired"),
    ],
)
def test_every_nist_test_finds_a_fault(seed, test, fault):
    function = getattr(sp800_22, test)
    size = sp800_22.SHORT if function in sp800_22.SHORT_TESTS else sp800_22.LONG
    assert min(function(FAULTS[fault](seed, size))) < 1e-12


def test_a_verdict_sees_failures_and_p_values_that_are_not_uniform(seed):
    good = fair(seed, (64, 4096))
    assert sp800_22.verdict(sp800_22.frequency, good).tail > 1e-6
    biased = sp800_22.verdict(sp800_22.frequency, [FAULTS["biased"](seed + i, 2**14) for i in range(64)])
    assert biased.failures > 60
    assert biased.tail < 1e-100
    assert biased.allowed == 3
    alike = sp800_22.verdict(sp800_22.frequency, np.resize([0, 0, 1, 1], (64, 4096)))
    assert alike.failures == 0
    assert alike.uniformity < 1e-20
    assert sp800_22.verdict(sp800_22.frequency, good[:54]).uniformity is None
    assert sp800_22.verdict(sp800_22.variant, [FAULTS["biased"](seed, 2**14)]).sequences == 0


def test_one_unit_alone_fails_linear_complexity(seed):
    """The limit of any 64-bit LFSR, stated on the page: what one unit fires at one half is a short register."""
    draws = lfsr.slices(randomness.stream(lfsr.seed_state(seed, 26), 2**17))[3 :: formats.DRAWS]
    assert sp800_22.complexity(randomness.fire(draws, 0.5).astype(np.uint8))[0] < 1e-100
