"""The machine as an estimator: fit, predict, go on learning, save."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.config import Config
from bsff.contract.formats import LOGIT_BITS
from bsff.contract.geometry import geometry
from bsff.data.scaling import Scaling
from bsff.data.stratified import split
from bsff.machine.checkpoint import Progress
from bsff.machine.initialise import initialise
from bsff.training.evaluate import evaluate
from bsff.training.train import Hooks, train

from .base import NotFittedError
from .configure import configure
from .early_stop import Best
from .inputs import check_classes, codes_of, labels_of, rule_of, samples_of, shape_of
from .model import Array, Model, Record
from .progress import bar


class Classifier(Model):
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
    seed : int, optional
        Of weights, p-bits, rounding, the order of samples and the kept part; without it the configuration's, 0 for a size.
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
        seed: int | None = None,
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
        check_classes(classes)
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
            named = np.unique(np.asarray(classes))
            check_classes(named)
            self._begin(X, samples, named)
            self.state_ = initialise(self.config_, geometry(self.config_), self._pixels(samples))
        elif classes is not None and not np.array_equal(np.unique(np.asarray(classes)), self.classes_):
            raise ValueError(f"classes = {list(classes)}: this model has {self.classes_.tolist()}, which cannot change")
        self._check_features(samples)
        codes = codes_of(labels, self.classes_)
        machine = self._machine_with_state()
        parts = list(self.config_.blocks.values())
        machine.set_steps([self.partial_step * part.step for part in parts])
        machine.set_learning([True for _ in parts])
        machine.present(self._pixels(samples), codes, learn=True)
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
        self._check_features(samples)
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

    # ---- inside

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
        return split(codes.astype(np.uint8), round(self.validation * len(codes)), self.seed or 0)

    def _begin(self, values: Any, samples: Array, classes: Array) -> None:
        """Scaling, configuration and counters of a new model."""
        self.close()
        shape = shape_of(samples, self.input_shape)
        rule = rule_of(samples, self.scaling)
        scaling = Scaling.fit(samples, rule) if rule is not None else None
        training = {"epochs": self.epochs, "test_draws": self.draws, "seed": self.seed}
        self.config_ = configure(
            self.architecture,
            shape,
            len(classes),
            table=samples.ndim == 2 and self.input_shape is None,
            samples=len(samples),
            training=training,
            target=self.target,
        )
        self.classes_, self.scaling_, self._progress = classes, scaling, Progress()
        self._learn_features(values, samples)
