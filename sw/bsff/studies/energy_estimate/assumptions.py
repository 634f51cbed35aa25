"""What the saving depends on besides the counts, each as a range that is ours, and the model that combines them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .processes import HALF_ADD, HALF_MULTIPLY, LARGE_MEMORY, PROCESSES

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Assumption:
    """A quantity that nobody knows; a share u of 0 to 1, even, is turned into its value."""

    name: str
    low: float
    high: float
    scale: str
    """``linear``, ``log``, or ``choice`` of whole numbers from `low` to `high`."""
    why: str

    def value(self, u: Array) -> Array:
        """The value at a share of its range.

        Parameters
        ----------
        u : array of float
            0 to 1.
        """
        if self.scale == "log":
            return np.asarray(self.low * (self.high / self.low) ** u)
        if self.scale == "choice":
            return np.minimum(np.floor(self.low + u * (self.high - self.low + 1)), self.high)
        return self.low + u * (self.high - self.low)


ASSUMPTIONS = (
    Assumption("process", 0, len(PROCESSES) - 1, "choice", "one of the published tables"),
    Assumption(
        "size of the memories", 1, LARGE_MEMORY, "log",
        "a read costs as much as from 8 KB up to as much as from 1 MB; the same for both sides",
    ),
    Assumption(
        "floats of the baseline", 0, 1, "choice", "32 bits, or 16 bits in arithmetic and memory, as mixed precision trains"
    ),
    Assumption(
        "reuse of activations in the baseline", 1 / 9, 1, "log",
        "an activation is read once for each tap of a 3x3 kernel, or once for all nine from a line buffer",
    ),
    Assumption(
        "reuse of weights in the baseline", 1, 8, "log", "a weight is read once a pass, or up to eight times, for parts of a map"
    ),
    Assumption(
        "zeros skipped in the baseline", 0, 0.5, "linear", "share of multiply-adds that a baseline skips where ReLU gave 0"
    ),
    Assumption("control of the machine", 1, 2, "log", "lists of active taps, gating and small rows against a regular array"),
    Assumption("a p-bit", 0, 4, "linear", "nothing for a magnet, up to twice the addition and comparison of a digital one"),
)  # fmt: skip
"""Ranges without a source are ours; the text beside the table says so."""
NAMES = tuple(each.name for each in ASSUMPTIONS)

Groups = Mapping[str, Array]
"""Picojoules of one algorithm by group, arrays over `PROCESSES`: ``arithmetic``, ``p-bits``, ``weights``, ``activations``."""


def saving(machine: Groups, baseline: Groups, values: Mapping[str, Array], *, memory: bool) -> Array:
    """Energy of the baseline over that of the machine.

    Parameters
    ----------
    machine, baseline : mapping of str to array of float, shape (len(PROCESSES),)
    values : mapping of str to array of float, shape (N,)
        Value of each assumption.
    memory : bool
        Whether reads and writes count.

    Returns
    -------
    array of float, shape (N,)
    """
    process = values["process"].astype(np.int64)
    half = values["floats of the baseline"] == 1
    skipped = 1 - values["zeros skipped in the baseline"]
    # additions and multiplications come in pairs, and cost as much together as the two
    add, multiply = (baseline[name][process] for name in ("additions", "multiplications"))
    theirs = skipped * (add * np.where(half, HALF_ADD, 1) + multiply * np.where(half, HALF_MULTIPLY, 1))
    ours = machine["arithmetic"][process] + machine["p-bits"][process] * values["a p-bit"] / 2
    if memory:
        size, width = values["size of the memories"], np.where(half, 0.5, 1.0)
        weights = baseline["weights"][process] * values["reuse of weights in the baseline"]
        activations = baseline["activations"][process] * values["reuse of activations in the baseline"]
        theirs = theirs + size * width * (weights + activations)
        ours = ours + size * machine["memory"][process]
    return np.asarray(theirs / (ours * values["control of the machine"]))
