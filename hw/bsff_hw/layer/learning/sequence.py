"""The order of an update: gains, coefficients, rows, biases."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.interfaces import phase_signature

from .drives import DRAIN


class Sequence(wiring.Component):
    """Start one part of the update after the other.

    Members
    -------
    phase : In(phase_signature())
        The whole update.
    gains : Out(phase_signature())
    scan : Out(1)
        Visit the channels, see `drives.Drives`; `biases` says for what.
    scanning : In(1)
    biases : Out(1)
    rows : Out(phase_signature())
    """

    phase: In(phase_signature())
    gains: Out(phase_signature())
    scan: Out(1)
    scanning: In(1)
    biases: Out(1)
    rows: Out(phase_signature())

    def elaborate(self, platform) -> Module:
        m = Module()
        waited = Signal(range(DRAIN))
        m.d.sync += [self.rows.start.eq(0), self.phase.done.eq(0)]
        with m.FSM(name="phase"):
            with m.State("IDLE"), m.If(self.phase.start):
                m.d.comb += self.gains.start.eq(1)
                m.d.sync += self.biases.eq(0)
                m.next = "GAINS"
            with m.State("GAINS"), m.If(self.gains.done):
                m.d.comb += self.scan.eq(1)
                m.next = "SCAN"
            with m.State("SCAN"):
                m.d.sync += waited.eq(0)
                with m.If(~self.scanning):
                    m.next = "DRAIN"
            with m.State("DRAIN"):
                m.d.sync += waited.eq(waited + 1)
                with m.If((waited == DRAIN - 1) & self.biases):
                    m.d.sync += self.phase.done.eq(1)
                    m.next = "IDLE"
                with m.Elif(waited == DRAIN - 1):
                    m.d.sync += self.rows.start.eq(1)
                    m.next = "ROWS"
            with m.State("ROWS"), m.If(self.rows.done):
                m.d.sync += self.biases.eq(1)
                m.d.comb += self.scan.eq(1)
                m.next = "SCAN"
        return m
