"""The order of the passes of an update."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import simulate
from update_maps import CASES, packed_pass, passes_of

from bsff_hw.layer.learning.passes import Passes
from bsff_hw.plan import LayerPlan

every = pytest.mark.parametrize("case", CASES, indirect=True)


@every
def test_passes(case: LayerPlan, rng: np.random.Generator) -> None:
    dut = Passes(case)

    async def bench(context: Any) -> None:
        for _ in range(2):
            assert not context.get(dut.passes.valid)
            context.set(dut.start, 1)
            await context.tick()
            context.set(dut.start, 0)
            for fields in passes_of(case):
                ready = False
                while not ready:
                    assert context.get(dut.passes.valid)
                    assert context.get(dut.passes.payload.as_value()) == packed_pass(case, fields)
                    ready = rng.random() < 0.7
                    context.set(dut.passes.ready, ready)
                    await context.tick()

    simulate(dut, bench)
