"""Registers between the bus and the register file, so that no gate of the bus lies in a path of the machine's decoder."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .interfaces import host_signature
from .stage import hand_on


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
        hand_on(m, self.host, self.file, ("writes", "address", "write_data"), "read_data")
        return m
