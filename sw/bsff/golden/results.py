"""What a run of the golden model returns: logits of every sample, counters of every layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bsff.contract.formats import COUNTERS

if TYPE_CHECKING:
    from .layer import Outcome


@dataclass
class Results:
    """Outcome of N samples."""

    logits: NDArray[np.int32]
    """int32, shape (N, predictors, classes). To the base two, in units of ``2**-LOGIT_BITS``."""
    counters: NDArray[np.int64]
    """int64, shape (predictors, len(COUNTERS))."""

    @classmethod
    def empty(cls, samples: int, predictors: int, classes: int) -> Results:
        """All zero."""
        return cls(np.zeros((samples, predictors, classes), np.int32), np.zeros((predictors, len(COUNTERS)), np.int64))

    def record(self, predictor: int, sample: int, label: int, outcome: Outcome) -> None:
        """Enter what one sample did to one layer."""
        self.logits[sample, predictor] = outcome.logits
        correct, taps, updated = outcome.logits.argmax() == label, outcome.taps, outcome.updated
        self.counters[predictor] += (1, correct, outcome.loss, taps, updated, taps * updated, outcome.saturated)
