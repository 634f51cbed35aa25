"""Which components hand a ready signal on in the same cycle: a chain of them limits the clock."""

from __future__ import annotations

from pathlib import Path

import pytest
from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from netlist import ready_paths

from bsff.config import load
from bsff_hw.head.source import SourceMap
from bsff_hw.host.encoder import Encoder
from bsff_hw.layer.forward.accumulate import Accumulate
from bsff_hw.layer.forward.fire import Fire
from bsff_hw.layer.forward.maps import MapStore
from bsff_hw.layer.forward.pool import Pool
from bsff_hw.layer.learning.correlate import Correlate
from bsff_hw.layer.learning.rows import Rows
from bsff_hw.layer.learning.sites import Sites
from bsff_hw.layer.learning.update import RowUpdate
from bsff_hw.parts.fork import Fork
from bsff_hw.plan import plan

NETWORK = plan(load("digits-small"))
LAYER = NETWORK.layers[0]
"""With a pool."""
assert NETWORK.head is not None
COMPONENTS = {
    "encoder": lambda: Encoder(NETWORK.config.data, NETWORK.geometry.pixel_count),
    "maps": lambda: MapStore(LAYER),
    "accumulate": lambda: Accumulate(LAYER),
    "fire": lambda: Fire(LAYER),
    "pool": lambda: Pool(LAYER),
    "fork": lambda: Fork(4, 2),
    "head source": lambda: SourceMap(NETWORK.head.sources[0]),
    "sites": lambda: Sites(LAYER),
    "correlate": lambda: Correlate(LAYER),
    "rows": lambda: Rows(LAYER),
    "update": lambda: RowUpdate(LAYER),
}
OPEN = {
    "encoder": {"output__ready -> input__ready"},
    "fire": {"output__ready -> sums__ready"},
    "pool": {"output__ready -> input__ready"},
    "fork": {"output0__ready -> input__ready", "output1__ready -> input__ready"},
    "sites": {"chunks__ready -> passes__ready"},
    "correlate": {"sums__ready -> chunks__ready"},
    "rows": {f"updates__ready -> {name}__ready" for name in ("ahead", "passes", "sums")},
}
"""Paths that are still there (decision 051). Who cures one takes it off; a new one is a fault."""


@pytest.mark.parametrize("name", COMPONENTS)
def test_ready_signals_end_in_registers(name: str, tmp_path: Path) -> None:
    assert ready_paths(COMPONENTS[name](), tmp_path) == OPEN.get(name, set())


class Through(wiring.Component):
    """A ready signal that is handed on."""

    def __init__(self) -> None:
        super().__init__({"input": In(stream.Signature(1)), "output": Out(stream.Signature(1))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += [self.output.payload.eq(self.input.payload), self.output.valid.eq(self.input.valid)]
        m.d.comb += self.input.ready.eq(~self.output.valid | self.output.ready)
        return m


def test_a_path_is_found(tmp_path: Path) -> None:
    assert ready_paths(Through(), tmp_path) == {"output__ready -> input__ready"}
