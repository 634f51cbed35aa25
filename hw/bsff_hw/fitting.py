"""Fold a network so that its machine fits a device or the device of a board."""

from bsff.config import Config
from bsff.errors import ConfigError

from .boards.table import board, names
from .plan.folding import solve
from .targets import BUDGETS


def fold_for(config: Config, target: str) -> Config:
    """The fastest folding that fits.

    Parameters
    ----------
    target : str
        A device of `targets.BUDGETS`, or a board with one.

    Raises
    ------
    ConfigError
        If there is no such target, or nothing fits: with the number that is too large.
    """
    parts = {name: board(name).part for name in names()}
    for name, budget in BUDGETS.items():
        if target == name or parts.get(target, "").startswith(name):
            return solve(config, budget).config
    able = [*BUDGETS, *(name for name, part in parts.items() if part.startswith(tuple(BUDGETS)))]
    raise ConfigError(f"target = {target!r}: expected one of {', '.join(able)}")
