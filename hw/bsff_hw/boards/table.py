"""The table of boards: one TOML file each, beside this module and installed with it."""

from dataclasses import dataclass, fields
from pathlib import Path

from bsff.config.files import read_table
from bsff.contract.registers import WINDOW
from bsff.errors import ConfigError

BOARDS = Path(__file__).resolve().parent
"""Folder of the files."""
FAMILIES = ("zynq7", "zynqmp")
APERTURES = {"zynq7": (0x4000_0000, 0x8000_0000), "zynqmp": (0xA000_0000, 0xB000_0000)}
"""Where the processor's first general-purpose master reaches the fabric: from, to."""


@dataclass(frozen=True)
class Board:
    """One board."""

    name: str
    """By which ``--board`` chooses it."""
    title: str
    family: str
    """{"zynq7", "zynqmp"}."""
    part: str
    """As Vivado names it."""
    board_parts: tuple[str, ...]
    """Names of the board's files in Vivado; the first that is installed is taken, none is needed."""
    clock_mhz: int
    """Of the fabric."""
    address: int
    """Of the registers, a multiple of 64 KiB in the processor's aperture."""
    led_pin: str
    """Of a LED that shows ``busy``; empty for none."""
    power_sensor: str
    """What `bsff power` can read there."""

    def __post_init__(self) -> None:
        where = f"board {self.name}"
        if self.family not in FAMILIES:
            raise ConfigError(f"{where}: family = {self.family!r}: expected one of {', '.join(FAMILIES)}")
        low, high = APERTURES[self.family]
        if self.address % WINDOW or not low <= self.address <= high - WINDOW:
            raise ConfigError(
                f"{where}: address = 0x{self.address:x}: expected a multiple of 0x{WINDOW:x} from 0x{low:x} to 0x{high - WINDOW:x}"
            )
        if not 10 <= self.clock_mhz <= 500:
            raise ConfigError(f"{where}: clock_mhz = {self.clock_mhz}: expected 10 to 500")


def names() -> list[str]:
    """Names of all boards."""
    return sorted(path.stem for path in BOARDS.glob("*.toml"))


def board(name: str) -> Board:
    """The board of a name.

    Raises
    ------
    ConfigError
        If there is none, or its file is wrong.
    """
    if name not in names():
        raise ConfigError(f"board {name!r}: expected one of {', '.join(names())}")
    path = BOARDS / f"{name}.toml"
    table = read_table(path)
    wanted = {field.name for field in fields(Board)} - {"name"}
    if set(table) != wanted:
        raise ConfigError(
            f"{path}: keys {', '.join(sorted(set(table) ^ wanted))} are missing or not known; expected {', '.join(sorted(wanted))}"
        )
    return Board(name=name, **{**table, "board_parts": tuple(table["board_parts"])})
