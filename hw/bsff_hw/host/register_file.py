"""The register file: accesses of the host become settings, samples, results and words of memory.

The table is `bsff.contract.registers`; what no register answers reads 0.
"""

from typing import Any

from amaranth.hdl import Array, Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff.contract.formats import FAULTS
from bsff.contract.registers import BLOCK_BASE, BLOCK_STRIDE, BLOCKS_MAX, GLOBAL, constants
from bsff_hw.interfaces import access_signature, generator_signature
from bsff_hw.plan import Plan

from .decode import choose, halves, held_members, held_values, strobes
from .interfaces import bus_signature, host_signature
from .memory_window import MemoryWindow
from .results import DEPTH as RESULT_DEPTH
from .samples import DEPTH as SAMPLE_DEPTH

BLOCK_WAIT = 5
"""Cycles until a block's register can be read."""


class RegisterFile(wiring.Component):
    """Answer register accesses.

    Parameters
    ----------
    memory : bool
        Whether samples can be read from memory: FEATURES.buffers.

    Members
    -------
    host : In(host_signature())
    control, buffer_address_low, ... : Out
        Each register of the table that is held, by its name in lower case.
    clear_counters, clear_results : Out(1)
        COMMAND, for one cycle.
    busy, completed : In(1)
        The machine works; a sample is done with.
    space : In
        As `samples.SampleStore` gives it.
    label, pixels : Out(1)
        SAMPLE_LABEL or SAMPLE_DATA is written.
    result_count, result : In
        As `results.Results` gives them.
    result_take : Out(1)
    buffer_start, buffer_stop : Out(1)
        BUFFER_SAMPLES is written.
    buffer_busy, buffer_left, fault : In
        As `reader.SampleReader` gives them.
    encoder : Out(generator_signature())
    buses, accesses : Out, one a block

    Notes
    -----
    Two cycles an access, seven for a block's registers; for a word of memory see `MemoryWindow`.
    """

    def __init__(self, plan: Plan, *, memory: bool = False) -> None:
        self._blocks = len(plan.geometry.predictors)
        features = GLOBAL["FEATURES"].join(cycles=1, buffers=memory)
        self._constants = {**constants(plan.config, plan.geometry), "FEATURES": features}
        super().__init__(
            {
                "host": In(host_signature()),
                **held_members(GLOBAL),
                "clear_counters": Out(1),
                "clear_results": Out(1),
                "busy": In(1),
                "completed": In(1),
                "space": In(range(SAMPLE_DEPTH + 1)),
                "label": Out(1),
                "pixels": Out(1),
                "result_count": In(range(RESULT_DEPTH + 1)),
                "result": In(32),
                "result_take": Out(1),
                "buffer_start": Out(1),
                "buffer_stop": Out(1),
                "buffer_busy": In(1),
                "buffer_left": In(32),
                "fault": In(range(len(FAULTS))),
                "encoder": Out(generator_signature()),
                "buses": Out(bus_signature()).array(self._blocks),
                "accesses": Out(access_signature()).array(self._blocks),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        host = self.host
        m.submodules.window = window = MemoryWindow(self._blocks)
        plain, of_block, of_window, shown = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            of_block.eq(host.address >= BLOCK_BASE),
            of_window.eq(host.address == GLOBAL["MEMORY_DATA"].offset),
            # a register of the machine is chosen in the first cycle; in the second it is shown, or written
            plain.eq(host.request & ~of_block & ~of_window & ~shown),
        ]
        # a write acts in the second cycle: registers part the decoder from what it reaches
        decoded = strobes(m, GLOBAL, plain & host.writes, host.address)
        written = {name: Signal(name=f"{name.lower()}_written") for name in decoded}
        m.d.sync += [written[name].eq(strobe) for name, strobe in decoded.items()]
        for i, access in enumerate(self.accesses):
            connect(m, window.accesses[i], flipped(access))
        m.d.comb += [
            window.request.eq(host.request & of_window),
            window.writes.eq(host.writes),
            window.write_data.eq(host.write_data),
            window.select.eq(self.memory_select),
            window.address.eq(self.memory_address),
            window.moved.eq(written["MEMORY_SELECT"] | written["MEMORY_ADDRESS"]),
            self.result_take.eq(plain & ~host.writes & (host.address == GLOBAL["RESULT_DATA"].offset)),
        ]
        with m.If(window.advance):
            m.d.sync += self.memory_address.eq(self.memory_address + 1)
        self._write(m, written)
        value, answered, block_value = Signal(32), *self._block(m, host.request & of_block)
        m.d.sync += [shown.eq(plain), value.eq(self._read(m))]
        m.d.comb += [
            host.done.eq(shown | answered | window.done),
            host.read_data.eq(Mux(shown, value, Mux(of_block, block_value, window.read_data))),
        ]
        return m

    def _write(self, m: Module, written: dict[str, Signal]) -> None:
        """What a write does: it is held, or it acts once."""
        data, command = self.host.write_data, GLOBAL["COMMAND"].field
        for name, value in held_values(self, GLOBAL).items():
            with m.If(written[name]):
                m.d.sync += value.eq(data)
        m.d.comb += [
            self.clear_counters.eq(written["COMMAND"] & data[command("clear_counters").low]),
            self.clear_results.eq(written["COMMAND"] & data[command("clear_results").low]),
            # while records come from memory, a word of the host's would be taken for one of theirs
            self.label.eq(written["SAMPLE_LABEL"] & ~self.buffer_busy),
            self.pixels.eq(written["SAMPLE_DATA"] & ~self.buffer_busy),
            self.buffer_start.eq(written["BUFFER_SAMPLES"] & ~self.buffer_busy & (data != 0)),
            self.buffer_stop.eq(written["BUFFER_SAMPLES"] & (data == 0)),
            self.encoder.load_data.eq(data),
            self.encoder.load.eq(Cat(written["ENCODER_LOW"], written["ENCODER_HIGH"])),
        ]

    def _read(self, m: Module) -> Signal:
        """The register of the machine at the address; 0 where there is none."""
        samples, status, value = Signal(32), Signal(32), Signal(32)
        # a result is asked for cycles after it was counted; a register parts its memory from the other values
        result = Signal.like(self.result)
        m.d.sync += result.eq(self.result)
        with m.If(self.clear_counters):
            m.d.sync += samples.eq(0)
        with m.Elif(self.completed):
            m.d.sync += samples.eq(samples + 1)
        field = GLOBAL["STATUS"].field
        m.d.comb += status.eq(
            ((self.busy | self.buffer_busy) << field("busy").low) | ((self.fault != 0) << field("fault").low)
        )
        values = {
            **self._constants,
            **held_values(self, GLOBAL),
            **halves("ENCODER", self.encoder.state),
            "STATUS": status,
            "SAMPLES": samples,
            "SAMPLE_SPACE": self.space,
            "RESULT_COUNT": self.result_count,
            "RESULT_DATA": result,
            "BUFFER_SAMPLES": self.buffer_left,
            "FAULT": self.fault,
        }
        choose(m, GLOBAL, self.host.address, {name: (value, shown) for name, shown in values.items()})
        return value

    def _block(self, m: Module, request: Any) -> tuple[Signal, Signal]:
        """An access of a block's register: done, and the value read."""
        assert BLOCK_STRIDE == 1 << 8
        block = Signal(range(BLOCKS_MAX))
        waited, done, value = Signal(range(BLOCK_WAIT + 2)), Signal(), Signal(32)
        read = Array(bus.read for bus in self.buses)[block[: max(1, (self._blocks - 1).bit_length())]]
        m.d.comb += [
            block.eq((self.host.address - BLOCK_BASE) >> 8),
            done.eq(waited == BLOCK_WAIT + 1),
            value.eq(Mux(done & (block < self._blocks), read, 0)),
        ]
        m.d.sync += waited.eq(Mux(request & ~done, waited + 1, 0))
        for i, bus in enumerate(self.buses):
            m.d.sync += [
                bus.address.eq(self.host.address[2:8]),
                bus.data.eq(self.host.write_data),
                bus.write.eq(self.host.writes & (block == i) & (waited == 1)),
            ]
        return done, value
