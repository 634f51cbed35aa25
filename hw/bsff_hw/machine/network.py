"""The machine behind its register bus: samples in, a pipeline of layers that learn, the head, results out."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out, Signature, connect

from bsff_hw.bus.axi_lite import PORTS, AxiLite
from bsff_hw.bus.join import join
from bsff_hw.bus.memory_port import PORTS as MEMORY_PORTS
from bsff_hw.bus.reader import SampleReader
from bsff_hw.head.head import Head
from bsff_hw.host.access_stage import AccessStage
from bsff_hw.host.encoder import Encoder
from bsff_hw.host.host_stage import HostStage
from bsff_hw.host.register_file import RegisterFile
from bsff_hw.host.results import Results
from bsff_hw.host.samples import DEPTH, SampleStore
from bsff_hw.layer.layer import Layer
from bsff_hw.parts.fork import Fork
from bsff_hw.plan import Plan


class Network(wiring.Component):
    """The whole machine behind AXI4-Lite.

    Parameters
    ----------
    memory : bool
        Whether samples can be read from memory too.

    Members
    -------
    awaddr ... rready :
        See `bus.axi_lite.AxiLite`.
    memory : Out(Signature)
        With `memory`, its ports ``arid`` ... ``rready`` of `bus.reader.SampleReader`.
    busy : Out(1)
        STATUS.busy: samples wait or are under way.
    """

    def __init__(self, plan: Plan, *, memory: bool = True) -> None:
        self._plan = plan
        self._memory = memory
        extra = {"memory": Out(Signature(MEMORY_PORTS))} if memory else {}
        super().__init__({**PORTS, "busy": Out(1), **extra})

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        m.submodules.axi = axi = AxiLite()
        m.submodules.registers = registers = RegisterFile(plan, memory=self._memory)
        m.submodules.samples = samples = SampleStore(plan.geometry.pixel_count)
        m.submodules.encoder = encoder = Encoder(plan.config.data, plan.geometry.pixel_count)
        m.submodules.results = results = Results(len(plan.geometry.predictors), plan.geometry.classes)
        blocks: list[Any] = [Layer(layer) for layer in plan.layers]
        blocks += [Head(plan.head)] if plan.head is not None else []
        for name, block in zip(plan.geometry.predictors, blocks, strict=True):
            m.submodules[name] = block

        m.d.comb += join(self, axi, PORTS)
        m.submodules.host = stage = HostStage()
        connect(m, axi.host, stage.host)
        connect(m, stage.file, registers.host)
        m.d.comb += [
            registers.space.eq(samples.space),
            registers.result_count.eq(results.count),
            registers.result.eq(results.word),
            results.take.eq(registers.result_take),
            results.drop.eq(registers.clear_results),
            registers.completed.eq(blocks[-1].completed),
        ]
        filling = self._fill(m, registers, samples)
        connect(m, registers.encoder, encoder.generator)
        connect(m, samples.output, encoder.input)
        self._route(m, encoder.output, blocks)
        clear = Signal()  # a register between decoding a command and the many counters
        m.d.sync += clear.eq(registers.clear_counters)
        for i, block in enumerate(blocks):
            connect(m, registers.buses[i], block.bus)
            m.submodules[f"access{i}"] = access = AccessStage()
            connect(m, registers.accesses[i], access.host)
            connect(m, access.block, block.access)
            connect(m, block.logits, results.logits[i])
            m.d.comb += [
                block.learn.eq(registers.control.learn),
                block.results.eq(registers.control.results),
                block.clear.eq(clear),
            ]
        # a sample that leaves the store is in the encoder, and a cycle later in a map: `busy` looks at all and at the moment between
        idle = Signal()
        empty = ~registers.buffer_busy & ~filling & (samples.space == DEPTH) & ~encoder.output.valid
        m.d.comb += [idle.eq(empty & Cat(block.idle for block in blocks).all()), registers.busy.eq(self.busy)]
        m.d.sync += self.busy.eq(~idle)
        return m

    def _route(self, m: Module, bits: Any, blocks: list[Any]) -> None:
        """Every map to those who read it: the next layer, and the head where it is one of its sources."""
        plan = self._plan
        layers = blocks[: len(plan.layers)]
        connect(m, bits, layers[0].input)
        for i, layer in enumerate(layers):
            readers = [layers[i + 1].input] if i + 1 < len(layers) else []
            if plan.head is not None:
                numbers = [k for k, source in enumerate(plan.head.sources) if source.shape.layer == i]
                readers += [getattr(blocks[-1], f"input{k}") for k in numbers]
            if not readers:
                m.d.comb += layer.output.ready.eq(1)  # nobody listens to the last map
            elif len(readers) == 1:
                connect(m, layer.output, readers[0])
            else:
                m.submodules[f"fork{i + 1}"] = fork = Fork(layer.output.payload.shape(), len(readers))
                connect(m, layer.output, fork.input)
                for k, reader in enumerate(readers):
                    connect(m, getattr(fork, f"output{k}"), reader)

    def _fill(self, m: Module, registers: RegisterFile, samples: SampleStore) -> Signal:
        """The ways into the sample store: the host's words, and records in memory; returns whether a word is on its way."""
        begin, write, drop = registers.label, registers.pixels, registers.clear_results
        words, control = registers.host.write_data, registers.control
        if self._memory:
            m.submodules.reader = reader = SampleReader(self._plan.geometry.sample_words)
            m.d.comb += join(self.memory, reader, MEMORY_PORTS)
            m.d.comb += [
                reader.start.eq(registers.buffer_start),
                reader.stop.eq(registers.buffer_stop),
                reader.clear.eq(registers.clear_results),
                reader.address.eq(Cat(registers.buffer_address_low, registers.buffer_address_high)),
                reader.count.eq(words),
                # a word on its way may be the last of a sample, which takes its place a cycle later
                reader.space.eq(((samples.space != 0) & ~samples.write) | control.discard),
                registers.buffer_busy.eq(reader.busy),
                registers.buffer_left.eq(reader.left),
                registers.fault.eq(reader.fault),
            ]
            begin, write, drop = begin | reader.begin, write | reader.write, drop | reader.drop
            words = Mux(reader.busy, reader.data, words)
        begin, write = begin & ~control.discard, write & ~control.discard
        # a register ends the path through the decoder of the registers
        m.d.sync += [samples.begin.eq(begin), samples.write.eq(write), samples.drop.eq(drop), samples.data.eq(words)]
        return samples.write
