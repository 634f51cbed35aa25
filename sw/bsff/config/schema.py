"""The schema: every key of a configuration with its type, default, allowed values and one line of documentation."""

import dataclasses
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .datasets import DATASETS
from .encodings import ENCODINGS

CLASSES_MAX = 256
"""Most classes: a label fits `bsff.contract.formats.LABEL_WIDTH` bits."""


def key(
    default: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Collection[Any] | None = None,
    doc: str = "",
) -> Any:
    """A configuration key: its default, its allowed values (`high` only with `low`), one line of documentation."""
    return field(default=default, metadata={"low": low, "high": high, "choices": choices, "doc": doc})


@dataclass(frozen=True)
class DataConfig:
    """What is presented, and how pixels become bits."""

    dataset: str = key("digits", choices=DATASETS, doc="data set; own: what `path` names, or arrays of the caller")
    path: str = key("", doc="own: file or folder with the data")
    classes: int = key(0, low=0, high=CLASSES_MAX, doc="classes, at least 2; 0: those of the data")
    input: tuple[int, ...] = key((), low=1, high=4096, doc="height, width, colours of a sample; []: those of the data")
    encoding: str = key("threshold", choices=ENCODINGS, doc="input encoding, done on the device from 8-bit pixels")
    levels: tuple[int, ...] = key(
        (128,), low=1, high=255, doc="thresholds of `threshold` (one) and `thermometer` (rising)"
    )
    planes: int = key(4, low=1, high=8, doc="bits kept by `bitplanes`, most significant first")
    whiten: bool = key(False, doc="per-image contrast normalisation on the host, before the 8 bits")
    train_samples: int = key(0, low=0, doc="use only the first N training samples; 0: all")
    test_samples: int = key(0, low=0, doc="use only the first N test samples; 0: all")

    @property
    def class_count(self) -> int:
        """Number of classes: `classes`, else those of the catalogue; 0 while it is not known."""
        return self.classes or len(DATASETS[self.dataset].classes)

    @property
    def shape(self) -> tuple[int, int, int] | None:
        """Height, width and colours of a sample: `input`, else those of the catalogue; None while they are not known."""
        if self.input:
            height, width, colours = self.input
            return height, width, colours
        return DATASETS[self.dataset].shape


@dataclass(frozen=True)
class LayerConfig:
    """One layer that learns by itself."""

    kind: str = key("conv", choices=("conv", "dense"), doc="dense: one position that sees the whole map")
    channels: int = key(40, low=2, high=4096, doc="output channels, a multiple of the classes")
    kernel: int = key(3, low=1, high=7, doc="side of the square kernel (conv); 1 x kernel on a map of one row")
    padding: int = key(1, low=0, high=3, doc="zeros around the map (conv); none above and below a map of one row")
    pool: int = key(1, choices=(1, 2), doc="2: 2x2 max-pool after the p-bits; 1x2 on a map of one row")
    groups: int = key(
        1, low=1, high=CLASSES_MAX, doc="as many as classes: channels of a class see only that class's inputs (CFSE)"
    )
    tile: int = key(1, low=1, high=15, doc="M, p-bits per unit")
    noise: float = key(
        1.0,
        low=0.03125,
        high=4.0,
        doc="scale of the p-bits' logistic noise; 1: they fire with the sigmoid, as in the paper",
    )
    eligibility: str = key(
        "boxcar",
        choices=("boxcar", "xor", "surprisal"),
        doc="response of the count to the pre-activation; surprisal is for the float reference",
    )
    boxcar: float = key(2.0, low=0.0625, high=8.0, doc="half-width of the boxcar, in units of the pre-activation")
    normalisation: str = key(
        "running",
        choices=("running", "none", "batchnorm"),
        doc="of the firing counts; batchnorm is for the float reference",
    )
    momentum_shift: int = key(8, low=1, high=12, doc="running mean: forgets over 2**shift samples")
    firing: float = key(
        0.0,
        low=0.0,
        high=0.5,
        doc="share of p-bits that every channel's bias is moved towards, with each update; 0: none",
    )
    firing_step: float = key(
        0.02,
        low=0.0001,
        high=1.0,
        doc="by which a bias moves where a channel is off by all of its p-bits, as a power of two",
    )
    centre: bool = key(True, doc="subtract the mean input activity in the update, fold the correction into the bias")
    weight_bits: int = key(12, low=8, high=16, doc="bits of a stored weight")
    fraction_bits: int = key(8, low=2, high=12, doc="of which fractional")
    step: float = key(0.05, low=0.0, high=16.0, doc="eta, step size at the start of training")
    temperature: float = key(80.0, low=0.125, high=4096.0, doc="T of softmax(T*g)")
    gate: float = key(0.1, low=0.0, high=1.0, doc="no update while every class error is below this")
    start_epoch: int = key(0, low=0, doc="first epoch in which the layer learns")
    stop_epoch: int = key(0, low=0, doc="epoch from which it is frozen; 0: as the schedule says")
    init_mean: float = key(-2.5, low=-16.0, high=16.0, doc="mean pre-activation after initialisation on data")
    init_std: float = key(2.0, low=0.0625, high=16.0, doc="its standard deviation")
    lanes: int = key(0, low=0, high=4096, doc="folding: channels per cycle; 0: all of a group")
    banks: int = key(1, low=1, high=64, doc="folding: active taps per cycle")
    tiles: int = key(0, low=0, high=64, doc="folding: tiles of p-bits fired per cycle; 0: up to four")
    update_banks: int = key(0, low=0, high=64, doc="folding: active positions per cycle in the update; 0: as banks")
    update_lanes: int = key(
        0, low=0, high=1024, doc="folding: weights changed per cycle by each group at work; 0: a tenth of its lanes"
    )


