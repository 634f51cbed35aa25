"""Nested counters, as in an odometer: each wheel that wraps moves the next one on."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value

from bsff_hw.interfaces import index


class Odometer:
    """Count through every combination of some coordinates.

    Parameters
    ----------
    m : Module
        Gets the counters' logic.
    limits : dict of str to int
        Name of each coordinate and its number of values, the fastest first.
    advance, clear : Value
        Go on by one; go to the beginning.
    prefix : str
        What the names of the signals begin with.

    Attributes
    ----------
    values, ends : dict of str to Value
        Each coordinate, and whether it has its last value; ``odometer["x"]`` is ``odometer.values["x"]``.
    last : Value
        Every coordinate has its last value.
    """

    def __init__(self, m: Module, limits: dict[str, int], *, advance: Any, clear: Any, prefix: str = "") -> None:
        self.values: dict[str, Signal] = {}
        self.ends: dict[str, Value] = {}
        carry: Any = advance
        self.last: Any = 1
        for name, limit in limits.items():
            value = Signal(index(limit), name=prefix + name)
            end = Signal(name=f"{prefix}{name}_end")
            m.d.comb += end.eq(value == limit - 1)
            with m.If(carry):
                m.d.sync += value.eq(Mux(end, 0, value + 1))
            with m.If(clear):
                m.d.sync += value.eq(0)
            self.values[name], self.ends[name] = value, end
            self.last = self.last & end
            carry = carry & end

    def __getitem__(self, name: str) -> Signal:
        return self.values[name]
