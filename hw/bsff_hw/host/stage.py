"""Registers in a way on which one access follows another: what is asked, and what is answered."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module, Signal


def hand_on(m: Module, near: Any, far: Any, asked: Sequence[str], answer: str) -> None:
    """Hand the accesses of `near` on to `far`, each once, with a register each way.

    Parameters
    ----------
    m : Module
        Gets the registers.
    near, far : interface
        Both with ``request``, which is held until ``done``.
    asked : sequence of str
        Members that go on with a request, or come a cycle later as it does.
    answer : str
        The member that comes back with ``done``.
    """
    answered = Signal()
    m.d.comb += near.done.eq(answered)
    m.d.sync += [
        *(getattr(far, name).eq(getattr(near, name)) for name in asked),
        # asked for once: not in the cycle in which the answer comes, nor in the one in which it goes on
        far.request.eq(near.request & ~answered & ~(far.request & far.done)),
        answered.eq(far.request & far.done),
        getattr(near, answer).eq(getattr(far, answer)),
    ]
