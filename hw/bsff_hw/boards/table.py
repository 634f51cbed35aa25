"""The table of boards: one TOML file each, beside this module and installed with it."""

from dataclasses import dataclass
from pathlib import Path

from bsff.config.files import read_table
from bsff.contract.registers import WINDOW
from bsff.errors import ConfigError

BOARDS = Path(__file__).resolve().parent
"""Folder of the files."""
APERTURES = {"zynq7": (0x4000_0000, 0x8000_0000), "zynqmp": (0xA000_0000, 0xB000_0000)}
"""Where the processor's first general-purpose master reaches the fabric: from, to."""
FAMILIES = (*APERTURES, "ecp5")
_COMMON = {"title", "family", "part", "clock_mhz", "power_sensor"}
_ZYNQ = {"board_parts", "address", "led_pin"}
_ECP5 = {"platform", "baud", "led", "loader"}


@dataclass(frozen=True)
class Board:
    """One board."""

    name: str
    """By which ``--board`` chooses it."""
    title: str
    family: str
    """{"zynq7", "zynqmp", "ecp5"}."""
    part: str
    """As the vendor names it."""
    clock_mhz: int
    """Of the machine."""
    power_sensor: str
    """What `bsff power` can read there."""
    board_parts: tuple[str, ...] = ()
    """Of a Zynq: names of the board's files in Vivado; the first that is installed is taken, none is needed."""
    address: int = 0
    """Of the registers: with a Zynq a multiple of 64 KiB in the processor's aperture."""
    led_pin: str = ""
    """Of a Zynq: pin of a LED that shows ``busy``; empty for none."""
    platform: str = ""
    """Of an ECP5: ``MODULE:CLASS`` of the board in amaranth-boards, which knows pins, oscillator and part."""
    baud: int = 0
    """Of an ECP5: bits a second on the serial line."""
    led: str = ""
    """Of an ECP5: the resource of amaranth-boards that shows ``busy``, with its colour if it has several (``rgb_led.g``)."""

    loader: str = ""
    """Of an ECP5: its name in openFPGALoader."""

    def __post_init__(self) -> None:
        where = f"board {self.name}"
        if self.family in APERTURES:
            low, high = APERTURES[self.family]
            if self.address % WINDOW or not low <= self.address <= high - WINDOW:
                raise ConfigError(
                    f"{where}: address = 0x{self.address:x}: expected a multiple of 0x{WINDOW:x} from 0x{low:x} to "
                    f"0x{high - WINDOW:x}"
                )
        elif self.family == "ecp5":
            if not 1 <= self.baud <= 12_000_000:
                raise ConfigError(f"{where}: baud = {self.baud}: expected 1 to 12,000,000")
            if not all(self.platform.partition(":")):
                raise ConfigError(f"{where}: platform = {self.platform!r}: expected MODULE:CLASS of amaranth-boards")
        else:
            raise ConfigError(f"{where}: family = {self.family!r}: expected one of {', '.join(FAMILIES)}")
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
    wanted = _COMMON | (_ECP5 if table.get("family") == "ecp5" else _ZYNQ)
    if set(table) != wanted:
        raise ConfigError(
            f"{path}: keys {', '.join(sorted(set(table) ^ wanted))} are missing or not known; expected {', '.join(sorted(wanted))}"
        )
    return Board(name=name, **{**table, "board_parts": tuple(table.get("board_parts", ()))})
