"""The estimate's spread: known variances, savings by hand, counts with and without the gate, the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bsff.contract.formats import COUNTERS
from bsff.instruments.energy import Energies, count
from bsff.studies.energy_estimate.__main__ import main
from bsff.studies.energy_estimate.assumptions import ASSUMPTIONS, NAMES, saving
from bsff.studies.energy_estimate.counting import Counted, baseline_groups, counted, machine_groups, ungated
from bsff.studies.energy_estimate.processes import PROCESSES
from bsff.studies.energy_estimate.spread import spread

PAGE = Path(__file__).parents[2] / "docs" / "results" / "energy-estimate.md"
PLACE = {name: k for k, name in enumerate(COUNTERS)}


@pytest.fixture(scope="module")
def digits() -> Counted:
    return counted("digits-small", 1, 500, None)


def values(**changed: float) -> dict[str, np.ndarray]:
    """Assumptions that change nothing: the first process, small memories, floats, no reuse lost, no zeros skipped."""
    plain = {
        "process": 0, "size of the memories": 1, "floats of the baseline": 0, "reuse of activations in the baseline": 1,
        "reuse of weights in the baseline": 1, "zeros skipped in the baseline": 0, "control of the machine": 1, "a p-bit": 2,
    }  # fmt: skip
    assert set(plain) == set(NAMES)
    return {name: np.array([float(changed.get(name, value))]) for name, value in plain.items()}


@pytest.mark.parametrize("algorithm", ["real forward-forward", "backpropagation"])
def test_without_assumptions_it_is_the_ratio_of_bsff_energy(digits: Counted, algorithm: str) -> None:
    ours, theirs = (count(digits.shape, digits.counters, name) for name in ("bgbsff", algorithm))
    machine, baseline = machine_groups(digits, gate=True), baseline_groups(digits, algorithm)
    assert saving(machine, baseline, values(), memory=True)[0] == pytest.approx(theirs.picojoules / ours.picojoules)
    bare = (theirs.picojoules - theirs.memory) / (ours.picojoules - ours.memory)
    assert saving(machine, baseline, values(), memory=False)[0] == pytest.approx(bare)


def test_each_assumption_pulls_where_it_should(digits: Counted) -> None:
    machine, baseline = machine_groups(digits, gate=True), baseline_groups(digits, "backpropagation")
    plain = saving(machine, baseline, values(), memory=True)[0]

    def with_(name: str, value: float, memory: bool = True) -> float:
        return float(saving(machine, baseline, values(**{name: value}), memory=memory)[0])

    assert with_("floats of the baseline", 1) < plain
    assert with_("reuse of activations in the baseline", 1 / 9) < plain
    assert with_("zeros skipped in the baseline", 0.5) < plain
    assert with_("reuse of weights in the baseline", 8) > plain
    assert with_("a p-bit", 0) > plain > with_("a p-bit", 4)
    assert with_("control of the machine", 2) == pytest.approx(plain / 2)
    assert with_("size of the memories", 10) < plain
    assert with_("size of the memories", 10, memory=False) == with_("size of the memories", 1, memory=False)


def test_an_open_gate_learns_from_every_sample(digits: Counted) -> None:
    counters = digits.counters
    changed = ungated(counters)
    np.testing.assert_array_equal(changed[:, PLACE["updates"]], counters[:, PLACE["samples"]])
    np.testing.assert_array_equal(changed[:, PLACE["taps"]], counters[:, PLACE["taps"]])
    each = counters[:, PLACE["update_taps"]] / counters[:, PLACE["updates"]]
    np.testing.assert_allclose(changed[:, PLACE["update_taps"]] / changed[:, PLACE["samples"]], each, rtol=1e-3)
    gated, opened = (machine_groups(digits, gate=gate)["memory"][0] for gate in (True, False))
    assert opened > gated


def test_p_bits_cost_more_with_more_of_them(digits: Counted) -> None:
    three = counted("digits-small", 3, 500, None)
    assert machine_groups(three, gate=True)["p-bits"][0] == pytest.approx(
        3 * machine_groups(digits, gate=True)["p-bits"][0], rel=0.1
    )
    assert three.active > digits.active


def test_shares_of_a_known_model(rng: np.random.Generator) -> None:
    """log10 of a product of powers: the variances of the even shares are 1/12 times the squared logarithms of the ranges."""
    log = [each for each in ASSUMPTIONS if each.scale == "log"]

    def model(found: dict[str, np.ndarray]) -> np.ndarray:
        return np.prod([found[each.name] for each in log], axis=0)

    seen = spread(model, rng, 20_000)
    squares = {each.name: np.log10(each.high / each.low) ** 2 for each in log}
    for name in NAMES:
        assert seen.first[name] == pytest.approx(squares.get(name, 0) / sum(squares.values()), abs=0.03)
    one = log[0]
    low, high = seen.swing[one.name]
    assert high / low == pytest.approx(one.high / one.low)
    assert seen.low < seen.middle < seen.high


def test_ranges() -> None:
    shares = np.array([0.0, 0.5, 1.0 - 1e-12])
    for each in ASSUMPTIONS:
        drawn = each.value(shares)
        assert drawn[0] == pytest.approx(each.low)
        assert drawn[2] == pytest.approx(each.high)
    assert ASSUMPTIONS[0].value(np.linspace(0, 1, 300)[:-1]).tolist().count(1.0) == pytest.approx(100, abs=1)


def test_published_figures() -> None:
    """Copied once more from the sources."""
    assert PROCESSES[0].energies == Energies()
    aladdin, nvidia = PROCESSES[1].energies, PROCESSES[2].energies
    assert (aladdin.add_32, aladdin.multiply_32, aladdin.float_add, aladdin.float_multiply) == (
        0.0857,
        8.66,
        7.894,
        25.2,
    )
    assert nvidia.add_32 == 0.4
    assert nvidia.float_multiply == pytest.approx(25 * 576 / 2809)
    assert nvidia.float_add == pytest.approx((40 - 25) * 24 / 53)
    assert nvidia.memory_64 == 12.5


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "digits-small",
        "--tiles",
        "1",
        "2",
        "--presentations",
        "200",
        "--draws",
        "200",
        "--out",
        str(tmp_path / "new"),
    ]
    assert main(words) == 0
    text = (tmp_path / "new" / "energy-estimate.md").read_text()
    assert text.count("| digits-small | ") == 4
    assert "nothing here is measured" in text
    assert (tmp_path / "new" / "energy-estimate.png").read_bytes().startswith(b"\x89PNG")
    assert main(["nowhere", "--out", str(tmp_path)]) == 2
    assert "energy_estimate: " in capsys.readouterr().err


def test_the_committed_page() -> None:
    text = PAGE.read_text()
    assert "Made by `python -m bsff.studies.energy_estimate`" in text
    for each in (*ASSUMPTIONS, *PROCESSES):
        assert f"| {each.name} | " in text
    for network in ("digits", "mnist-small"):
        assert text.count(f"| {network} | ") == 8
