"""The folding solver, its cycle formula against counters, and the commands that show them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bsff.cli import main
from bsff.config import load, override, parse
from bsff.errors import ConfigError
from bsff_hw.plan import plan
from bsff_hw.plan.cycles import layer_cycles, most
from bsff_hw.plan.folding import settle, solve
from bsff_hw.plan.resources import memory
from bsff_hw.targets import BUDGETS, Budget

XC7Z020 = BUDGETS["xc7z020"]


def test_most_is_the_expected_largest_count(rng: np.random.Generator) -> None:
    for count, density, sets in ((5, 0.2, 1), (40, 0.2, 3), (12, 0.9, 7), (3, 0.01, 2)):
        drawn = np.maximum(1, rng.binomial(count, density, (200_000, sets)).max(1))
        assert most(count, density, sets) == pytest.approx(drawn.mean(), abs=5 * drawn.std() / 200_000**0.5 + 1e-9)
    assert most(7, 0.0, 3) == 1
    assert most(7, 1.0, 3) == 7


@pytest.mark.parametrize(
    ("phase", "density", "before", "after"),
    [
        ("forward", 0.3, "banks=1", "banks=2"),  # fewer taps in a bank
        ("forward", 0.3, "lanes=60", "lanes=120"),  # fewer folds
        ("forward", 0.01, "tiles=1", "tiles=20"),  # with few active taps the p-bits decide
        ("update", 0.3, "update_banks=1", "update_banks=2"),  # fewer sites in a bank
        ("update", 0.001, "update_lanes=1", "update_lanes=12"),  # with few active sites the weights decide
    ],
)
def test_where_more_of_it_is_faster(phase: str, density: float, before: str, after: str) -> None:
    base = override(load("mnist-small"), [f"layer[2].{key}" for key in ("banks=1", "lanes=60", "tiles=1")])
    slow, fast = (
        getattr(layer_cycles(plan(override(base, [f"layer[2].{setting}"])).layers[1], density), phase)
        for setting in (before, after)
    )
    assert fast < 0.9 * slow


def test_memory_shapes() -> None:
    assert memory(1024, 36).blocks == 1
    assert memory(513, 72).blocks == 2
    assert memory(481, 1440).blocks == 20
    assert memory(64, 100).blocks == 0


def test_solve_fits_and_is_as_fast_as_asked() -> None:
    config = override(load("mnist-small"), ["head.pool=2"])
    fastest = solve(config, XC7Z020)
    assert fastest.total.share(XC7Z020) <= 1
    asked = 2 * fastest.cycles
    slower = solve(config, XC7Z020, cycles=asked)
    assert fastest.cycles < slower.cycles <= asked  # time is given up
    assert slower.total.cost(XC7Z020) < fastest.total.cost(XC7Z020)  # for what it saves
    # the configuration has the folding that was chosen: read back, it comes to the same
    assert settle(parse(slower.config.to_dict())).cycles == slower.cycles
    assert [layer.banks for layer in slower.config.layers] == [choice.plan.banks for choice in slower.layers]
    half = BUDGETS["xc7z020"].luts // 2
    small = solve(config, Budget("half", half, XC7Z020.blocks, XC7Z020.multipliers))
    assert small.total.luts <= half < fastest.total.luts


def test_solve_says_what_does_not_fit() -> None:
    config = load("digits-small")
    with pytest.raises(ConfigError, match="digits-small: no folding reaches 100 cycles a sample; ask for a lower rate"):
        solve(config, XC7Z020, cycles=100)
    with pytest.raises(
        ConfigError, match=r"even the slowest folding takes an estimated .* tiny has 1,000 and 1 to use"
    ):
        solve(config, Budget("tiny", 1000, 1, 1))


def test_a_folding_that_does_not_fit_the_shape_is_refused() -> None:
    table = {"layer": [{"channels": 20, "kernel": 3, "tiles": 3}]}
    with pytest.raises(ConfigError, match=r"layer\[1\]\.tiles = 3: expected one of 1, 2, 4, 5, 10, 20, or 0 to choose"):
        plan(parse(table, source="odd"))


def test_fold_writes_a_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "folded.toml"
    assert main(["fold", "digits-small", "--rate", "5000", "-o", str(out)]) == 0
    assert "training samples/s at 100 MHz" in capsys.readouterr().out
    folded = load(str(out))
    assert settle(folded).cycles <= 20_000
    assert main(["fold", "digits-small", "--target", "moon"]) == 2
    assert "--target moon: expected one of xc7z020" in capsys.readouterr().err


@pytest.mark.slow
def test_bench_agrees_with_the_formula(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Counters of the simulated machine: each block within 15 % of what docs/folding.md says of it."""
    out = tmp_path / "bench.json"
    assert main(["bench", "digits-small", "--samples", "12", "--json", str(out)]) == 0
    assert "| layer2 |" in capsys.readouterr().out
    for block in json.loads(out.read_text())["blocks"]:
        assert block["training"] == pytest.approx(block["formula"], rel=0.15), block["name"]
        assert block["inference"] < block["training"]
        assert block["training"] > block["bound"]
