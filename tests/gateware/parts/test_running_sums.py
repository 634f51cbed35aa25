"""Running sums in logic, and the same in DSP blocks by the model that yosys has of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Assert, Assume, Fragment, Module, ResetSignal, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal import prove
from hw_helpers import pack, simulate, unpack

from bsff_hw.parts.platforms import Dsp48Platform
from bsff_hw.parts.running_sums import HALF, RunningSums

INPUTS = ("load", "add", "first", "left", "right")


@pytest.mark.parametrize(("lanes", "addend", "width"), [(1, 3, 8), (3, 12, 18), (2, 10, 30)])
def test_sums(lanes: int, addend: int, width: int, rng: np.random.Generator) -> None:
    dut = RunningSums(lanes, addend_width=addend, sum_width=width)

    async def bench(context: Any) -> None:
        taken, sums = np.zeros(lanes, int), np.zeros(lanes, int)
        for number in range(300):
            addends = rng.integers(-(2 ** (addend - 1)), 2 ** (addend - 1), (2, lanes))
            load, add, first = (bool(rng.random() < p) for p in (0.7, 0.7, 0.3))
            first = first or number % 16 == 0 or bool(np.abs(sums).max() > 2 ** (width - 2))
            for port, values in ((dut.left, addends[0]), (dut.right, addends[1])):
                context.set(Value.cast(port), pack(values, addend))
            for signal, value in ((dut.load, load), (dut.add, add), (dut.first, first)):
                context.set(signal, value)
            await context.tick()
            if add:
                sums = taken + (0 if first else sums)
            if load:
                taken = addends.sum(0)
            assert unpack(context.get(Value.cast(dut.sums)), width, lanes, signed=True) == sums.tolist()

    simulate(dut, bench)


class WithDsp(wiring.Component):
    """Running sums as a device with DSP blocks has them."""

    def __init__(self, inner: RunningSums) -> None:
        self._inner = inner
        super().__init__({})

    def elaborate(self, platform: Any) -> Fragment:
        return Fragment.get(self._inner, Dsp48Platform())


class Twins(wiring.Component):
    """Both forms with the same inputs: after two cycles that bring them to any state that they may have, every step keeps them equal.

    The first cycle loads any addends, the second begins a sum with them and loads others. Addends as wide as a sum make every
    sum; what the registers held before does not matter. The steps that follow are therefore steps from every state, and
    two of them show sum and addends, so what holds for them holds for all time.
    """

    def __init__(self, *, first: bool = True, addend_width: int = HALF) -> None:
        self._first = first
        self._logic, self._dsp = (RunningSums(2, addend_width=addend_width, sum_width=HALF) for _ in range(2))
        super().__init__({name: In(len(Value.cast(getattr(self._logic, name)))) for name in INPUTS})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.logic = logic = self._logic
        m.submodules.with_dsp = WithDsp(self._dsp)
        cycle = Signal(2)
        m.d.sync += cycle.eq(cycle + (cycle != 2))
        for name in INPUTS:
            value = getattr(self, name)
            m.d.comb += Value.cast(getattr(logic, name)).eq(value)
            m.d.comb += Value.cast(getattr(self._dsp, name)).eq(value if self._first or name != "first" else 0)
        m.d.comb += [
            Assume(~ResetSignal()),
            Assume((cycle != 0) | self.load),
            Assume((cycle != 1) | (self.load & self.add & self.first)),
            Assert((cycle < 2) | (Value.cast(logic.sums) == Value.cast(self._dsp.sums))),
        ]
        return m


MODELS = "read_verilog -nomem2reg +/xilinx/cells_sim.v; hierarchy -top top"


@pytest.mark.slow
def test_dsp_blocks_are_equal_to_logic(tmp_path: Path) -> None:
    holds, said = prove(Twins(), tmp_path, mode="bmc", depth=5, models=MODELS)
    assert holds, said


@pytest.mark.slow
def test_narrow_addends_keep_their_signs(tmp_path: Path) -> None:
    """Four cycles of addends as narrow as those of a layer."""
    holds, said = prove(Twins(addend_width=12), tmp_path, mode="bmc", depth=6, models=MODELS)
    assert holds, said


@pytest.mark.slow
def test_a_difference_is_found(tmp_path: Path) -> None:
    """A sum that never begins anew."""
    holds, said = prove(Twins(first=False), tmp_path, mode="bmc", depth=5, models=MODELS)
    assert not holds
    assert "Assert failed" in said
