"""Tiles of p-bits: random bits against a pre-activation, and the response of their count.

Integer model: `bsff.golden.pbit.tile`.
"""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from bsff.contract.formats import DRAW_BITS, NOISE_BITS, NOISE_SCALE_BITS
from bsff.golden.pbit import thresholds
from bsff_hw.parts.arithmetic import fits, total, unary

from .noise import NoiseTable, largest_noise


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
        for i in range(ports):
            m.d.comb += noise.index[i].eq(self.draws[i][-NOISE_BITS:])
        theta = [int(t) for t in thresholds(self._tile, self._fraction_bits)]
        for unit in range(self._units):
            held = Signal(signed(self._width), name=f"preactivation{unit}")
            bits, moved = [], []
            for i, threshold in enumerate(theta):
                level = Signal(signed(self._width + 1), name=f"level{unit}_{i}")
                m.d.sync += level.eq(held - threshold)
                first = unit * self.draws_of_unit + i * (3 if self._xor else 1)
                count = 3 if self._xor else 1
                fired = [self._fires(level, noise.noise_less_one[first + k]) for k in range(count)]
                bits.append(fired[0])
                moved.append(fired[1] ^ fired[2] if self._xor else self._responds(level))
            m.d.sync += [
                held.eq(self.preactivation[unit]),
                self.count[unit].eq(Cat(*unary(bits))),
                self.response[unit].eq(total(moved)),
            ]
        return m

    @property
    def _near(self) -> int:
        """Bits of a level that noise can turn or that can respond: beyond them its sign says all."""
        reach = max(largest_noise(self._fraction_bits, self._noise) + 1, self._boxcar)
        return min(self._width + 1, (reach - 1).bit_length() + 1)

    def _fires(self, level: Signal, noise_less_one: Value) -> Value:
        """Whether ``level + noise > 0``, with an adder no wider than the noise."""
        near = level[: self._near].as_signed()
        total = near + noise_less_one
        return Mux(fits(level, self._near), ~total[-1], ~level[-1])

    def _responds(self, level: Signal) -> Value:
        """Whether ``abs(level) < boxcar``."""
        near, boxcar = level[: self._near].as_signed(), self._boxcar
        shift = boxcar.bit_length() - 1
        if boxcar == 1 << shift and shift < self._near:  # the upper bits tell
            above = near[shift:]
            inside = ~above.any() | (above.all() & near[:shift].any())
        else:
            inside = (near > -boxcar) & (near < boxcar)
        return fits(level, self._near) & inside
