"""The shell around a bare PS7: its wiring, in Icarus, with a PS7 made of yosys' own declaration of the primitive."""

from __future__ import annotations

import re
from pathlib import Path

import pyosys
import pytest
from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out, Signature
from simulators import need
from slow_words import SlowWords

import harness
from bsff_hw.boards.ps7 import NAME, Ps7Shell
from bsff_hw.bus import axi_lite
from bsff_hw.bus import reader as axi_reader
from bsff_hw.bus.join import join
from bsff_hw.bus.reader import SampleReader
from bsff_hw.yosys import convert

WORDS, RECORDS, ADDRESS, TOTAL = 8, 3, 0x1FF0, 0x1234_5678
"""The buffer crosses a page."""


class Machine(wiring.Component):
    """What stands in for the machine: words behind registers, and a reader that adds up what it reads once."""

    def __init__(self) -> None:
        super().__init__({**axi_lite.PORTS, "memory": Out(Signature(axi_reader.PORTS)), "busy": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.file = file = SlowWords()
        m.submodules.reader = reader = SampleReader(WORDS)
        for ports, inner, outer in ((axi_lite.PORTS, file, self), (axi_reader.PORTS, reader, self.memory)):
            m.d.comb += join(outer, inner, ports)
        started, total = Signal(), Signal(32)
        m.d.comb += [
            reader.start.eq(~started),
            reader.address.eq(ADDRESS),
            reader.count.eq(RECORDS),
            reader.space.eq(1),
            self.busy.eq(reader.busy | (reader.fault != 0) | (total != TOTAL)),
        ]
        m.d.sync += [started.eq(1), total.eq(total + Mux(reader.begin | reader.write, reader.data, 0))]
        return m


def primitives() -> str:
    """PS7 with outputs that a bench sets, and BUFG."""
    text = (Path(pyosys.__file__).parent / "share" / "xilinx" / "cells_xtra.v").read_text()
    found = re.search(r"module PS7\s*\((.*?)\);(.*?)endmodule", text, re.DOTALL)
    assert found
    ports = re.findall(r"(input|output|inout)\s+(\[\d+:0\])?\s*(\w+);", found[2])
    assert len(ports) > 500
    declared = [f"    {'output reg' if way == 'output' else way} {span} {name}" for way, span, name in ports]
    return (
        "module PS7 (\n"
        + ",\n".join(declared)
        + "\n);\nendmodule\nmodule BUFG (input I, output O); assign O = I; endmodule\n"
    )


@pytest.mark.slow
@pytest.mark.icarus
def test_the_processor_reaches_the_machine_and_the_machine_memory(seed: int) -> None:
    need("icarus")
    shell = Ps7Shell(Machine())
    text = convert(shell, name=NAME, ports=[shell.led], emit_src=False, strip_internal_attrs=True)
    harness.run(
        text + primitives(),
        top=NAME,
        bench="bench_ps7",
        simulator="icarus",
        seed=seed,
        environment={
            "BSFF_WORDS": str(WORDS), "BSFF_RECORDS": str(RECORDS), "BSFF_ADDRESS": str(ADDRESS), "BSFF_TOTAL": str(TOTAL),
        },
    )  # fmt: skip
