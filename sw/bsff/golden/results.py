"""What a run of the golden model returns: logits of every sample, counters of every layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bsff.config import CLASSES
from bsff.contract.formats import COUNTERS

if TYPE_CHECKING:
    from .layer import Outcome


@dataclass
class Results:
    """Outcome of N samples.

    Attributes
    ----------
    logits : int32, shape (N, predictors, 10)
        To the base two, in units of ``2**-LOGIT_BITS``.
    counters : int64, shape (predictors, len(COUNTERS))
    """

    logits: NDArray[np.int32]
    counters: NDArray[np.int64]

    @classmethod
    def empty(cls, samples: int, predictors: int) -> Results:
        """All zero."""
        return cls(np.zeros((samples, predictors, CLASSES), np.int32), np.zeros((predictors, len(COUNTERS)), np.int64))

    def record(self, predictor: int, sample: int, label: int, outcome: Outcome) -> None:
        """Enter what one sample did to one layer."""
        self.logits[sample, predictor] = outcome.logits
        self.counters[predictor] += (
            1,
            outcome.logits.argmax() == label,
            outcome.loss,
            outcome.taps,
            outcome.updated,
            outcome.taps * outcome.updated,
            outcome.saturated,
        )
