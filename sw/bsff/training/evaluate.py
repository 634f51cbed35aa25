"""Test accuracy of every predictor, without leaving a trace in the machine."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bsff.golden.lfsr import seed_state
from bsff.machine import Accelerator

TAG = 0x7E57
"""Separates the test's random numbers from those of training."""
CHUNK = 1000


@dataclass(frozen=True)
class Evaluation:
    """Predictions for a test set."""

    predictors: tuple[str, ...]
    """``layer1`` ... ``layerL``, ``head``."""
    logits: NDArray[np.int64]
    """Array of int64, shape (N, predictors, classes). Summed over the draws."""
    labels: NDArray[np.int64]
    """Array of int, shape (N,)."""

    def predictions(self, predictor: str) -> NDArray[np.int64]:
        """Predicted classes, shape (N,); ties go to the lowest class."""
        return self.logits[:, self.predictors.index(predictor)].argmax(-1)

    def accuracy(self, predictor: str) -> float:
        """Share of correct predictions."""
        return float((self.predictions(predictor) == self.labels).mean())

    def accuracies(self) -> dict[str, float]:
        """`accuracy` of every predictor."""
        return {name: self.accuracy(name) for name in self.predictors}

    def confusion(self, predictor: str) -> NDArray[np.int64]:
        """Counts, shape (classes, classes): row is the label, column the prediction."""
        table = np.zeros(2 * self.logits.shape[-1:], np.int64)
        np.add.at(table, (self.labels, self.predictions(predictor)), 1)
        return table


def evaluate(
    machine: Accelerator, pixels: NDArray[np.uint8], labels: NDArray[np.uint8], *, draws: int, seed: int, epoch: int = 0
) -> Evaluation:
    """Present a test set without learning.

    The generators get states of their own (from `seed`, `epoch` and the number of the draw) and their old ones back,
    so that training goes on as if no test had been.

    Parameters
    ----------
    pixels : array of uint8, shape (N, H, W, C)
    labels : array of uint8, shape (N,)
    draws : int
        Presentations of each sample; their logits are summed.
    """
    kept = machine.streams()
    predictors = machine.geometry.predictors
    logits = np.zeros((len(labels), len(predictors), machine.geometry.classes), np.int64)
    try:
        for draw in range(draws):
            machine.set_streams([seed_state(seed, TAG, epoch, draw, i) for i in range(len(kept))])
            for start in range(0, len(labels), CHUNK):
                part = slice(start, start + CHUNK)
                found = machine.present(pixels[part], labels[part], learn=False, results=True)
                assert found is not None
                logits[part] += found
    finally:
        machine.set_streams(kept)
    return Evaluation(predictors, logits, labels.astype(np.int64))
