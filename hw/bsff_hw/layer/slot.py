"""Where the weight row of one tap after another lies: bank and row, without a division."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal

from bsff_hw.interfaces import index
from bsff_hw.plan import LayerPlan


class TapSlot:
    """Registers that follow the taps in order; model: `LayerPlan.slot`.

    Parameters
    ----------
    advance : value
        Go to the next tap.
    place_last : value
        The tap is the last of its place of the kernel.
    last : value
        The tap is the last of all; the next one is the first again.
    clear : value
        Go to the first tap.

    Attributes
    ----------
    bank : Signal(banks)
        One-hot.
    row : Signal
        Row of the tap in its bank, within a fold.
    """

    def __init__(self, m: Module, plan: LayerPlan, *, advance: Any, place_last: Any, last: Any, clear: Any) -> None:
        self.bank, self.row = Signal(plan.banks, init=1), Signal(index(plan.rows_of_bank))

        def moved(slots: int) -> list[Any]:
            """Bank and row that many slots further: at most a row further, since that many are no more than the banks."""
            over = self.bank[plan.banks - slots :].any()
            return [self.bank.rotate_left(slots), self.row + over]

        steps = (moved(1), moved(1 + plan.pitch - plan.group_in))
        with m.If(advance):
            m.d.sync += [
                self.bank.eq(Mux(last, 1, Mux(place_last, steps[1][0], steps[0][0]))),
                self.row.eq(Mux(last, 0, Mux(place_last, steps[1][1], steps[0][1]))),
            ]
        with m.If(clear):
            m.d.sync += [self.bank.eq(1), self.row.eq(0)]
