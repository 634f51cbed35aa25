"""Logistic noise from a table in block RAM. Integer model: `bsff.golden.tables.noise_table`."""

from amaranth.hdl import Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import NOISE_BITS, NOISE_SCALE_BITS
from bsff.golden.tables import noise_table
from bsff_hw.parts.ram import BLOCK


def noise_width(fraction_bits: int, scale: int = 2**NOISE_SCALE_BITS) -> int:
    """Bits of the largest quantile."""
    return max(1, int(noise_table(fraction_bits, scale).max()).bit_length())


class NoiseTable(wiring.Component):
    """Look up logistic quantiles; the table is antisymmetric, so the upper half is stored.

    Parameters
    ----------
    ports : int
        Look-ups a cycle; two ports share one memory.
    fraction_bits : int
        Unit of the noise, ``2**-fraction_bits``.
    scale : int
        By which the quantiles are multiplied, in units of ``2**-NOISE_SCALE_BITS``.

    Members
    -------
    enable : In(1)
        The outputs move on with it.
    index : In(ArrayLayout(10, ports))
    noise : Out(ArrayLayout(signed, ports))
        Two cycles after the index: a table in block RAM is slow, so a register stands behind it.
    """

    def __init__(self, ports: int, *, fraction_bits: int, scale: int = 2**NOISE_SCALE_BITS) -> None:
        self._ports = ports
        self._upper = [int(v) for v in noise_table(fraction_bits, scale)[2 ** (NOISE_BITS - 1) :]]
        self._width = noise_width(fraction_bits, scale)
        super().__init__(
            {
                "enable": In(1),
                "index": In(data.ArrayLayout(NOISE_BITS, ports)),
                "noise": Out(data.ArrayLayout(signed(self._width + 1), ports)),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        for first in range(0, self._ports, 2):
            # in logic a port of the table takes 350 LUTs (`bsff synth`)
            rom = memory.Memory(
                shape=unsigned(self._width),
                depth=len(self._upper),
                init=self._upper,
                attrs=BLOCK | {"rom_style": "block"},
            )
            m.submodules[f"rom{first // 2}"] = rom
            for i in range(first, min(first + 2, self._ports)):
                port = rom.read_port()
                upper = self.index[i][-1]
                negative = Signal(name=f"negative{i}")
                m.d.comb += [port.en.eq(self.enable), port.addr.eq(Mux(upper, self.index[i][:-1], ~self.index[i][:-1]))]
                with m.If(self.enable):
                    m.d.sync += [negative.eq(~upper), self.noise[i].eq(Mux(negative, -port.data, port.data))]
        return m
