"""The machine as an estimator: fit, predict, go on learning, save."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.config import Config, blocks, load, parse
from bsff.config.architecture import SIZES, architecture
from bsff.contract.formats import LOGIT_BITS
from bsff.contract.geometry import geometry
from bsff.data.scaling import Scaling
from bsff.data.stratified import split
from bsff.golden.state import NetworkState
from bsff.machine import Accelerator
from bsff.machine.checkpoint import Progress
from bsff.machine.initialise import initialise
from bsff.training.evaluate import evaluate
from bsff.training.train import Hooks, train

from . import model_file
from .base import BaseEstimator, ClassifierMixin, NotFittedError
from .devices import fold_for, open_machine
from .early_stop import Best
from .inputs import labels_of, pixels_of, rule_of, samples_of, shape_of
from .progress import bar

Array = NDArray[Any]
Record = dict[str, Any]


class Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # the bases depend on what is installed
    """A network that trains itself on a device, with the interface of a scikit-learn classifier.

    Parameters
    ----------
    architecture : str or Config
        ``small`` or ``medium``, made for the data (`bsff.config.architecture`); a built-in configuration, the path of a
        TOML file, or a `Config`, whose data set is replaced by yours.
    device : str
        ``auto``: a board, else the golden model. Or a name of `bsff.machine.devices.device_names`, such as ``rtl``.
    target : str, optional
        FPGA or board that the network must fit, such as ``pynq-z2``; it is folded for it. Needs the gateware.
    scaling : str
        How values become 8 bits: ``auto``, ``minmax``, ``quantiles``, ``common``; see `inputs.rule_of`.
    input_shape : tuple of int, optional
        Height, width and colours that a sample is laid out in. Without it a table's sample is a row of features, and an
        image what it is. A signal is a map of height 1: ``(1, length, channels)``.
    epochs : int, optional
        Passes over the training set; without it the architecture's.
    validation : float
        Share of the training set, 0 to 0.5, that is kept out and tested after every epoch.
    patience : int, optional
        Stop when so many epochs brought no better accuracy on that share, and return to the best.
    draws : int, optional
        Presentations of a sample whose logits are summed for a prediction; without it the configuration's.
    partial_step : float
        Step sizes in `partial_fit`, as a share of the configured ones, which `fit` begins with and lowers to zero.
    seed : int
        Of weights, p-bits, rounding, the order of samples and the kept part.
    callbacks : iterable of callable
        Each is called with the record of an epoch (an entry of `history_`); True ends the training there.
    verbose : bool, optional
        A progress bar; without it: on a terminal and in a notebook.

    Attributes
    ----------
    classes_ : ndarray, shape (classes,)
    n_features_in_ : int
        Values of the first axis of a sample.
    config_ : Config
        The network.
    history_ : list of dict
        The record of every epoch: accuracy, loss, share of samples learnt from of every layer, and under ``test`` the
        accuracies on the kept part.
    device_ : str
        The device that was opened.
    scaling_ : Scaling or None
    state_ : NetworkState
        Everything that the machine remembers: weights, biases, running means, generators.

    Notes
    -----
    `fit` ends with the same bits as ``bsff train`` of the same configuration and data. A prediction draws random bits in the
    order of the samples, so it depends on the samples around it; the same call gives the same answer.
    """

    def __init__(
        self,
        architecture: str | Config = "small",
        *,
        device: str = "auto",
        target: str | None = None,
        scaling: str = "auto",
        input_shape: tuple[int, int, int] | None = None,
        epochs: int | None = None,
        validation: float = 0.0,
        patience: int | None = None,
        draws: int | None = None,
        partial_step: float = 0.3,
        seed: int = 0,
        callbacks: Iterable[Callable[[Record], Any]] = (),
        verbose: bool | None = None,
    ) -> None:
        self.architecture = architecture
        self.device = device
        self.target = target
        self.scaling = scaling
        self.input_shape = input_shape
        self.epochs = epochs
        self.validation = validation
        self.patience = patience
        self.draws = draws
        self.partial_step = partial_step
        self.seed = seed
        self.callbacks = callbacks
        self.verbose = verbose

    # ---- learning

    def fit(self, X: Any, y: Any) -> Classifier:  # noqa: N803  # as scikit-learn names it
        """Learn from scratch.

        Parameters
        ----------
        X : array_like, shape (samples, features), (samples, height, width) or (samples, height, width, colours)
            8-bit values are taken as they are, others are scaled.
        y : array_like, shape (samples,)
            Labels, texts or whole numbers.

        Returns
        -------
        Classifier
            Itself.

        Raises
        ------
        ValueError, TypeError
            If samples or labels are none that can be learnt.
        ConfigError
            If the architecture does not fit the data, or the target.
        DeviceError
            If the device cannot be opened or fails.
        """
        samples = samples_of(X)
        labels = labels_of(y, len(samples))
        classes, codes = np.unique(labels, return_inverse=True)
        self._check_parameters()
        kept = self._kept(codes)
        self._begin(X, samples[kept[0]], classes)
        pixels, codes = self._pixels(samples), codes.astype(np.uint8)
        data = SimpleNamespace(
            train_images=pixels[kept[0]],
            train_labels=codes[kept[0]],
            test_images=pixels[kept[1]],
            test_labels=codes[kept[1]],
        )
        machine = self._open(initialise(self.config_, geometry(self.config_), data.train_images))
        best = Best(self.patience, self._predictor) if self.patience is not None else None
        stop = False

        def after(record: Record) -> None:
            nonlocal stop
            asked = [callback(record) for callback in self.callbacks]
            stop = any(answer is True for answer in asked)
            if best is not None:
                stop = best.seen(record, machine.read_state) or stop

        with bar(self.config_, machine.geometry.predictors, len(data.train_labels), self.verbose) as shown:
            hooks = Hooks(interval=shown, epoch=after, stop=lambda: stop)
            train(machine, self.config_, data, self._progress, hooks=hooks)
        if best is not None and best.state is not None:
            machine.load(best.state)
        self.state_ = machine.read_state()
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Classifier:  # noqa: N803
        """Go on learning: every sample is presented once, in the order given, with steps of `partial_step`.

        Parameters
        ----------
        X, y
            As in `fit`.
        classes : array_like, optional
            All labels that will ever come. Needed in the first call of a model that was not fitted, whose scaling and
            initial weights come from the samples of that call; give room for classes that are to be learnt later.

        Raises
        ------
        ValueError
            As `fit`; if a label is none of the classes; if the classes differ from those of the model.
        """
        samples = samples_of(X)
        labels = labels_of(y, len(samples))
        if not hasattr(self, "classes_"):
            if classes is None:
                raise ValueError(
                    "classes must be passed on the first call to partial_fit: all labels that will ever come"
                )
            self._check_parameters()
            self._begin(X, samples, np.unique(np.asarray(classes)))
            self.state_ = initialise(self.config_, geometry(self.config_), self._pixels(samples))
        elif classes is not None and not np.array_equal(np.unique(np.asarray(classes)), self.classes_):
            raise ValueError(f"classes = {list(classes)}: this model has {self.classes_.tolist()}, which cannot change")
        self._check_features(X, samples)
        codes = np.searchsorted(self.classes_, labels)
        known = self.classes_[np.minimum(codes, len(self.classes_) - 1)] == labels
        if not known.all():
            raise ValueError(
                f"label {labels[~known].tolist()[0]!r}: expected one of {self.classes_.tolist()}; name all classes when the model begins"
            )
        machine = self._machine_with_state()
        parts = list(self.config_.blocks.values())
        machine.set_steps([self.partial_step * part.step for part in parts])
        machine.set_learning([True for _ in parts])
        machine.present(self._pixels(samples), codes.astype(np.uint8), learn=True)
        self.state_ = machine.read_state()
        return self

    # ---- predicting

    def predict(self, X: Any) -> Array:  # noqa: N803
        """The labels of some samples, shape (samples,).

        Raises
        ------
        NotFittedError
            Before the model has learnt.
        ValueError, TypeError
            If the samples are not of the shape that was learnt.
        """
        chosen = self._logits(X).argmax(1)
        return np.asarray(self.classes_[chosen])

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Probabilities of the classes, shape (samples, classes): the softmax of the mean logits of all draws."""
        logits = self._logits(X) * (np.log(2) / 2**LOGIT_BITS / self.config_.training.test_draws)
        powers = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(powers / powers.sum(1, keepdims=True))

    def _logits(self, values: Any) -> NDArray[np.int64]:
        """Logits, (samples, classes), summed over the draws, of the block that the configuration predicts by."""
        if not hasattr(self, "classes_"):
            raise NotFittedError("This Classifier is not fitted yet: call fit or partial_fit first")
        samples = samples_of(values)
        self._check_features(values, samples)
        training = self.config_.training
        found = evaluate(
            self._machine_with_state(),
            self._pixels(samples),
            np.zeros(len(samples), np.uint8),
            draws=training.test_draws,
            seed=training.seed,
            epoch=training.epochs,
        )
        return found.logits[:, found.predictors.index(self._predictor)]

    # ---- keeping

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
            features=self.n_features_in_,
            parameters={"partial_step": self.partial_step},
        )

    @classmethod
    def load(cls, path: str | Path, *, device: str = "auto") -> Classifier:
        """A model that `save` wrote, on any device.

        Raises
        ------
        CheckpointError
            If the file is missing, damaged, or no model.
        """
        found, classes, scaling = model_file.load(Path(path))
        model = cls(found.config, device=device, seed=found.config.training.seed, **found.texts[model_file.PARAMETERS])
        model.classes_, model.scaling_, model.config_ = classes, scaling, found.config
        model.n_features_in_ = found.texts[model_file.FEATURES]
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

    # ---- inside

    @property
    def _predictor(self) -> str:
        """Name of the block whose logits predict."""
        names = list(blocks(self.config_.layers, None))
        return "head" if self.config_.training.predictor == "head" else names[-1]

    def _check_parameters(self) -> None:
        if not 0 <= self.validation <= 0.5:
            raise ValueError(f"validation = {self.validation}: expected a share from 0 to 0.5")
        if self.patience is not None and (self.patience < 1 or not self.validation):
            raise ValueError(
                f"patience = {self.patience}: expected at least 1, and validation above 0, on whose accuracy it waits"
            )

    def _kept(self, codes: Array) -> tuple[Array, Array]:
        """Indices of the samples that are learnt, and of those that are kept out."""
        if not self.validation:
            return np.arange(len(codes)), np.arange(0)
        return split(codes.astype(np.uint8), round(self.validation * len(codes)), self.seed)

    def _begin(self, values: Any, samples: Array, classes: Array) -> None:
        """Scaling, configuration and counters of a new model."""
        if len(classes) < 2:
            raise ValueError(f"y contains {len(classes)} class: expected at least 2 classes to tell apart")
        if len(classes) > 256:
            raise ValueError(
                f"y contains {len(classes)} classes: the machine tells at most 256 apart; is it a regression?"
            )
        self.close()
        shape = shape_of(samples, self.input_shape)
        rule = rule_of(samples, self.scaling)
        scaling = Scaling.fit(samples, rule) if rule is not None else None
        config = self._configure(samples, shape, len(classes))
        self.classes_, self.scaling_, self.config_ = classes, scaling, config
        self._progress = Progress()
        self._learn_features(values, samples)

    def _configure(self, samples: Array, shape: tuple[int, int, int], classes: int) -> Config:
        if isinstance(self.architecture, str) and self.architecture in SIZES:
            table = samples.ndim == 2 and self.input_shape is None
            config = architecture(self.architecture, shape, classes, table=table, samples=len(samples))
        else:
            config = self.architecture if isinstance(self.architecture, Config) else load(self.architecture)
        keys = config.to_dict()
        keys["data"] |= {"dataset": "own", "path": "", "classes": classes, "input": list(shape)}
        keys["data"] |= {"train_samples": 0, "test_samples": 0, "whiten": False}
        given = {"epochs": self.epochs, "test_draws": self.draws, "seed": self.seed}
        keys["training"] |= {key: value for key, value in given.items() if value is not None}
        config = parse(keys, source=config.name)
        return config if self.target is None else fold_for(self.target, config)

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
        self.n_features_in_ = samples.shape[1]
        self._sample_shape = samples.shape[1:]
        names = getattr(values, "columns", None)
        if names is not None and all(isinstance(name, str) for name in names):
            self.feature_names_in_ = np.asarray(names, object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _check_features(self, values: Any, samples: Array) -> None:
        if samples.ndim == 2 and samples.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {samples.shape[1]} features, but Classifier is expecting {self.n_features_in_} features as input"
            )
        shape = self.config_.data.shape
        assert shape is not None
        if int(np.prod(samples.shape[1:])) != int(np.prod(shape)):
            raise ValueError(f"samples of shape {samples.shape[1:]}: expected that of the samples learnt, {shape}")
        if (samples.dtype == np.uint8) != (self.scaling_ is None) and self.scaling_ is None:
            raise ValueError(f"samples of {samples.dtype}: expected uint8, as those that were learnt")
