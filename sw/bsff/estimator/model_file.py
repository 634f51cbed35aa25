"""A saved model: one file with the machine's state, its configuration, the scaling of the data and the classes' names."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.config import Config
from bsff.data.scaling import Scaling
from bsff.errors import CheckpointError
from bsff.golden.state import NetworkState
from bsff.machine import checkpoint
from bsff.machine.checkpoint import Progress
from bsff.tools.provenance import versions

CLASSES = "classes"
PARAMETERS = "parameters"
SAMPLE = "sample"


def save(
    path: Path,
    config: Config,
    state: NetworkState,
    progress: Progress,
    *,
    classes: NDArray[Any],
    scaling: Scaling | None,
    sample: tuple[int, ...],
    parameters: dict[str, Any],
) -> None:
    """Write a model; the file that was there stays until this one is whole.

    Parameters
    ----------
    classes : ndarray, shape (classes,)
        The labels.
    sample : tuple of int
        Shape of a sample as it came.
    parameters : dict
        Those of the `Classifier` that JSON can hold.
    """
    labels = classes.astype(str) if classes.dtype.kind == "O" else classes
    others = {CLASSES: labels, **(scaling.to_arrays() if scaling is not None else {})}
    texts = {PARAMETERS: parameters, SAMPLE: list(sample), "scaled": scaling is not None, "versions": versions()}
    checkpoint.write(path, config, state, progress, texts, others)


def load(path: Path) -> tuple[checkpoint.Saved, NDArray[Any], Scaling | None]:
    """Read a model; returns what the checkpoint holds, the labels and the scaling.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged, or the checkpoint of a run without the rest of a model.
    """
    found = checkpoint.read(path)
    if CLASSES not in found.arrays or PARAMETERS not in found.texts:
        raise CheckpointError(
            f"{path}: a checkpoint, but no model: it holds no classes; give a file of Classifier.save"
        )
    scaling = Scaling.from_arrays(found.arrays) if found.texts["scaled"] else None
    return found, np.asarray(found.arrays[CLASSES]), scaling
