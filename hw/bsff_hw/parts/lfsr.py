"""The random number generator: a 64-bit xorshift LFSR that hands out 16-bit draws by slot.

Integer model: `bsff.golden.lfsr`.
"""

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import DRAW_BITS, DRAWS, GENERATOR_WIDTH, SHIFTS
from bsff_hw.interfaces import generator_signature


def step(state: Value) -> Value:
    """The state after `state`: linear over GF(2), each bit the XOR of at most eight."""
    left, right, last = SHIFTS
    state = state ^ Cat(Const(0, left), state[: GENERATOR_WIDTH - left])
    state = state ^ state[right:]
    return state ^ Cat(Const(0, last), state[: GENERATOR_WIDTH - last])


class Draws(wiring.Component):
    """Hand out `count` consecutive draws at a time, whatever `count` is.

    Parameters
    ----------
    count : int
        Draws a take; more than `DRAWS` unroll the generator.

    Members
    -------
    draws : Out(ArrayLayout(16, count))
        The next draws, combinational from the state.
    take : In(1)
        The draws are used.
    align : In(1)
        Drop what is left of a state of which a draw is used, so that the next draw begins a fresh one.
    generator : In(generator_signature())
        Loads the state, from which the next draws come afresh; ``state`` is the last state of which a draw was used.

    Notes
    -----
    Latency 0; one take a cycle.
    """

    def __init__(self, count: int) -> None:
        if count < 1:
            raise ValueError(f"count = {count}: expected at least 1 draw a take")
        self._count = count
        super().__init__(
            {
                "draws": Out(data.ArrayLayout(DRAW_BITS, count)),
                "take": In(1),
                "align": In(1),
                "generator": In(generator_signature()),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        # a take may begin anywhere in the first word unless whole words are taken
        whole = self._count % DRAWS == 0
        words: list[Value] = []
        kept_state = self.generator.state
        state: Value = kept_state
        for i in range(-(-(self._count + (0 if whole else DRAWS - 1)) // DRAWS)):
            word = Signal(GENERATOR_WIDTH, name=f"word{i}")
            m.d.comb += word.eq(step(state))
            words.append(word)
            state = word
        offset = Signal(range(DRAWS))
        m.d.comb += self.draws.as_value().eq(Cat(*words) >> (offset * DRAW_BITS if not whole else 0))
        used = Signal(range(self._count + DRAWS))
        m.d.comb += used.eq(offset + self._count)
        with m.If(self.take):
            kept = Signal(range(DRAWS))
            m.d.comb += kept.eq(used % DRAWS)
            m.d.sync += offset.eq(0 if whole else kept)
            steps = used // DRAWS
            with m.If(self.align):
                m.d.sync += offset.eq(0)
                with m.Switch((used + (DRAWS - 1)) // DRAWS):
                    for i, word in enumerate(words):
                        with m.Case(i + 1):
                            m.d.sync += kept_state.eq(word)
            with m.Else(), m.Switch(steps):
                for i, word in enumerate(words):
                    with m.Case(i + 1):
                        m.d.sync += kept_state.eq(word)
        with m.Elif(self.align & (offset != 0)):
            m.d.sync += [offset.eq(0), kept_state.eq(words[0])]
        for half in range(2):
            with m.If(self.generator.load[half]):
                m.d.sync += [kept_state.word_select(half, 32).eq(self.generator.load_data), offset.eq(0)]
        return m
