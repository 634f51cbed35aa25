"""Tiles of p-bits: random bits against a pre-activation, and the response of their count.

Integer model: `bsff.golden.pbit.tile`.
"""

from amaranth.hdl import Cat, Module, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from bsff.contract.formats import DRAW_BITS, NOISE_BITS, NOISE_SCALE_BITS
from bsff.golden.pbit import thresholds
from bsff_hw.parts.arithmetic import total, unary

from .noise import NoiseTable


class TileArray(wiring.Component):
    """Fire `units` tiles of M p-bits.

    Parameters
    ----------
    units : int
        Tiles a cycle.
    tile : int
        M, p-bits of a tile.
    fraction_bits : int
        Fractional bits of a pre-activation.
    boxcar : int
        Half-width of the response, in units of ``2**-fraction_bits``.
    noise : int
        Scale of the logistic noise, in units of ``2**-NOISE_SCALE_BITS``.
    xor : bool
        The response is that of two further draws, instead of the boxcar.
    width : int
        Bits of a pre-activation.

    Members
    -------
    enable : In(1)
        All registers move on with it.
    preactivation : In(ArrayLayout(signed(width), units))
    draws : In(ArrayLayout(16, units * draws of a unit))
        The draws of a unit stand in the order of m, with ``xor`` three for each m.
    count : Out(ArrayLayout(M, units))
        n in unary: bit i is set where n > i, so that a maximum is an OR. Three cycles after the input.
    response : Out(ArrayLayout(.., units))
        d in 0..M, with the count.

    Notes
    -----
    Latency 3; `units` tiles a cycle.
    """

    LATENCY = 3

    def __init__(
        self,
        units: int,
        *,
        tile: int,
        fraction_bits: int,
        boxcar: int,
        xor: bool,
        width: int,
        noise: int = 2**NOISE_SCALE_BITS,
    ) -> None:
        self._units, self._tile, self._boxcar, self._xor = units, tile, boxcar, xor
        self._fraction_bits, self._noise, self._width = fraction_bits, noise, width
        self.draws_of_unit = tile * (3 if xor else 1)
        super().__init__(
            {
                "enable": In(1),
                "preactivation": In(data.ArrayLayout(signed(width), units)),
                "draws": In(data.ArrayLayout(DRAW_BITS, units * self.draws_of_unit)),
                "count": Out(data.ArrayLayout(unsigned(tile), units)),
                "response": Out(data.ArrayLayout(unsigned(bits_for(tile)), units)),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        ports = self._units * self.draws_of_unit
        m.submodules.noise = noise = NoiseTable(ports, fraction_bits=self._fraction_bits, scale=self._noise)
        m.d.comb += noise.enable.eq(self.enable)
        for i in range(ports):
            m.d.comb += noise.index[i].eq(self.draws[i][-NOISE_BITS:])
        theta = [int(t) for t in thresholds(self._tile, self._fraction_bits)]
        for unit in range(self._units):
            held = Signal(signed(self._width), name=f"preactivation{unit}")
            bits, moved = [], []
            for i, threshold in enumerate(theta):
                level = Signal(signed(self._width + 1), name=f"level{unit}_{i}")
                with m.If(self.enable):
                    m.d.sync += level.eq(held - threshold)
                first = unit * self.draws_of_unit + i * (3 if self._xor else 1)
                fired = [level + noise.noise[first + k] > 0 for k in range(3 if self._xor else 1)]
                bits.append(fired[0])
                moved.append(fired[1] ^ fired[2] if self._xor else (level > -self._boxcar) & (level < self._boxcar))
            with m.If(self.enable):
                m.d.sync += [
                    held.eq(self.preactivation[unit]),
                    self.count[unit].eq(Cat(*unary(bits))),
                    self.response[unit].eq(total(moved)),
                ]
        return m
