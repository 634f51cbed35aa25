"""What a `Classifier` remembers, and the device that it lies on: opened when it is needed, kept in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.config import Config, blocks
from bsff.data.scaling import Scaling
from bsff.golden.state import NetworkState
from bsff.machine import Accelerator
from bsff.machine.checkpoint import Progress

from . import model_file
from .base import BaseEstimator, ClassifierMixin, NotFittedError
from .devices import open_machine
from .inputs import pixels_of

Array = NDArray[Any]
Record = dict[str, Any]


class Model(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # the bases depend on what is installed
    """A network with its state, the scaling of its data and the names of its classes, on a device.

    The attributes are those of `Classifier`.
    """

    device: str
    partial_step: float
    classes_: Array
    config_: Config
    scaling_: Scaling | None
    state_: NetworkState
    device_: str
    n_features_in_: int
    _progress: Progress
    _sample: tuple[int, ...]
    """Shape of a sample that was learnt."""

    def save(self, path: str | Path) -> None:
        """Write the model into one file, which any device loads.

        Raises
        ------
        NotFittedError
            Before the model has learnt.
        """
        if not hasattr(self, "classes_"):
            raise NotFittedError("This Classifier is not fitted yet: there is nothing to save")
        model_file.save(
            Path(path),
            self.config_,
            self.state_,
            self._progress,
            classes=self.classes_,
            scaling=self.scaling_,
            sample=self._sample,
            parameters={"partial_step": self.partial_step},
        )

    @classmethod
    def load(cls, path: str | Path, *, device: str = "auto") -> Any:
        """A model that `save` wrote, on any device.

        Raises
        ------
        CheckpointError
            If the file is missing, damaged, or no model.
        """
        found, classes, scaling = model_file.load(Path(path))
        model = cls(found.config, device=device, **found.texts[model_file.PARAMETERS])
        model.classes_, model.scaling_, model.config_ = classes, scaling, found.config
        model._sample = tuple(found.texts[model_file.SAMPLE])
        model.n_features_in_ = model._sample[0]
        model._progress, model.state_ = found.progress, found.state
        return model

    def close(self) -> None:
        """Release the device; the model stays, and opens it again when it is needed."""
        machine = self.__dict__.pop("_machine", None)
        if machine is not None:
            machine.close()

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled or copied: all but the open device."""
        return {name: value for name, value in self.__dict__.items() if name != "_machine"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    @property
    def history_(self) -> list[Record]:
        """The records of all epochs."""
        if not hasattr(self, "_progress"):
            raise AttributeError("history_: the model has not learnt yet")
        return self._progress.epochs

    # ---- for the classifier

    @property
    def _predictor(self) -> str:
        """Name of the block whose logits predict."""
        names = list(blocks(self.config_.layers, None))
        return "head" if self.config_.training.predictor == "head" else names[-1]

    def _pixels(self, samples: Array) -> NDArray[np.uint8]:
        shape = self.config_.data.shape
        assert shape is not None
        return pixels_of(samples, shape, self.scaling_)

    def _open(self, state: NetworkState) -> Accelerator:
        self.close()
        self.device_, machine = open_machine(self.device, self.config_)
        machine.load(state)
        self._machine = machine
        return machine

    def _machine_with_state(self) -> Accelerator:
        machine = self.__dict__.get("_machine")
        return machine if machine is not None else self._open(self.state_)

    def _learn_features(self, values: Any, samples: Array) -> None:
        """Take note of the shape of a sample, and of the names of a table's columns."""
        self.n_features_in_, self._sample = samples.shape[1], samples.shape[1:]
        names = getattr(values, "columns", None)
        if names is not None and all(isinstance(name, str) for name in names):
            self.feature_names_in_ = np.asarray(names, object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _check_features(self, samples: Array) -> None:
        """Refuse samples that are not as those that were learnt with a `ValueError`."""
        if samples.ndim == len(self._sample) + 1 == 2 and samples.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {samples.shape[1]} features, but Classifier is expecting {self.n_features_in_} features as input"
            )
        if samples.shape[1:] not in (self._sample, self.config_.data.shape):
            raise ValueError(
                f"samples of shape {samples.shape[1:]}: expected {self._sample}, as those that were learnt"
            )
        if self.scaling_ is None and samples.dtype != np.uint8:
            raise ValueError(f"samples of {samples.dtype}: expected uint8, as those that were learnt")
