"""What a component may use of a device: Amaranth gives it to `Elaboratable.elaborate` as the platform."""


class Dsp48Platform:
    """A device with DSP48E1 blocks."""

    dsp48 = True


class Mult18Platform:
    """A device with MULT18X18D blocks."""

    mult18 = True


PLATFORMS = {"xc7": Dsp48Platform(), "zynq7": Dsp48Platform(), "ecp5": Mult18Platform()}
"""By the family of a target or a board; a family that is not here gets none, and plain logic."""
