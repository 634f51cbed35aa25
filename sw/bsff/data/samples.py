"""Samples one by one, as PyTorch's ``Dataset`` and its kin give them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bsff.errors import DataError

from .arrays import from_arrays
from .dataset import Dataset
from .pictures import upright
from .scaling import Scaling


class Samples(Protocol):
    """What has a length and gives a pair (sample, label) for each index; a PyTorch ``Dataset`` of a map's kind does."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Any: ...


def from_samples(
    source: Samples,
    *,
    names: Sequence[Any] | None = None,
    test: Samples | None = None,
    scaling: str | Scaling | None = None,
    shape: Sequence[int] | None = None,
    label: str = "own data",
    channels_first: bool | None = None,
) -> Dataset:
    """Make a data set of samples that come one by one.

    Parameters
    ----------
    source : Samples
        Training samples: pairs (array, tensor or image of pillow; label). PyTorch is not needed.
    names : sequence, optional
        As for `from_arrays`; without it ``source.classes``, where torchvision's data sets keep them.
    test : Samples, optional
        Test samples; without them it is a fifth of the others.
    scaling, shape, label
        As for `from_arrays`.
    channels_first : bool, optional
        Whether samples are (channels, height, width) or (channels, time). Without it tensors of three axes are, as is
        PyTorch's way, and nothing else is.

    Raises
    ------
    DataError
        If a sample cannot be read or has another shape than the first, and as `from_arrays`.
    """
    if names is None:
        classes = getattr(source, "classes", None)
        names = classes if isinstance(classes, (list, tuple)) else None
    train = _collect(source, label, channels_first)
    part = None if test is None else _collect(test, f"{label}, test", channels_first)
    return from_arrays(train[0], train[1], names=names, test=part, scaling=scaling, shape=shape, label=label)


def _collect(source: Samples, where: str, channels_first: bool | None) -> tuple[NDArray[Any], list[Any]]:
    samples: list[NDArray[Any]] = []
    labels = []
    for i in range(len(source)):
        try:
            item = source[i]
        except Exception as error:  # code of the user, which can raise anything
            raise DataError(f"{where}: sample {i} cannot be read ({type(error).__name__}: {error})") from error
        if not isinstance(item, (tuple, list)) or len(item) != 2:
            raise DataError(f"{where}: sample {i} is a {type(item).__name__}, expected a pair (sample, label)")
        sample = _sample(item[0], channels_first)
        if samples and (sample.shape, sample.dtype) != (samples[0].shape, samples[0].dtype):
            raise DataError(
                f"{where}: sample {i} is {sample.dtype} {sample.shape}, expected {samples[0].dtype} {samples[0].shape} as "
                "sample 0; bring all to one shape first"
            )
        samples.append(sample)
        labels.append(item[1])
    if not samples:
        raise DataError(f"{where}: no samples; expected at least one of each class")
    return np.stack(samples), labels


def _sample(value: Any, channels_first: bool | None) -> NDArray[Any]:
    if hasattr(value, "getbands"):  # an image of pillow
        return np.asarray(upright(value))
    tensor = hasattr(value, "detach")
    array = np.asarray(value.detach().cpu() if tensor else value)
    first = tensor and array.ndim == 3 if channels_first is None else channels_first
    if not first or array.ndim < 2:
        return array
    last = np.moveaxis(array, 0, -1)
    return last if array.ndim > 2 else last[np.newaxis]  # a signal is a map of height 1