@dataclass(frozen=True)
class HeadConfig:
    """Softmax classifier on the maps of layers; learns by the same local rule."""

    enabled: bool = key(True, doc="false: predict by goodness only")
    layers: tuple[int, ...] = key((), low=1, high=64, doc="layers whose maps it reads, rising; []: the last alone")
    pool: tuple[int, ...] = key(
        (1,), choices=(1, 2, 4), doc="side of the window in front of the head; one for all maps, or one a map"
    )
    pooling: str = key("max", choices=("max", "sum"), doc="of a window: its largest count, or the sum of its counts")
    weight_bits: int = key(12, low=8, high=18, doc="bits of a stored weight")
    fraction_bits: int = key(10, low=2, high=16, doc="of which fractional")
    step: float = key(0.01, low=0.0, high=16.0, doc="step size at the start of training")
    gate: float = key(0.02, low=0.0, high=1.0, doc="no update while every class error is below this")
    start_epoch: int = key(0, low=0, doc="first epoch in which the head learns; 0: as the schedule says")
    stop_epoch: int = key(0, low=0, doc="epoch from which it is frozen; 0: never")


@dataclass(frozen=True)
class TrainingConfig:
    """How long, in which order, and how the steps fall."""

    epochs: int = key(1, low=1, high=100_000, doc="passes over the training set")
    seed: int = key(0, low=0, high=2**32 - 1, doc="of weights, p-bits, rounding and sample order")
    schedule: str = key(
        "linear",
        choices=("linear", "staggered", "constant"),
        doc="linear: step sizes fall to zero; staggered: so they do, of one layer after another, then of the head; constant: they stay",
    )
    shift: int = key(
        0, low=0, high=8, doc="each time it is presented, a training image is moved by up to as many pixels"
    )
    flip: bool = key(False, doc="and mirrored, left to right, every second time")
    interval: int = key(500, low=1, high=65_535, doc="presentations between two step-size writes by the host")
    predictor: str = key("head", choices=("head", "goodness"), doc="which prediction `test_accuracy` reports")
    test_draws: int = key(1, low=1, high=64, doc="presentations of each test sample, their logits summed")


_Layer = TypeVar("_Layer")
_Head = TypeVar("_Head")


def blocks(layers: Sequence[_Layer], head: _Head | None) -> dict[str, _Layer | _Head]:
    """What learns, by name: ``layer1``, ``layer2``, ..., then ``head`` if there is one.

    This is the order of a machine's register blocks, counters and logits.
    """
    named: dict[str, _Layer | _Head] = {f"layer{i}": layer for i, layer in enumerate(layers, 1)}
    return named if head is None else {**named, "head": head}


@dataclass(frozen=True)
class Config:
    """A whole network with its training: what a TOML file holds."""

    name: str
    data: DataConfig
    layers: tuple[LayerConfig, ...]
    head: HeadConfig
    training: TrainingConfig

    @property
    def blocks(self) -> dict[str, LayerConfig | HeadConfig]:
        """Sections of the layers and of the head, if it is enabled, by name; see `blocks`."""
        return blocks(self.layers, self.head if self.head.enabled else None)

    def to_dict(self) -> dict[str, Any]:
        """The configuration as plain dictionaries; `parse` takes it back unchanged."""
        plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        plain["layer"] = plain.pop("layers")
        return plain
