"""INA219, INA226 and INA260 on an I2C bus, by smbus2.

Registers, units and accuracies are of Texas Instruments' sheets: SBOS448G (INA219), SBOS547B (INA226), SBOS656C (INA260). An
accuracy is the largest error of the worse grade with the settings after power-on (INA219: an amplifier of 1/8), rounded up for
the warmth of a board. Linearity is taken as unknown: see `sensor.Accuracy`.
"""

import errno
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from bsff.errors import PowerError

from .conversion import CONFIGURATION, response
from .response import Response
from .sensor import Accuracy

MANUFACTURER, DIE = 0xFE, 0xFF
"""Registers that the INA226 and the INA260 have."""
TEXAS = 0x5449


@dataclass(frozen=True)
class Chip:
    """How a chip tells volts and amperes."""

    name: str
    die: int | None
    """Contents of its register `DIE`."""
    shunt_volts: float
    bus_volts: float
    amperes: float
    """`shunt_volts`, `bus_volts` and `amperes`: value of the lowest bit; `amperes` is 0 for a chip that measures over a
    shunt on the board."""
    bus_shift: int
    """Bits below the bus voltage in its register."""
    gain: float
    """Largest relative error of the voltage as of the current."""
    shunt_offset: float
    """Largest, in volts; in amperes where there is no outer shunt."""


CHIPS = {
    "ina219": Chip("ina219", None, 10e-6, 4e-3, 0.0, 3, 0.01, 200e-6),
    "ina226": Chip("ina226", 0x2260, 2.5e-6, 1.25e-3, 0.0, 0, 0.002, 10e-6),
    "ina260": Chip("ina260", 0x2270, 0.0, 1.25e-3, 1.25e-3, 0, 0.005, 7.5e-3),
}
_SHUNT, _BUS = 1, 2  # of the INA260 the first is the current itself


class Ina:
    """A chip at an address.

    Parameters
    ----------
    bus : object
        With ``read_word_data(address, register)`` as of ``smbus2.SMBus``.
    number : int
        Number of the bus, for the name.
    address : int
        0x40 to 0x4f.
    chip : {"ina219", "ina226", "ina260"}
    shunt_ohms : float
        Resistance of the board's shunt; ignored for the INA260.
    shunt_tolerance : float
        Relative, half-width of 95 %.
    volts : float
        Nominal voltage of the rail, by which an offset of the shunt becomes watts.

    Raises
    ------
    PowerError
        If the chip is not known, another one is there, it does not convert, or the shunt has no resistance.
    """

    def __init__(
        self, bus: Any, number: int, address: int, chip: str, *, shunt_ohms: float = 0.01, shunt_tolerance: float = 0.01,
        volts: float = 5.0,
    ) -> None:  # fmt: skip
        if chip not in CHIPS:
            raise PowerError(f"chip {chip!r}: expected one of {', '.join(CHIPS)}")
        if not 0 < shunt_ohms < 1000:
            raise PowerError(f"shunt of {shunt_ohms} ohms: expected the resistance beside the chip, such as 0.01")
        self._bus, self._address, self._chip, self._ohms = bus, address, CHIPS[chip], shunt_ohms
        self.name = f"{chip}:{number}/0x{address:02x}"
        inner = bool(self._chip.amperes)
        self.what = f"{chip} on I2C bus {number}" + ("" if inner else f", shunt {shunt_ohms:g} ohm")
        offset = self._chip.shunt_offset * volts / (1 if inner else shunt_ohms)
        self.accuracy = Accuracy(
            # voltage and current have a gain each
            self._chip.gain * 2**0.5, offset, 0.0 if inner else shunt_tolerance,
            resolution=(self._chip.amperes or self._chip.shunt_volts / shunt_ohms) * volts,
        )  # fmt: skip
        if self._chip.die is not None:
            seen = self._word(MANUFACTURER), self._word(DIE)
            if seen != (TEXAS, self._chip.die):
                raise PowerError(
                    f"{self.name}: identifies itself as 0x{seen[0]:04x} 0x{seen[1]:04x}, {chip} is 0x{TEXAS:04x} "
                    f"0x{self._chip.die:04x}; another chip lives at this address, see `i2cdetect -y {number}`"
                )
        self.response: Response | None = response(chip, self._word(CONFIGURATION), self.name)
        self.wraps: tuple[float, ...] | None = None

    def _word(self, register: int) -> int:
        try:
            raw = int(self._bus.read_word_data(self._address, register))
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise PowerError(
                    f"{self.name}: a driver of the kernel holds this chip; name it as `bsff power --list` does, or unbind the driver"
                ) from error
            raise PowerError(
                f"{self.name}: no answer on I2C ({error}); check the wires and the address with `i2cdetect`"
            ) from error
        return (raw & 0xFF) << 8 | raw >> 8  # SMBus sends the lower byte first, the chip the upper

    def read(self) -> float:
        """See `Sensor.read`."""
        raw = self._word(_SHUNT)
        signed = raw - 0x10000 if raw & 0x8000 else raw
        chip = self._chip
        current = signed * chip.amperes if chip.amperes else signed * chip.shunt_volts / self._ohms
        return current * (self._word(_BUS) >> chip.bus_shift) * chip.bus_volts


def open_ina(text: str, **options: Any) -> Ina:
    """The chip that a text such as ``ina226:1/0x40`` names: chip, number of the bus, address.

    Raises
    ------
    PowerError
        If the text is not such a one, smbus2 is not installed, or the bus or the chip does not answer.
    """
    chip, _, place = text.partition(":")
    number, _, address = place.partition("/")
    try:
        bus_number, bus_address = int(number), int(address, 0)
    except ValueError:
        raise PowerError(f"sensor {text!r}: expected chip:bus/address, such as ina226:1/0x40") from None
    try:
        smbus2 = import_module("smbus2")
    except ImportError:
        raise PowerError(f"sensor {text!r}: I2C needs smbus2, which is not installed: pip install smbus2") from None
    try:
        bus = smbus2.SMBus(bus_number)
    except OSError as error:
        raise PowerError(
            f"sensor {text!r}: /dev/i2c-{bus_number} cannot be opened ({error}); load i2c-dev, or run as root"
        ) from error
    return Ina(bus, bus_number, bus_address, chip, **options)
