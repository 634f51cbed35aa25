"""The machine on a board with an ECP5: clock, reset, serial line and lamp."""

import importlib
from typing import Any

from amaranth.build import Platform
from amaranth.hdl import ClockDomain, ClockSignal, Elaboratable, Instance, Module, Signal
from amaranth.lib import io
from amaranth.lib.cdc import FFSynchronizer

from bsff.config import Config
from bsff.errors import ConfigError
from bsff_hw import yosys
from bsff_hw.boards.table import Board
from bsff_hw.machine.serial import SerialNetwork
from bsff_hw.parts.platforms import Mult18Platform
from bsff_hw.plan import plan

from .pll import Pll, pll

TOP = "bsff"


def platform(board: Board) -> Any:
    """The board as `amaranth-boards` describes it: pins, clock, part.

    Raises
    ------
    ConfigError
        If the package, or the class that the board's file names, is not there.
    """
    module, _, name = board.platform.partition(":")
    try:
        described = getattr(importlib.import_module(module), name)()
    except ModuleNotFoundError as error:
        raise ConfigError(f"board {board.name}: {error.name} is not installed: pip install 'bsff[hardware]'") from None
    except AttributeError:
        raise ConfigError(
            f"board {board.name}: platform = {board.platform!r}: expected MODULE:CLASS of amaranth-boards"
        ) from None
    described.mult18 = Mult18Platform.mult18  # to the components it is the platform
    return described


def reference_mhz(described: Any) -> float:
    """Frequency of the board's oscillator."""
    return float(described.default_clk_frequency) / 1e6


class Shell(Elaboratable):
    """`machine.serial.SerialNetwork` between the pins of a board.

    Parameters
    ----------
    config : Config
    board : Board
    clock : Pll
        Makes the machine's clock.

    Notes
    -----
    The configuration sets every register, so none has a reset: its net, the largest by far, would take wires everywhere
    (docs/decisions/059-routing-a-full-chip.md). The clock is held until the PLL is locked instead. Only the configuration
    brings a machine back to where it began: a board's reset button does nothing.
    """

    def __init__(self, config: Config, board: Board, clock: Pll) -> None:
        self._config, self._board, self._clock = config, board, clock

    def elaborate(self, platform: Platform) -> Module:
        m = Module()

        def pad(direction: str, name: str, port: Any) -> Any:
            m.submodules[name] = buffer = io.Buffer(direction, port)
            return buffer

        m.domains.pll, m.domains.sync = ClockDomain("pll", reset_less=True), ClockDomain("sync", reset_less=True)
        locked, goes = Signal(), Signal()
        oscillator = pad("i", "oscillator", platform.request(platform.default_clk, dir="-")).i
        m.submodules.pll = self._clock.instance(oscillator, ClockSignal("pll"), locked)
        m.submodules.locked = FFSynchronizer(locked, goes, o_domain="pll")
        m.submodules.gate = Instance("DCCA", i_CLKI=ClockSignal("pll"), i_CE=goes, o_CLKO=ClockSignal())
        m.submodules.machine = machine = SerialNetwork(
            plan(self._config), clock_hz=self._clock.mhz * 1e6, baud=self._board.baud
        )
        line = platform.request("uart", dir="-")
        m.d.comb += [machine.rx.eq(pad("i", "rx", line.rx).i), pad("o", "tx", line.tx).o.eq(machine.tx)]
        if self._board.led:
            resource, _, colour = self._board.led.partition(".")
            lamp = platform.request(resource, 0, dir="-")
            m.d.comb += pad("o", "lamp", getattr(lamp, colour) if colour else lamp).o.eq(machine.busy)
        return m


def prepare(config: Config, board: Board, clock_mhz: int) -> dict[str, str]:
    """The design in Verilog, and its constraints, by the name of the file.

    Yosys 0.70 gave one register two drivers when it read the RTLIL of such a design itself; its check found it.

    Raises
    ------
    ConfigError
        If the PLL does not make the clock, or a folding does not fit the network.
    """
    described = platform(board)
    files = described.prepare(Shell(config, board, pll(reference_mhz(described), clock_mhz)), TOP).files
    return {f"{TOP}.v": yosys.from_rtlil(_text(files[f"{TOP}.il"])), f"{TOP}.lpf": _text(files[f"{TOP}.lpf"])}


def place(board: Board) -> list[str]:
    """Arguments of nextpnr for the part."""
    described = platform(board)
    package = described._nextpnr_package_options[described.package].upper()
    return [described._nextpnr_device_options[described.device], "--package", package, "--speed", described.speed]


def _text(content: Any) -> str:
    return content.decode() if isinstance(content, bytes) else str(content)
