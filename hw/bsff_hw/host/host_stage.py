"""Registers between the bus and the register file, so that no gate of the bus lies in a path of the machine's decoder."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .interfaces import host_signature


class HostStage(wiring.Component):
    """Hand on one access after another, with a register each way.

    Members
    -------
    host : In(host_signature())
        From the bus.
    file : Out(host_signature())
        To `register_file.RegisterFile`.

    Notes
    -----
    Two cycles more than the register file needs.
    """

    host: In(host_signature())
    file: Out(host_signature())

    def elaborate(self, platform) -> Module:
        m = Module()
        host, file = self.host, self.file
        answered = Signal()
        m.d.comb += host.done.eq(answered)
        m.d.sync += [
            *(getattr(file, name).eq(getattr(host, name)) for name in ("writes", "address", "write_data")),
            # asked for once: not in the cycle in which the answer comes, nor in the one in which it goes on
            file.request.eq(host.request & ~answered & ~(file.request & file.done)),
            answered.eq(file.request & file.done),
            host.read_data.eq(file.read_data),
        ]
        return m
