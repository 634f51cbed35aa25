"""A slave on AXI4-Lite that takes address and data when it likes, and answers what and when a test wants."""

from __future__ import annotations

from typing import Any

import numpy as np

CHANNELS = ("ar", "aw", "w")


class AxiSlave:
    """The slave's side of a bus, as a bench in the background.

    Parameters
    ----------
    axi : interface of `bus.axi_lite.PORTS`, as a master has them
    slow : float
        Share of cycles in which it takes nothing.

    Attributes
    ----------
    delay, response, data : int
        Of the answers from now on: cycles that each takes, BRESP or RRESP, and RDATA of what was never written.
    words : dict of int to int
        What was written, by address.
    seen : list
        Accesses: whether it writes, address, data.
    """

    def __init__(self, axi: Any, rng: np.random.Generator, *, slow: float = 0.5) -> None:
        self._axi, self._rng, self._slow = axi, rng, slow
        self.delay, self.response, self.data = 1, 0, 0
        self.words: dict[int, int] = {}
        self.seen: list[tuple[bool, int, int]] = []

    async def slave(self, context: Any) -> None:
        axi = self._axi
        sampled = [
            signal
            for channel, payload in zip(CHANNELS, (axi.araddr, axi.awaddr, axi.wdata), strict=True)
            for signal in (getattr(axi, f"{channel}valid") & getattr(axi, f"{channel}ready"), payload)
        ]
        while True:
            taken: dict[str, int] = {}
            while not ("ar" in taken or {"aw", "w"} <= set(taken)):
                for channel in CHANNELS:
                    ready = channel not in taken and self._rng.random() >= self._slow
                    context.set(getattr(axi, f"{channel}ready"), ready)
                _, _, *values = await context.tick().sample(*sampled)
                for channel, given, value in zip(CHANNELS, values[::2], values[1::2], strict=True):
                    if given:
                        assert channel not in taken
                        taken[channel] = value
            for channel in CHANNELS:
                context.set(getattr(axi, f"{channel}ready"), 0)
            reads = "ar" in taken
            address, data = taken["ar" if reads else "aw"], 0 if reads else taken["w"]
            self.seen.append((not reads, address, data))
            await context.tick().repeat(self.delay)
            if not reads:
                self.words[address] = data
            context.set(axi.rresp if reads else axi.bresp, self.response)
            context.set(axi.rdata, self.words.get(address, self.data))
            valid = axi.rvalid if reads else axi.bvalid
            context.set(valid, 1)
            await context.tick()
            context.set(valid, 0)
