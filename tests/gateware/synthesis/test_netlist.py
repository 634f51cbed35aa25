"""The netlist that synthesis makes learns as the golden model does, bit for bit; a wrong bit in it shows."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import numpy as np
import pytest
from machines import random_samples, random_state, unequal

from bsff.config import Config, parse
from bsff.contract.formats import COUNTERS
from bsff.contract.geometry import geometry
from bsff.errors import BsffError, DeviceError
from bsff.golden import network
from bsff.machine import Accelerator
from bsff_hw.simulation import RtlDevice
from bsff_hw.simulation.generate import generate
from bsff_hw.synthesis import SynthesisError
from bsff_hw.synthesis.models import models
from bsff_hw.synthesis.netlist import Netlist, netlist
from bsff_hw.synthesis.routed import routed

TINY: dict[str, Any] = {
    "data": {"dataset": "own", "input": [6, 6, 1], "classes": 2, "encoding": "bernoulli"},
    "layer": [{"channels": 4, "kernel": 3, "pool": 2, "tile": 2, "lanes": 2}],
    "head": {"pool": 1},
}
"""A layer with a pool, and the head; digits-tiny takes a minute of processor time more for each family (decision 055)."""
SAMPLES = 5
SWITCH = 0xFFFC
"""An address that the machine lacks; once it is read, the broken table is in use."""


def breakable(text: str) -> str:
    """A netlist in which a switch inverts all bits of one LUT's table, so that one compilation serves both."""
    found = list(re.finditer(r"\) (_c?\d+_) \([^;]*?\.(?:Z|O|F)\((_\d+_)\)\s*\);", text))
    one = found[len(found) // 2]
    text = f"{text[: one.start(2)]}of_table{text[one.end(2) :]}"
    return text.replace(
        "endmodule",
        f"""  wire of_table;
  reg broken = 0;
  always @(posedge aclk) if (s_axi_arvalid && s_axi_araddr == {SWITCH}) broken <= 1;
  assign {one[2]} = of_table ^ broken;
endmodule""",
    )


def differences(config: Config, text: str, seed: int, *, broken: bool = False) -> list[str]:
    """In what a machine and the golden model differ after some samples: names of arrays, ``logits``, ``counters``."""
    rng = np.random.default_rng([seed, 17])
    shape = geometry(config)
    state = random_state(shape, rng)
    pixels, labels = random_samples(shape, rng, SAMPLES)
    device = RtlDevice(config, verilog=text)
    if broken:
        with contextlib.suppress(DeviceError):
            device.read(SWITCH)
    try:
        with Accelerator(device, config, timeout=60.0) as machine:
            machine.load(state)
            logits = machine.present(pixels, labels, learn=True, results=True)
            found, counters = machine.read_state(), machine.counters()
    except BsffError as error:
        return [str(error)]
    before = state.copy()
    expected = network.run(config, shape, state, pixels, labels)
    assert unequal(before, state) != []  # it did learn
    names = unequal(found, state)
    names += ["logits"] * (not np.array_equal(logits, expected.logits))
    return names + ["counters"] * (not np.array_equal(counters[:, : len(COUNTERS)], expected.counters))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("family", ["ecp5", "xc7"])
def test_the_netlist_learns_and_a_wrong_table_shows(family: str, seed: int) -> None:
    config = parse(TINY, source="tiny")
    made = netlist(generate(config, primitives=family), family)
    print(made.cells)
    assert set(made.cells) & {"DP16KD", "RAMB18E1"}, "no block RAM: it would prove less"
    assert set(made.cells) & {"MULT18X18D", "DSP48E1"}, "no multiplier: it would prove less"
    text = Netlist(breakable(made.text), family).simulated()
    assert differences(config, text, seed) == []
    assert differences(config, text, seed, broken=True) != []


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_placed_and_routed_netlist_learns(seed: int) -> None:
    """As nextpnr writes it back, with the carry into each chain unknown."""
    config = parse(TINY, source="tiny")
    made = routed(generate(config, primitives="ecp5"))
    print(made.cells)
    assert {"DP16KD", "MULT18X18D", "TRELLIS_COMB", "TRELLIS_FF", "TRELLIS_RAMW"} == set(made.cells)
    text = Netlist(breakable(made.text), "ecp5").simulated()
    assert differences(config, text, seed) == []
    assert differences(config, text, seed, broken=True) != []


def test_primitives_are_counted() -> None:
    text = "module bsff(a);\n  wire LUT9;\n  LUT4 #(\n    .INIT(1)\n  ) _1_ (\n  );\n  PFUMX _2_ (\n  );\n  LUT4 \\a.b  (\n  );\n"
    assert Netlist(text, "ecp5").cells == {"LUT4": 2, "PFUMX": 1}


def test_models_come_with_what_they_are_made_of() -> None:
    text = models(["CCU2C", "DP16KD"], "ecp5")
    assert re.findall(r"^module (\w+)", text, re.MULTILINE) == ["CCU2C", "DP16KD", "LUT2", "LUT4"]


@pytest.mark.parametrize(("kind", "family"), [("RAMB36E1", "xc7"), ("EHXPLLL", "ecp5")])
def test_a_primitive_without_a_model_is_refused(kind: str, family: str) -> None:
    with pytest.raises(SynthesisError, match=f"no model of the primitive {kind}, so its netlist cannot be simulated"):
        models([kind], family)
