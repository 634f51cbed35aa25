"""The FPGAs that a machine is folded, counted and placed for: one table, one entry a device."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """What a folding may use of a device: less than all, since the interconnect and routing need the rest."""

    name: str
    """Of the target."""
    luts: int
    blocks: int
    multipliers: int
    """LUTs of six inputs, block RAMs of 36 kb, DSP48."""
    ultra: int = 0
    """UltraRAMs, of 4,096 words of 72 bits."""


@dataclass(frozen=True)
class Target:
    """A device."""

    name: str
    """By which ``--target`` chooses it."""
    part: str
    """As its data sheet calls it."""
    family: str
    """Key of `bsff_hw.synthesis.families.FAMILIES`."""
    available: Mapping[str, float]
    """Mapping of str to float. What the device has, by resource of its family; resources without a limit are absent."""
    budget: Budget | None = None
    """For the folding solver; None where its estimates do not hold."""
    place: tuple[str, ...] | None = None
    """Arguments of nextpnr for the part; None where no open tool places it."""


TARGETS = {
    target.name: target
    for target in (
        Target(
            name="xc7z020",
            part="XC7Z020",
            family="xc7",
            available={"LUT": 53_200, "LUTRAM": 17_400, "FF": 106_400, "BRAM36": 140, "DSP": 220},
            budget=Budget("xc7z020", luts=45_000, blocks=135, multipliers=220),
        ),
        Target(
            name="ecp5-85k",
            part="LFE5U-85F-6BG756C",
            family="ecp5",
            available={"LUT": 83_640, "FF": 83_640, "DP16KD": 208, "MULT18": 156},
            # two LUTs of four inputs for one of six (a first mnist-ecp5: 66,693 for an estimate of 31,119), and a sixth left
            # for the router; two DP16KD are a BRAM36, and the estimates are a sixth low (209 for 87)
            budget=Budget("ecp5-85k", luts=33_000, blocks=87, multipliers=150),
            place=("--85k", "--package", "CABGA756", "--speed", "6"),
        ),
    )
}
"""Devices, by name."""

BUDGETS = {
    **{target.name: target.budget for target in TARGETS.values() if target.budget is not None},
    # 85 % of the LUTs of an XCK26 (DS987) and of an XCZU7EV (DS891); no machine was counted for them
    "kv260": Budget("kv260", luts=99_500, blocks=139, multipliers=1_248, ultra=64),
    "zcu104": Budget("zcu104", luts=195_800, blocks=301, multipliers=1_728, ultra=96),
}
"""Targets of the folding solver."""
