"""A table of registers in hardware: the members that show what is held, the strobes of writes, the choice of a read."""

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Module, Signal, Value, unsigned
from amaranth.lib import data
from amaranth.lib.wiring import Out

from bsff.contract.registers import Kind, Register

Table = Mapping[str, Register]


def shape_of(register: Register) -> Any:
    """A number, or a struct of the register's fields where it has several."""
    if len(register.fields) < 2:
        return unsigned(register.mask.bit_length())
    fields = {f.name: data.Field(unsigned(f.width), f.low) for f in register.fields}
    return data.FlexibleLayout(register.mask.bit_length(), fields)


def held_members(table: Table) -> dict[str, Any]:
    """An output of the value of each register that is held, under its name in lower case."""
    found = {}
    for name, register in table.items():
        if register.kind is Kind.HELD:
            init = register.split(register.reset)
            found[name.lower()] = Out(shape_of(register), init=init if len(init) > 1 else register.reset)
    return found


def held_values(component: Any, table: Table) -> dict[str, Value]:
    """Those outputs of a component, by the names of the registers."""
    return {name: Value.cast(getattr(component, name.lower())) for name in table if table[name].kind is Kind.HELD}


def halves(name: str, state: Value) -> dict[str, Value]:
    """A state of 64 bits as the registers NAME_LOW and NAME_HIGH."""
    return {f"{name}_LOW": state[:32], f"{name}_HIGH": state[32:]}


def choose(
    m: Module,
    table: Table,
    address: Value,
    cases: Mapping[str, tuple[Any, Any]],
    *,
    domain: str = "comb",
    unit: int = 1,
) -> None:
    """Assign ``target, value = cases[name]`` for the register at the address, which counts `unit` bytes."""
    with m.Switch(address):
        for name, (target, value) in cases.items():
            with m.Case(table[name].offset // unit):
                m.d[domain] += target.eq(value)


def strobes(m: Module, table: Table, access: Value, address: Value, *, unit: int = 1) -> dict[str, Signal]:
    """For each register a signal that is 1 while `access` is and the address is the register's."""
    found = {name: Signal(name=f"{name.lower()}_strobe") for name in table}
    with m.If(access):
        choose(m, table, address, {name: (signal, 1) for name, signal in found.items()}, unit=unit)
    return found
