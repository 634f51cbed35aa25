"""A validation set, so that settings are not chosen by the test images."""

import dataclasses

import numpy as np

from bsff.errors import DataError

from .dataset import Dataset
from .stratified import SEED, split

PART = 10
"""One part in so many of the training set is held out."""


def hold_out(dataset: Dataset, *, train_samples: int = 0, by_class: bool = False) -> Dataset:
    """A tenth of the training set as test set, the rest as training set; the real test set is left out.

    Parameters
    ----------
    dataset : Dataset
        With its whole training set.
    train_samples : int
        Train on the first so many only; 0: on all that are not held out.
    by_class : bool
        Whether each class gives a tenth, in a seeded order, as sets whose order says something of the class need: in a folder of
        images classes take turns, so that its end is the largest class alone. Without it the last tenth is held out.

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
    train, held = np.arange(kept), np.arange(kept, len(dataset.train_labels))
    if by_class:
        train, held = split(dataset.train_labels, len(held), SEED)
        train = np.sort(train)  # as they came: the first so many still hold the classes in equal parts
    used = train[: train_samples or None]
    return dataclasses.replace(
        dataset,
        label=f"{dataset.label}, held out",
        train_images=dataset.train_images[used],
        train_labels=dataset.train_labels[used],
        test_images=dataset.train_images[held],
        test_labels=dataset.train_labels[held],
    )
