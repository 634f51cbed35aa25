"""Which parcels are carried out, against a model in Python."""

from __future__ import annotations

from typing import Any

import numpy as np
from amaranth.hdl import Value
from hw_helpers import simulate
from seeds import rng_for

from bsff.contract.serial import parcel_header
from bsff_hw.uart.session import Session


class Model:
    """What a session is said to do."""

    def __init__(self) -> None:
        self.session = self.sequence = 0
        self.halted = False
        self.closing = False

    def ask(self, sequence: int, session: int, whole: bool, opens: bool, closes: bool, resumes: bool) -> str:
        ours = session == self.session != 0
        if not whole:
            return "refused"
        if ours and sequence == self.sequence:
            return "again"
        due = ours and sequence == (self.sequence + 1) % 2**16 and (resumes or not self.halted)
        if not (due or opens):
            return "refused"
        self.session, self.sequence, self.halted, self.closing = session, sequence, False, closes
        return "accept"

    def ended(self, failed: bool) -> None:
        self.halted = failed
        if self.closing:
            self.session = 0


def test_random_parcels(seed: int) -> None:
    rng, dut, model = rng_for("session", seed), Session(), Model()
    seen: dict[str, int] = {}

    def draw(share: float) -> bool:
        return bool(rng.random() < share)

    async def bench(context: Any) -> None:
        for _ in range(1500):
            sequence = (model.sequence + int(rng.choice([-1, 0, 1, 1, 1, 1, 2]))) % 2**16
            if draw(0.02):
                sequence = int(rng.choice([0, 2**16 - 1]))
            session = model.session if draw(0.9) and model.session else int(rng.integers(1, 4))
            flags = {"opens": draw(0.05), "closes": draw(0.03), "resumes": draw(0.3)}
            whole = draw(0.9)
            context.set(Value.cast(dut.header), parcel_header(sequence, session, **flags))
            context.set(dut.whole, whole)
            await context.tick().repeat(2)
            context.set(dut.ask, 1)
            what = "accept" if context.get(dut.accept) else "refused" if context.get(dut.refused) else "again"
            assert what == model.ask(sequence, session, whole, **flags)
            seen[what] = seen.get(what, 0) + 1
            await context.tick()
            context.set(dut.ask, 0)
            if what == "accept":
                failed = draw(0.2)
                context.set(dut.ended, 1)
                context.set(dut.failed, failed)
                await context.tick()
                context.set(dut.ended, 0)
                model.ended(failed)
            if draw(0.02):
                context.set(dut.release, 1)
                await context.tick()
                context.set(dut.release, 0)
                model.session = 0
            state = context.get(dut.session), context.get(dut.sequence), bool(context.get(dut.halted))
            assert state == (model.session, model.sequence, model.halted)

    simulate(dut, bench)
    assert np.array(list(seen.values())).min() > 20
    assert len(seen) == 3
