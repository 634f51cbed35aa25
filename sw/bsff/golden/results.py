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
    logits : int32, shape (R, N, predictors, 10)
        To the base two, 6 fractional bits.
    counters : int64, shape (R, predictors, len(COUNTERS))
    """

    logits: NDArray[np.int32]
    counters: NDArray[np.int64]

    @classmethod
    def empty(cls, replicas: int, samples: int, predictors: int) -> Results:
        """All zero."""
        return cls(
            np.zeros((replicas, samples, predictors, CLASSES), np.int32),
            np.zeros((replicas, predictors, len(COUNTERS)), np.int64),
        )

    def record(self, predictor: int, sample: int, labels: NDArray[np.int64], outcome: Outcome) -> None:
        """Enter what one sample did to one layer."""
        self.logits[:, sample, predictor] = outcome.logits
        one = np.ones_like(labels)
        row = (
            one,
            outcome.logits.argmax(-1) == labels,
            outcome.loss,
            outcome.taps,
            outcome.updated,
            outcome.taps * outcome.updated,
            outcome.saturated,
        )
        self.counters[:, predictor] += np.stack(row, -1).astype(np.int64)
