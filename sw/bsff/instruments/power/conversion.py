"""Over how long an INA219, INA226 or INA260 averages, from its configuration register (address 0).

Bits and times of Texas Instruments' sheets: SBOS448G (INA219), SBOS547B (INA226), SBOS656C (INA260, whose fields and times are those of the INA226).
"""

from bsff.errors import PowerError

from .response import CLOCK, Response, block

CONFIGURATION = 0
_AVERAGES = (1, 4, 16, 64, 128, 256, 512, 1024)
_MICROSECONDS = (140, 204, 332, 588, 1100, 2116, 4156, 8244)
"""Typical times of a conversion, by the fields of voltage and current; an average takes as many of both."""
_INA219 = {
    **dict.fromkeys((0, 4), 84), **dict.fromkeys((1, 5), 148), **dict.fromkeys((2, 6), 276), **dict.fromkeys((3, 7, 8), 532),
    9: 1060, 10: 2130, 11: 4260, 12: 8510, 13: 17020, 14: 34050, 15: 68100,
}  # fmt: skip
"""Microseconds of a conversion with its averages, by the fields BADC and SADC."""
_CONTINUOUS = 7
"""Mode in which both voltage and current are converted again and again."""


def response(chip: str, word: int, name: str) -> Response:
    """How quickly a chip answers.

    Parameters
    ----------
    chip : {"ina219", "ina226", "ina260"}
    word : int
        Contents of the configuration register, 16 bits.
    name : str
        Of the sensor, for messages.

    Raises
    ------
    PowerError
        If the chip converts only when it is asked, or not at all, so that its registers stand still.
    """
    if word & 7 != _CONTINUOUS:
        raise PowerError(
            f"{name}: configuration register 0x{word:04x}, mode {word & 7}, expected mode {_CONTINUOUS}, in which voltage and current are "
            f"converted all the time: set it with `i2cset`, or switch the chip off and on"
        )
    if chip == "ina219":
        seconds = (_INA219[word >> 7 & 15] + _INA219[word >> 3 & 15]) * 1e-6
        return block(CLOCK * seconds, f"configuration 0x{word:04x}: {1e3 * seconds:.3g} ms")
    averages = _AVERAGES[word >> 9 & 7]
    seconds = averages * (_MICROSECONDS[word >> 6 & 7] + _MICROSECONDS[word >> 3 & 7]) * 1e-6
    return block(CLOCK * seconds, f"configuration 0x{word:04x}: {averages} averages, {seconds:.3g} s")
