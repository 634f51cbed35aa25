"""Many running sums side by side: in the DSP blocks of a device that has them idle, else in logic."""

from typing import Any

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .arithmetic import restarted

HALF = 24
"""Bits of a sum in half of a DSP48E1 that works as two adders."""


class RunningSums(wiring.Component):
    """In each lane, add two addends to a sum, or begin anew with them.

    Parameters
    ----------
    lanes : int
    addend_width, sum_width : int
        Bits of an addend and of a sum, signed; whoever adds sees to it that no sum leaves its width.

    Members
    -------
    load : In(1)
        Take the addends.
    left, right : In(ArrayLayout(signed(addend_width), lanes))
    add : In(1)
        Add those that were taken.
    first : In(1)
        With ``add``: begin anew.
    sums : Out(ArrayLayout(signed(sum_width), lanes))

    Notes
    -----
    The addends are taken in one cycle and added in a later one, so that ``load`` and ``add`` may come in the same cycle; the sum
    is there in the cycle after ``add``.

    One DSP48E1 holds two lanes: its adder takes both addends and the sum at a time, in two halves of 24 bits (UG479,
    ``USE_SIMD`` of ``TWO24``). That saves a lane two adders. The two forms are proven equal by
    `tests/gateware/parts/test_running_sums.py`.
    """

    def __init__(self, lanes: int, *, addend_width: int, sum_width: int) -> None:
        self._lanes, self._addend_width, self._sum_width = lanes, addend_width, sum_width
        addends = data.ArrayLayout(signed(addend_width), lanes)
        super().__init__(
            {
                "load": In(1),
                "left": In(addends),
                "right": In(addends),
                "add": In(1),
                "first": In(1),
                "sums": Out(data.ArrayLayout(signed(sum_width), lanes)),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        if getattr(platform, "dsp48", False) and self._sum_width <= HALF:
            for first in range(0, self._lanes, 2):
                self._pair(m, first, range(first, min(first + 2, self._lanes)))
            return m
        for lane in range(self._lanes):
            added = Signal(signed(self._addend_width + 1), name=f"added{lane}")
            with m.If(self.load):
                m.d.sync += added.eq(self.left[lane] + self.right[lane])
            with m.If(self.add):
                m.d.sync += self.sums[lane].eq(restarted(added, self.first, self.sums[lane]))
        return m

    def _pair(self, m: Module, number: int, lanes: range) -> None:
        """Two lanes in one DSP48E1: P = Z + A:B + C, where Z is P or, to begin anew, 0."""

        def halves(addends: Any, name: str) -> Signal:
            both = Signal(2 * HALF, name=f"{name}{number}")
            for half, lane in enumerate(lanes):
                m.d.comb += both.word_select(half, HALF).eq(addends[lane])
            return both

        left, right, sums = (
            halves(self.left, "left"),
            halves(self.right, "right"),
            Signal(2 * HALF, name=f"sums{number}"),
        )
        m.submodules[f"dsp{number}"] = Instance(
            "DSP48E1",
            *(("p", name, value) for name, value in _FIXED.items()),
            ("i", "CLK", ClockSignal()),
            ("i", "A", left[18:]),
            ("i", "B", left[:18]),
            ("i", "C", right),
            ("i", "OPMODE", Cat(Const(0b1111, 4), Const(0, 1), ~self.first, Const(0, 1))),
            *(("i", name, self.load) for name in ("CEA2", "CEB2", "CEC")),
            ("i", "CEP", self.add),
            *(("i", name, Const(0, width)) for name, width in _IDLE.items()),
            ("o", "P", sums),
        )
        for half, lane in enumerate(lanes):
            m.d.comb += self.sums[lane].eq(sums.word_select(half, HALF))


_FIXED: dict[str, Any] = {
    "USE_SIMD": "TWO24",
    "USE_MULT": "NONE",
    "AREG": 1,
    "BREG": 1,
    "CREG": 1,
    "PREG": 1,
    "ACASCREG": 1,
    "BCASCREG": 1,
    "MREG": 0,
    "ADREG": 0,
    "DREG": 0,
    "ALUMODEREG": 0,
    "CARRYINREG": 0,
    "CARRYINSELREG": 0,
    "INMODEREG": 0,
    "OPMODEREG": 0,
}
"""A register behind each addend and behind the sum; nothing else is registered, or multiplied."""
_IDLE = {
    "ALUMODE": 4,
    "INMODE": 5,
    "CARRYINSEL": 3,
    "D": 25,
    "ACIN": 30,
    "BCIN": 18,
    "PCIN": 48,
    **dict.fromkeys(("CARRYIN", "CARRYCASCIN", "MULTSIGNIN"), 1),
    **dict.fromkeys(("CEA1", "CEB1", "CED", "CEAD", "CEM", "CEALUMODE", "CECARRYIN", "CECTRL", "CEINMODE"), 1),
    **dict.fromkeys(
        ("RSTA", "RSTB", "RSTC", "RSTD", "RSTM", "RSTP", "RSTALLCARRYIN", "RSTALUMODE", "RSTCTRL", "RSTINMODE"), 1
    ),
}
"""Inputs that are held at 0, and their widths: ``ALUMODE`` 0 adds."""
