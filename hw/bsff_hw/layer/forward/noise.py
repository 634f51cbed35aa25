"""Logistic noise from a table in block RAM. Integer model: `bsff.golden.tables.noise_table`."""

from amaranth.hdl import Module, signed
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import NOISE_BITS, NOISE_SCALE_BITS
from bsff.golden.tables import noise_table
from bsff_hw.parts.ram import BLOCK


def largest_noise(fraction_bits: int, scale: int = 2**NOISE_SCALE_BITS) -> int:
    """The largest quantile."""
    return int(noise_table(fraction_bits, scale).max())


class NoiseTable(wiring.Component):
    """Look up logistic quantiles, each less one.

    A p-bit fires where ``a + noise > 0``; with the one taken off, that is the sign of a sum. The table is antisymmetric, but
    half of a block RAM holds all of it, which saves the gates that would make the lower half of the upper one.

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
    index : In(ArrayLayout(10, ports))
    noise_less_one : Out(ArrayLayout(signed, ports))
        Two cycles after the index: a table in block RAM is slow, so a register stands behind it.
    """

    def __init__(self, ports: int, *, fraction_bits: int, scale: int = 2**NOISE_SCALE_BITS) -> None:
        self._ports = ports
        self._table = [int(v) - 1 for v in noise_table(fraction_bits, scale)]
        self._shape = signed((-min(self._table) - 1).bit_length() + 1)
        super().__init__(
            {
                "index": In(data.ArrayLayout(NOISE_BITS, ports)),
                "noise_less_one": Out(data.ArrayLayout(self._shape, ports)),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        for first in range(0, self._ports, 2):
            # in logic a port of the table takes 350 LUTs (`bsff synth`)
            rom = memory.Memory(
                shape=self._shape, depth=len(self._table), init=self._table, attrs=BLOCK | {"rom_style": "block"}
            )
            m.submodules[f"rom{first // 2}"] = rom
            for i in range(first, min(first + 2, self._ports)):
                port = rom.read_port()
                m.d.comb += [port.en.eq(1), port.addr.eq(self.index[i])]
                m.d.sync += self.noise_less_one[i].eq(port.data)
        return m
