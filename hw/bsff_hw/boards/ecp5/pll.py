"""The PLL of an ECP5: which clock it makes of a board's."""

from dataclasses import dataclass

from amaranth.hdl import Instance, Signal, Value

from bsff.errors import ConfigError

DETECTOR_MHZ = (3.125, 400.0)
OSCILLATOR_MHZ = (400.0, 800.0)
"""Least and most of the phase detector and of the oscillator (Lattice FPGA-DS-02012, PLL timing)."""
DIVIDER = 128
"""The largest of each divider."""

ANALOGUE = {"ICP_CURRENT": "12", "LPF_RESISTOR": "8", "MFG_ENABLE_FILTEROPAMP": "1", "MFG_GMCREF_SEL": "2"}
"""Attributes: charge pump and loop filter, as Project Trellis' ecppll sets them."""


@dataclass(frozen=True)
class Pll:
    """Dividers: ``mhz = reference * feedback / divided``, and the oscillator runs `output` times as fast.

    Feedback is taken from the output itself (Lattice FPGA-TN-02200).
    """

    reference_mhz: float
    mhz: float
    divided: int
    feedback: int
    output: int

    def instance(self, clock: Value, out: Signal, locked: Signal) -> Instance:
        """The primitive; `clock` comes from a pin, `out` is the clock that it makes."""
        return Instance(
            "EHXPLLL",
            a_FREQUENCY_PIN_CLKI=f"{self.reference_mhz:g}",
            a_FREQUENCY_PIN_CLKOP=f"{self.mhz:g}",
            **{f"a_{name}": value for name, value in ANALOGUE.items()},
            p_CLKI_DIV=self.divided,
            p_CLKFB_DIV=self.feedback,
            p_CLKOP_DIV=self.output,
            p_CLKOP_ENABLE="ENABLED",
            p_CLKOP_CPHASE=self.output - 1,
            p_CLKOP_FPHASE=0,
            p_FEEDBK_PATH="CLKOP",
            i_CLKI=clock,
            i_CLKFB=out,
            i_RST=0,
            i_STDBY=0,
            i_PHASESEL0=0,
            i_PHASESEL1=0,
            i_PHASEDIR=1,
            i_PHASESTEP=1,
            i_PHASELOADREG=1,
            i_PLLWAKESYNC=0,
            i_ENCLKOP=0,
            o_CLKOP=out,
            o_LOCK=locked,
        )


def pll(reference_mhz: float, mhz: int) -> Pll:
    """The PLL that makes a clock, its oscillator as near to the middle of its range as it goes.

    Parameters
    ----------
    reference_mhz : float
        Of the board's oscillator.
    mhz : int
        That is wanted.

    Raises
    ------
    ConfigError
        If no dividers make it exactly.
    """
    found = _dividers(reference_mhz, mhz)
    if not found:
        raise ConfigError(
            f"clock of {mhz} MHz: the PLL cannot make it of {reference_mhz:g} MHz; the next below that it can is "
            f"{below(reference_mhz, mhz)} MHz"
        )
    _, divided, feedback, output = min(found)
    return Pll(reference_mhz, mhz, divided, feedback, output)


def below(reference_mhz: float, mhz: float) -> int:
    """The highest clock of whole MHz that the PLL makes and that is not above `mhz`.

    Raises
    ------
    ConfigError
        If it makes none.
    """
    for candidate in range(int(mhz), 0, -1):
        if _dividers(reference_mhz, candidate):
            return candidate
    raise ConfigError(f"clock of {mhz:g} MHz: the PLL makes none that low of {reference_mhz:g} MHz")


def _dividers(reference_mhz: float, mhz: int) -> list[tuple[float, int, int, int]]:
    """Dividers that make the clock, each after how far the oscillator is from the middle of its range."""
    middle, found = sum(OSCILLATOR_MHZ) / 2, []
    for divided in range(1, DIVIDER + 1):
        detector = reference_mhz / divided
        feedback = round(mhz / detector)
        exact = abs(detector * feedback - mhz) <= 1e-9 * mhz
        if not DETECTOR_MHZ[0] <= detector <= DETECTOR_MHZ[1] or not 1 <= feedback <= DIVIDER or not exact:
            continue
        for output in range(1, DIVIDER + 1):
            if OSCILLATOR_MHZ[0] <= mhz * output <= OSCILLATOR_MHZ[1]:
                found.append((abs(mhz * output - middle), divided, feedback, output))
    return found
