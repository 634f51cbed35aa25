"""The register bank: accesses of the host become settings, samples, results and words of memory.

The table is `bsff.contract.registers`; what no register answers reads 0.
"""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.registers import BLOCK_BASE, BLOCK_STRIDE, FAULTS, GLOBAL, MEMORIES, constants
from bsff_hw.interfaces import access_signature, generator_signature
from bsff_hw.plan import Plan

from .block_registers import bus_signature
from .results import DEPTH as RESULT_DEPTH
from .samples import DEPTH as SAMPLE_DEPTH

BLOCK_WAIT = 3
"""Cycles until a block's register can be read."""
SEEK_MAX = 2**20
"""Words that the way to MEMORY_ADDRESS is counted, at most; no memory is larger."""


class RegisterBank(wiring.Component):
    """Answer register accesses.

    Parameters
    ----------
    plan : Plan
    memory : bool
        Whether samples can be read from memory: FEATURES.buffers.

    Members
    -------
    request, writes, address, write_data, done, read_data :
        From `axi_lite.AxiLite`.
    learn, results, discard : Out(1)
        CONTROL.
    clear_counters, clear_results : Out(1)
        COMMAND, for one cycle.
    busy, completed : In(1)
        The machine works; a sample is done with.
    space : In
        Of `samples.SampleStore`.
    label, pixels : Out(1)
        SAMPLE_LABEL or SAMPLE_DATA is written.
    data : Out(32)
    result_count, result : In
        Of `results.Results`.
    result_take : Out(1)
    buffer_start, buffer_stop : Out(1)
        BUFFER_SAMPLES is written.
    buffer_address : Out(64)
    buffer_busy, buffer_left, fault : In
        Of `axi_reader.SampleReader`.
    encoder : Out(generator_signature())
    buses, accesses : Out, one a block

    Notes
    -----
    One cycle an access, four for a block's registers, as many as the block needs for a word of memory, and one a word
    more for the first after MEMORY_ADDRESS or MEMORY_SELECT was written.
    """

    def __init__(self, plan: Plan, *, memory: bool = False) -> None:
        self._plan = plan
        self._memory = memory
        self._blocks = len(plan.geometry.predictors)
        super().__init__(
            {
                "request": In(1),
                "writes": In(1),
                "address": In(16),
                "write_data": In(32),
                "done": Out(1),
                "read_data": Out(32),
                "learn": Out(1),
                "results": Out(1),
                "discard": Out(1),
                "clear_counters": Out(1),
                "clear_results": Out(1),
                "busy": In(1),
                "completed": In(1),
                "space": In(range(SAMPLE_DEPTH + 1)),
                "label": Out(1),
                "pixels": Out(1),
                "data": Out(32),
                "result_count": In(range(RESULT_DEPTH + 1)),
                "result": In(32),
                "result_take": Out(1),
                "buffer_start": Out(1),
                "buffer_stop": Out(1),
                "buffer_address": Out(64),
                "buffer_busy": In(1),
                "buffer_left": In(32),
                "fault": In(range(len(FAULTS))),
                "encoder": Out(generator_signature()),
                "buses": Out(bus_signature()).array(self._blocks),
                "accesses": Out(access_signature()).array(self._blocks),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        samples, control = Signal(32), Signal(GLOBAL["CONTROL"].mask.bit_length())
        select, word = Signal(16), Signal(32)
        stale = Signal(init=1)  # the blocks have not found the word yet
        with m.If(self.completed):
            m.d.sync += samples.eq(samples + 1)
        m.d.comb += [
            self.data.eq(self.write_data),
            self.encoder.load_data.eq(self.write_data),
            self.learn.eq(control[GLOBAL["CONTROL"].field("learn").low]),
            self.results.eq(control[GLOBAL["CONTROL"].field("results").low]),
            self.discard.eq(control[GLOBAL["CONTROL"].field("discard").low]),
        ]
        plain, memory = Signal(), Signal()
        block_space = Signal()
        m.d.comb += [
            block_space.eq(self.address >= BLOCK_BASE),
            memory.eq(self.address == GLOBAL["MEMORY_DATA"].offset),
            plain.eq(self.request & ~block_space & ~memory),
        ]
        self._plain(m, plain, samples, control, select, word, stale)
        block = Signal(range(max(2, (2**16 - BLOCK_BASE) // BLOCK_STRIDE)))
        m.d.comb += block.eq((self.address - BLOCK_BASE) >> 8)
        assert BLOCK_STRIDE == 1 << 8

        chosen, number, there = Signal(range(self._blocks + 1)), Signal(8), Signal()
        field = GLOBAL["MEMORY_SELECT"].field
        m.d.comb += [
            number.eq(select >> field("block").low),
            there.eq((number < self._blocks) & ((select >> field("memory").low) < len(MEMORIES))),
            chosen.eq(number),
        ]
        seek, waited = Signal(range(SEEK_MAX + 1)), Signal(range(BLOCK_WAIT + 1))
        rewind, step, asked = Signal(), Signal(), Signal()
        for i in range(self._blocks):
            bus, access = self.buses[i], self.accesses[i]
            mine = there & (chosen == i)
            m.d.comb += [
                bus.address.eq(self.address[2:8]),
                bus.data.eq(self.write_data),
                access.memory.eq(select >> field("memory").low),
                access.rewind.eq(mine & rewind),
                access.step.eq(mine & step),
                access.request.eq(mine & asked),
                access.write.eq(self.writes),
                access.data.eq(self.write_data),
            ]
        answered = Array(access.done for access in self.accesses)[chosen] | ~there
        with m.FSM(name="state"):
            with m.State("IDLE"):
                m.d.sync += waited.eq(0)
                with m.If(plain):
                    m.d.comb += self.done.eq(1)
                with m.Elif(self.request & block_space):
                    m.next = "BLOCK"
                with m.Elif(self.request & memory):
                    m.d.comb += rewind.eq(stale)
                    m.d.sync += [stale.eq(0), seek.eq(Mux(stale, Mux(word > SEEK_MAX, SEEK_MAX, word), 0))]
                    m.next = "SEEK"
            with m.State("BLOCK"):
                m.d.sync += waited.eq(waited + 1)
                for i in range(self._blocks):
                    m.d.comb += self.buses[i].write.eq(self.writes & (block == i) & (waited == 0))
                with m.If(waited == BLOCK_WAIT):
                    read = Array(bus.read for bus in self.buses)[block[: max(1, (self._blocks - 1).bit_length())]]
                    m.d.comb += [self.done.eq(1), self.read_data.eq(Mux(block < self._blocks, read, 0))]
                    m.next = "IDLE"
            with m.State("SEEK"):
                with m.If(seek != 0):
                    m.d.comb += step.eq(1)
                    m.d.sync += seek.eq(seek - 1)
                with m.Else():
                    m.next = "MEMORY"
            with m.State("MEMORY"):
                m.d.comb += asked.eq(1)
                with m.If(answered):
                    read = Array(access.read for access in self.accesses)[chosen]
                    m.d.comb += [self.done.eq(1), self.read_data.eq(Mux(there, read, 0)), step.eq(1)]
                    m.d.sync += word.eq(word + 1)
                    m.next = "IDLE"
        with m.If(plain):
            m.d.comb += self.read_data.eq(self._value)
        return m

    def _plain(
        self, m: Module, plain: Signal, samples: Signal, control: Signal, select: Signal, word: Signal, stale: Signal
    ) -> None:
        """Registers of the machine that answer at once."""
        status = Signal(32)
        self._value = Signal(32)
        m.d.comb += status.eq(
            ((self.busy | self.buffer_busy) << GLOBAL["STATUS"].field("busy").low)
            | ((self.fault != 0) << GLOBAL["STATUS"].field("fault").low)
        )
        features = GLOBAL["FEATURES"].field("cycles").mask
        if self._memory:
            features |= GLOBAL["FEATURES"].field("buffers").mask
        values: dict[str, Any] = {
            **constants(self._plan.config, self._plan.geometry),
            "FEATURES": features,
            "CONTROL": control,
            "STATUS": status,
            "SAMPLES": samples,
            "SAMPLE_SPACE": self.space,
            "RESULT_COUNT": self.result_count,
            "RESULT_DATA": self.result,
            "BUFFER_ADDRESS_LOW": self.buffer_address[:32],
            "BUFFER_ADDRESS_HIGH": self.buffer_address[32:],
            "BUFFER_SAMPLES": self.buffer_left,
            "FAULT": self.fault,
            "MEMORY_SELECT": select,
            "MEMORY_ADDRESS": word,
            "ENCODER_LOW": self.encoder.state[:32],
            "ENCODER_HIGH": self.encoder.state[32:],
        }
        with m.Switch(self.address):
            for name, value in values.items():
                with m.Case(GLOBAL[name].offset):
                    m.d.comb += self._value.eq(value)
        m.d.comb += self.result_take.eq(plain & ~self.writes & (self.address == GLOBAL["RESULT_DATA"].offset))
        command = GLOBAL["COMMAND"].field
        with m.If(plain & self.writes), m.Switch(self.address):
            with m.Case(GLOBAL["CONTROL"].offset):
                m.d.sync += control.eq(self.write_data)
            with m.Case(GLOBAL["COMMAND"].offset):
                m.d.comb += [
                    self.clear_counters.eq(self.write_data[command("clear_counters").low]),
                    self.clear_results.eq(self.write_data[command("clear_results").low]),
                ]
                with m.If(self.clear_counters):
                    m.d.sync += samples.eq(0)
            # while records come from memory, a word of the host's would be taken for one of theirs
            with m.Case(GLOBAL["SAMPLE_LABEL"].offset):
                m.d.comb += self.label.eq(~self.buffer_busy)
            with m.Case(GLOBAL["SAMPLE_DATA"].offset):
                m.d.comb += self.pixels.eq(~self.buffer_busy)
            for half, name in enumerate(("BUFFER_ADDRESS_LOW", "BUFFER_ADDRESS_HIGH")):
                with m.Case(GLOBAL[name].offset):
                    m.d.sync += self.buffer_address.word_select(half, 32).eq(self.write_data)
            with m.Case(GLOBAL["BUFFER_SAMPLES"].offset):
                m.d.comb += [
                    self.buffer_start.eq(~self.buffer_busy & (self.write_data != 0)),
                    self.buffer_stop.eq(self.write_data == 0),
                ]
            with m.Case(GLOBAL["MEMORY_SELECT"].offset):
                m.d.sync += [select.eq(self.write_data), stale.eq(1)]
            with m.Case(GLOBAL["MEMORY_ADDRESS"].offset):
                m.d.sync += [word.eq(self.write_data), stale.eq(1)]
            for half, name in enumerate(("ENCODER_LOW", "ENCODER_HIGH")):
                with m.Case(GLOBAL[name].offset):
                    m.d.comb += self.encoder.load[half].eq(1)
