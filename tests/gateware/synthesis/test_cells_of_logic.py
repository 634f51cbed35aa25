"""Our models of an ECP5's logic, multiplier and half a slice, against models in Python; other modes are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cell_bench import numbers, pins, simulate
from simulators import need

pytestmark = pytest.mark.icarus
CYCLES = 600


def test_multiplier_of_an_ecp5(seed: int, tmp_path: Path) -> None:
    need("icarus")
    rng = np.random.default_rng([seed, 5])
    inputs = [(f"{bus}{i}", 1) for bus in "AB" for i in reversed(range(18))] + [("SIGNEDA", 1), ("SIGNEDB", 1)]
    inputs += [("SOURCEA", 1), ("SOURCEB", 1)]
    edges = [0, 1, (1 << 17) - 1, 1 << 17, (1 << 18) - 1]
    words, expected = [], []
    for _ in range(CYCLES):
        a, b = (int(rng.choice(edges)) if rng.random() < 0.3 else int(rng.integers(1 << 18)) for _ in range(2))
        signed = [int(x) for x in rng.integers(0, 2, 2)]
        words.append((a << 18 | b) << 4 | signed[0] << 3 | signed[1] << 2)
        value = [x - (1 << 18) if s and x >> 17 else x for x, s in zip((a, b), signed, strict=True)]
        expected.append(value[0] * value[1] & (1 << 36) - 1)
    found, said = simulate(tmp_path, "MULT18X18D", {}, inputs, pins("P", 36), words)
    assert found == expected, said


@pytest.mark.parametrize("registers", [("OUTPUT",), ("INPUTA", "INPUTB"), ("INPUTA", "OUTPUT")])
def test_its_registers(registers: tuple[str, ...], seed: int, tmp_path: Path) -> None:
    """Each keeps what its clock edge found, where the clock is enabled."""
    need("icarus")
    rng = np.random.default_rng([seed, 6])
    inputs = [(f"{bus}{i}", 1) for bus in "AB" for i in reversed(range(18))]
    inputs += [(pin, 1) for pin in ("SIGNEDA", "SIGNEDB", "SOURCEA", "SOURCEB", "RST0", "CE0")]
    words, expected = [], []
    held, product = {"A": 0, "B": 0}, 0
    for _ in range(CYCLES):
        a, b, enabled = int(rng.integers(1 << 18)), int(rng.integers(1 << 18)), int(rng.integers(2))
        words.append((a << 18 | b) << 6 | enabled)
        before = {"A": held["A"] if "INPUTA" in registers else a, "B": held["B"] if "INPUTB" in registers else b}
        if enabled:
            product = before["A"] * before["B"]
            held = {"A": a, "B": b}
        after = {"A": held["A"] if "INPUTA" in registers else a, "B": held["B"] if "INPUTB" in registers else b}
        expected.append(product if "OUTPUT" in registers else after["A"] * after["B"])
    modes = {f"REG_{name}_CLK": "CLK0" for name in registers}
    found, said = simulate(tmp_path, "MULT18X18D", modes, inputs, pins("P", 36), words, ["CLK0"])
    assert found == expected, said


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("REG_PIPELINE_CLK", "CLK0"), ("REG_INPUTC_CLK", "CLK0"), ("REG_OUTPUT_CLK", "CLK1"), ("REG_OUTPUT_CE", "CE1")],
)
def test_other_registers_of_it_are_refused(parameter: str, value: str, tmp_path: Path) -> None:
    need("icarus")
    modes = {"REG_OUTPUT_CLK": "CLK0", parameter: value}
    _, text = simulate(tmp_path, "MULT18X18D", modes, [("A0", 1)], ["P0"], [0], ["CLK0"])
    assert "MULT18X18D: such registers are not modelled" in text


TABLE_PINS = ("A", "B", "C", "D", "M", "FCI", "F1", "FXA", "FXB", "WD", "WAD0", "WAD1", "WAD2", "WAD3", "WRE")


@pytest.mark.parametrize("mode", ["LOGIC", "CCU2", "injected", "DPRAM"])
@pytest.mark.parametrize("wide", [0, 1])
def test_half_a_slice_of_an_ecp5(mode: str, wide: int, seed: int, tmp_path: Path) -> None:
    """A table, a bit of a carry chain, or 16 words of a bit; and a multiplexer behind each."""
    need("icarus")
    rng = np.random.default_rng([seed, 7])
    content = int(rng.integers(1 << 16))
    words, expected, memory = [], [], content
    for _ in range(CYCLES):
        pin = {name: int(rng.integers(2)) for name in TABLE_PINS}
        words.append(sum(pin[name] << i for i, name in enumerate(reversed(TABLE_PINS))))
        at = pin["A"] | pin["B"] << 1 | pin["C"] << 2 | pin["D"] << 3
        table, carry = content >> at & 1, 0
        if mode == "DPRAM":
            place = sum(pin[f"WAD{i}"] << i for i in range(4))
            if pin["WRE"]:
                memory = memory & ~(1 << place) | pin["WD"] << place
            table = memory >> (pin["D"] | pin["B"] << 1 | pin["C"] << 2 | pin["A"] << 3) & 1
        elif mode != "LOGIC":
            propagates, generates = table, content >> (at & 3) & 1
            table ^= pin["FCI"] & (mode == "CCU2")
            carry = pin["FCI"] if propagates else generates & (mode == "CCU2")
        chosen = (pin["FXB"] if pin["M"] else pin["FXA"]) if wide else (pin["F1"] if pin["M"] else table)
        expected.append(table << 2 | carry << 1 | chosen)
    settings = {"INITVAL": f"16'h{content:x}", "WIDE": wide, "MODE": "CCU2" if mode == "injected" else mode}
    settings["CCU2_INJECT1"] = "YES" if mode == "injected" else "NO"
    inputs = [(name, 1) for name in TABLE_PINS]
    found, said = simulate(tmp_path, "TRELLIS_COMB", numbers(settings), inputs, ["F", "FCO", "OFX"], words, ["WCK"])
    assert found == expected, said


@pytest.mark.parametrize(("parameter", "value", "said"), [("MODE", "OTHER", "a MODE"), ("WREMUX", "INV", "inversions")])
def test_other_modes_of_half_a_slice_are_refused(parameter: str, value: str, said: str, tmp_path: Path) -> None:
    need("icarus")
    found, text = simulate(tmp_path, "TRELLIS_COMB", {parameter: value}, [("A", 1)], ["F"], [0], ["WCK"])
    assert found == []
    assert f"TRELLIS_COMB: {said}" in text
