"""A plain register is one line in the table: gateware, emulated device, driver, reference page and handoff follow."""

from __future__ import annotations

from typing import Any

import pytest
from hw_helpers import plan_of, simulate

from bsff.config import load
from bsff.contract.registers import BLOCK, GLOBAL, Field, block_offset, held, reference_page
from bsff.machine.devices.emulated import EmulatedDevice
from bsff.machine.link import Link
from bsff_hw.boards.hwh import handoff
from bsff_hw.boards.table import board
from bsff_hw.host.block_registers import BlockRegisters
from bsff_hw.host.register_file import RegisterFile

NEW = held("SCRATCH", 0x0F0, "for a test", Field("scratch", 0, 12, "no meaning"), reset=5)
VALUES = ((0x1ABC, 0xABC), (0, 0), (0xFFFF_FFFF, 0xFFF))
"""Written, and kept."""


@pytest.fixture(autouse=True)
def one_line_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line, in the table of the machine and in that of its blocks."""
    monkeypatch.setitem(GLOBAL, NEW.name, NEW)
    monkeypatch.setitem(BLOCK, NEW.name, NEW)


def test_the_register_file_keeps_and_shows_it() -> None:
    dut: Any = RegisterFile(plan_of({"channels": 10, "kernel": 3}))

    async def bench(context: Any) -> None:
        assert context.get(dut.scratch) == NEW.reset
        context.set(dut.host.address, NEW.offset)
        for written, kept in VALUES:
            context.set(dut.host.write_data, written)
            context.set(dut.host.writes, 1)
            context.set(dut.host.request, 1)
            await context.tick()
            assert context.get(dut.host.done)
            await context.tick()
            assert context.get(dut.scratch) == kept
            context.set(dut.host.request, 0)
            context.set(dut.host.writes, 0)
            await context.tick()
            context.set(dut.host.request, 1)
            await context.tick()
            assert context.get(dut.host.done)
            assert context.get(dut.host.read_data) == kept
            context.set(dut.host.request, 0)
            await context.tick()

    simulate(dut, bench)


def test_a_block_keeps_and_shows_it() -> None:
    dut: Any = BlockRegisters(1, 2, 3, layer=True)

    async def bench(context: Any) -> None:
        assert context.get(dut.scratch) == NEW.reset
        context.set(dut.bus.address, NEW.offset // 4)
        for written, kept in VALUES:
            context.set(dut.bus.data, written)
            context.set(dut.bus.write, 1)
            await context.tick()
            context.set(dut.bus.write, 0)
            await context.tick()
            assert context.get(dut.scratch) == kept
            await context.tick().repeat(2)
            assert context.get(dut.bus.read) == kept

    simulate(dut, bench)


def test_the_driver_writes_and_reads_it_on_the_emulated_device() -> None:
    link = Link(EmulatedDevice(load("digits-small")), timeout=1.0)
    assert link.read("SCRATCH") == link.read("SCRATCH", 1) == NEW.reset
    for written, kept in VALUES:
        link.write("SCRATCH", written)
        link.write("SCRATCH", ~written, 1)
        assert link.read("SCRATCH") == kept
        assert link.read("SCRATCH", 1) == ~written & NEW.mask
    assert link.read("SCRATCH", 0) == NEW.reset


def test_page_and_handoff_list_it() -> None:
    row = "| 0x0f0 | SCRATCH | rw | for a test |\n| | &nbsp;&nbsp;[11..0] scratch | | no meaning |"
    assert reference_page().count(row) == 2
    made = handoff(load("digits-small"), board("pynq-z2"), clock_mhz=50)
    for name, offset in (("SCRATCH", NEW.offset), ("HEAD_SCRATCH", block_offset(2, "SCRATCH"))):
        entry = made[made.index(f'REGISTER NAME="{name}"') :]
        assert f'NAME="ADDRESS_OFFSET" VALUE="0x{offset:X}"' in entry[:400]
