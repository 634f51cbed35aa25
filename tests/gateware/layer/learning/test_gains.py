"""Gains of the classes against `golden.update.gains`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import simulate, table

from bsff.contract.formats import ERROR_BITS, STEP_WIDTH
from bsff.golden import update
from bsff_hw.layer.learning.gains import Gains


@pytest.mark.parametrize("step", [0, 1, 300, 2**STEP_WIDTH - 1])
@pytest.mark.parametrize("classes", [2, 10, 33])
def test_gains(step: int, classes: int, rng: np.random.Generator) -> None:
    """Errors at both ends and between; done two cycles after the last class."""
    dut = Gains(classes)
    one = 2**ERROR_BITS
    shown = [0] * classes

    async def bench(context: Any) -> None:
        for errors in (rng.integers(-one, one + 1, classes), rng.choice([-one, one], classes)):
            shown[:] = errors.tolist()
            context.set(dut.errors.error, shown[context.get(dut.errors.number) % classes])
            context.set(dut.step, step)
            context.set(dut.phase.start, 1)
            await context.tick()
            context.set(dut.phase.start, 0)
            for _ in range(classes + 1):
                assert not context.get(dut.phase.done)
                await context.tick()
            assert context.get(dut.phase.done)
            await context.tick()
            gains = []
            for number in range(classes):
                context.set(dut.number, number)
                gains.append(context.get(dut.gain))
            assert gains == update.half_up(errors * step, 8).tolist() == update.gains(errors, step).tolist()

    simulate(dut, bench, background=[table(dut.errors.number, dut.errors.error, shown)])
