"""A validation set, so that settings are not chosen by the test images."""

import dataclasses

from bsff.errors import DataError

from .dataset import Dataset

PART = 10
"""One part in so many of the training set is held out: its last."""


def hold_out(dataset: Dataset, *, train_samples: int = 0) -> Dataset:
    """The training set's last tenth as test set, the rest as training set; the real test set is left out.

    Parameters
    ----------
    dataset : Dataset
        With its whole training set.
    train_samples : int
        Train on the first so many only; 0: on all that are not held out.

    Returns
    -------
    Dataset
        Labelled as held out.

    Raises
    ------
    DataError
        If fewer samples remain than are asked for.
    """
    kept = len(dataset.train_labels) - len(dataset.train_labels) // PART
    if train_samples > kept:
        raise DataError(
            f"data.train_samples = {train_samples}: {dataset.label} has {kept} when one in {PART} is held out; expected at "
            "most that, or 0 for all"
        )
    used = train_samples or kept
    return dataclasses.replace(
        dataset,
        label=f"{dataset.label}, held out",
        train_images=dataset.train_images[:used],
        train_labels=dataset.train_labels[:used],
        test_images=dataset.train_images[kept:],
        test_labels=dataset.train_labels[kept:],
    )
