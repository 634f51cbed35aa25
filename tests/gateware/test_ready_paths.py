"""Which components hand a ready signal on in the same cycle: a chain of them limits the clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Const, Fragment, Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from netlist import ready_paths

from bsff.config import load
from bsff_hw.head.head import Head
from bsff_hw.head.source import SourceMap
from bsff_hw.host.encoder import Encoder
from bsff_hw.layer.forward.accumulate import Accumulate
from bsff_hw.layer.forward.emit import Emit
from bsff_hw.layer.forward.forward import Forward
from bsff_hw.layer.forward.maps import MapStore
from bsff_hw.layer.layer import Layer
from bsff_hw.layer.learning.correlate import Correlate
from bsff_hw.layer.learning.learning import Learning
from bsff_hw.layer.learning.rows import Rows
from bsff_hw.layer.learning.sites import Sites
from bsff_hw.machine.network import Network
from bsff_hw.parts.fork import Fork
from bsff_hw.parts.queue import Queue
from bsff_hw.plan import plan

NETWORK = plan(load("digits-small"))
WHOLE = {Layer, Forward, Learning, Head}
"""What joins other components and adds no gates to their ready signals."""
LAYER = NETWORK.layers[0]
"""With a pool."""
assert NETWORK.head is not None
COMPONENTS: dict[Any, tuple[Any, ...]] = {
    Encoder: (NETWORK.config.data, NETWORK.geometry.pixel_count),
    MapStore: (LAYER,),
    Accumulate: (LAYER,),
    Emit: (LAYER,),
    Queue: (8,),
    Fork: (4, 2),
    SourceMap: (NETWORK.head.sources[0],),
    Sites: (LAYER,),
    Correlate: (LAYER,),
    Rows: (LAYER,),
}


def ready_flows(component: wiring.Component) -> set[wiring.Flow]:
    """Directions of its ready signals."""
    return {
        member.flow
        for path, member, value in component.signature.flatten(component)
        if path[-1] == "ready" and not isinstance(value, Const)
    }


@pytest.mark.parametrize("kind", COMPONENTS)
def test_ready_signals_end_in_registers(kind: Any, tmp_path: Path) -> None:
    assert ready_paths(kind(*COMPONENTS[kind]), tmp_path) == set()


def test_every_component_of_a_machine_is_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that take a ready signal and give one."""
    made: list[wiring.Component] = []
    init = wiring.Component.__init__

    def noted(self: wiring.Component, *arguments: Any, **keywords: Any) -> None:
        init(self, *arguments, **keywords)
        made.append(self)

    monkeypatch.setattr(wiring.Component, "__init__", noted)
    Fragment.get(Network(NETWORK), None).prepare()
    passing = {type(component) for component in made if {In, Out} <= ready_flows(component)}
    monkeypatch.undo()
    assert passing - WHOLE <= set(COMPONENTS)
    assert {Emit, Correlate} <= passing


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
