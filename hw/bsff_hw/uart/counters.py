"""The bridge's own registers: who it is, and how often something went wrong."""

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.registers import BRIDGE, BRIDGE_MAGIC, BRIDGE_VERSION, EVENTS
from bsff_hw.host.decode import choose

COUNT_WIDTH = 16


class Counters(wiring.Component):
    """Count events, and answer reads of `registers.BRIDGE`.

    Parameters
    ----------
    inbox : int
        What BRIDGE_INBOX shows.

    Members
    -------
    events : In(1), one for each of `registers.EVENTS`
        Counted in every cycle in which it is 1, a cycle later.
    session : In(9)
        What BRIDGE_SESSION shows.
    address : In(6)
        Of a word.
    value : Out(32)
        The register there, a cycle later; 0 where there is none.
    """

    def __init__(self, inbox: int) -> None:
        self._inbox = inbox
        super().__init__({"events": In(len(EVENTS)), "session": In(9), "address": In(6), "value": Out(32)})

    def elaborate(self, platform) -> Module:
        m = Module()
        values: dict[str, Any] = {
            "BRIDGE_MAGIC": BRIDGE_MAGIC,
            "BRIDGE_VERSION": BRIDGE_VERSION,
            "BRIDGE_INBOX": self._inbox,
            "BRIDGE_SESSION": self.session,
        }
        happened = Signal(len(EVENTS))  # ends the paths of all that may happen
        m.d.sync += happened.eq(self.events)
        for place, name in enumerate(EVENTS):
            count = values[f"COUNT_{name.upper()}"] = Signal(COUNT_WIDTH, name=f"{name}_count")
            m.d.sync += count.eq(count + happened[place])
        m.d.sync += self.value.eq(0)
        choose(
            m,
            BRIDGE,
            self.address,
            {name: (self.value, value) for name, value in values.items()},
            domain="sync",
            unit=4,
        )
        return m
