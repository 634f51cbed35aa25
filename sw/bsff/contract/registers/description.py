"""What can be said of a register, and short ways to say it."""

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """What a register does when it is accessed; register file and emulated device are made from it."""

    HELD = "keeps what the host writes"
    SHOWN = "shows a constant or a state of the machine"
    ACTION = "acts once at each access"
    GENERATOR = "half of the state of a random number generator"
    COUNTER = "half of an event counter"
    WINDOW = "one word of a block's memories"


@dataclass(frozen=True)
class Field:
    """Bits ``low .. low + width - 1`` of a register."""

    name: str
    low: int
    width: int
    doc: str

    @property
    def mask(self) -> int:
        """The field's bits, in place."""
        return ((1 << self.width) - 1) << self.low


@dataclass(frozen=True)
class Register:
    """One 32-bit register."""

    name: str
    offset: int
    """Offset in bytes from the start of the window or of a block."""
    access: str
    """``ro``, ``rw`` or ``wo``."""
    kind: Kind
    doc: str
    fields: tuple[Field, ...] = ()
    reset: int = 0
    """Value after reset, of a register that is held."""
    layers_only: bool = False
    """The block of the head lacks it; it reads 0 there."""

    @property
    def mask(self) -> int:
        """Bits that exist: those of the fields, or all 32 where there are none."""
        return sum(f.mask for f in self.fields) if self.fields else 0xFFFFFFFF

    def join(self, **values: int) -> int:
        """The register's value from those of some fields; the others are 0."""
        return sum(value << self.field(name).low for name, value in values.items())

    def split(self, value: int) -> dict[str, int]:
        """Values of the fields, by name."""
        return {f.name: (value & f.mask) >> f.low for f in self.fields}

    def field(self, name: str) -> Field:
        """The field of that name.

        Raises
        ------
        KeyError
            If there is none.
        """
        for entry in self.fields:
            if entry.name == name:
                return entry
        raise KeyError(f"{self.name} has no field {name}; it has {', '.join(f.name for f in self.fields)}")


def bit(name: str, low: int, doc: str) -> Field:
    """A field of one bit."""
    return Field(name, low, 1, doc)


def held(name: str, offset: int, doc: str, *fields: Field, reset: int = 0, layers_only: bool = False) -> Register:
    """A register that keeps what the host writes."""
    return Register(name, offset, "rw", Kind.HELD, doc, fields, reset, layers_only)


def shown(name: str, offset: int, doc: str, *fields: Field) -> Register:
    """A register that shows a constant or a state of the machine."""
    return Register(name, offset, "ro", Kind.SHOWN, doc, fields)


def action(name: str, offset: int, access: str, doc: str, *fields: Field) -> Register:
    """A register that acts once at each access."""
    return Register(name, offset, access, Kind.ACTION, doc, fields)


def wide(
    name: str, offset: int, access: str, kind: Kind, doc: str, *, layers_only: bool = False
) -> tuple[Register, Register]:
    """A pair NAME_LOW, NAME_HIGH that holds 64 bits."""
    low = Register(f"{name}_LOW", offset, access, kind, doc, layers_only=layers_only)
    return low, Register(f"{name}_HIGH", offset + 4, access, kind, "", layers_only=layers_only)
