"""One TOML file describes a network, its training and its folding.

The classes below are the schema: a field's type, default and allowed values stand together, and
`parse` checks a file against them. Every error names the key, the value and what is allowed.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from .errors import ConfigError

CLASSES = 10
"""Classes of every built-in data set; channels of a layer are split evenly into this many groups."""


def _key(
    default: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Any, ...] | None = None,
    doc: str = "",
) -> Any:
    """A configuration key: its default, its allowed values, and one line of documentation."""
    meta = {"low": low, "high": high, "choices": choices, "doc": doc}
    return field(default=default, metadata=meta)


@dataclass(frozen=True)
class DataConfig:
    """What is presented, and how pixels become bits."""

    dataset: str = _key("digits", choices=("digits", "mnist", "fashion", "cifar10"), doc="data set")
    encoding: str = _key(
        "threshold",
        choices=("threshold", "bernoulli", "thermometer", "bitplanes"),
        doc="input encoding, done on the device from 8-bit pixels",
    )
    levels: tuple[int, ...] = _key(
        (128,), low=1, high=255, doc="thresholds of `threshold` (one) and `thermometer` (rising)"
    )
    planes: int = _key(4, low=1, high=8, doc="bits kept by `bitplanes`, most significant first")
    whiten: bool = _key(False, doc="per-image contrast normalisation on the host, before the 8 bits")
    train_samples: int = _key(0, low=0, doc="use only the first N training samples; 0: all")
    test_samples: int = _key(0, low=0, doc="use only the first N test samples; 0: all")


@dataclass(frozen=True)
class LayerConfig:
    """One layer that learns by itself."""

    kind: str = _key("conv", choices=("conv", "dense"), doc="dense: one position that sees the whole map")
    channels: int = _key(40, low=CLASSES, high=4096, doc="output channels, a multiple of the classes")
    kernel: int = _key(3, low=1, high=7, doc="side of the square kernel (conv)")
    padding: int = _key(1, low=0, high=3, doc="zeros around the map (conv)")
    pool: int = _key(1, choices=(1, 2), doc="2: 2x2 max-pool after the p-bits")
    groups: int = _key(1, choices=(1, CLASSES), doc="10: channels of a class see only that class's inputs (CFSE)")
    tile: int = _key(1, low=1, high=15, doc="M, p-bits per unit")
    eligibility: str = _key(
        "boxcar",
        choices=("boxcar", "xor", "surprisal"),
        doc="response of the count to the pre-activation; surprisal is for the float reference",
    )
    boxcar: float = _key(2.0, low=0.0625, high=8.0, doc="half-width of the boxcar, in units of the pre-activation")
    normalisation: str = _key(
        "running",
        choices=("running", "none", "batchnorm"),
        doc="of the firing counts; batchnorm is for the float reference",
    )
    momentum_shift: int = _key(8, low=1, high=12, doc="running mean: forgets over 2**shift samples")
    centre: bool = _key(True, doc="subtract the mean input activity in the update, fold the correction into the bias")
    weight_bits: int = _key(12, low=8, high=16, doc="bits of a stored weight")
    fraction_bits: int = _key(8, low=2, high=12, doc="of which fractional")
    step: float = _key(0.05, low=0.0, high=16.0, doc="eta, step size at the start of training")
    temperature: float = _key(80.0, low=0.125, high=4096.0, doc="T of softmax(T*g)")
    gate: float = _key(0.1, low=0.0, high=1.0, doc="no update while every class error is below this")
    start_epoch: int = _key(0, low=0, doc="first epoch in which the layer learns")
    stop_epoch: int = _key(0, low=0, doc="epoch from which it is frozen; 0: never (staggered termination)")
    init_mean: float = _key(-2.5, low=-16.0, high=16.0, doc="mean pre-activation after initialisation on data")
    init_std: float = _key(2.0, low=0.0625, high=16.0, doc="its standard deviation")
    lanes: int = _key(0, low=0, high=4096, doc="folding: channels per cycle; 0: all of a group")
    banks: int = _key(1, low=1, high=64, doc="folding: active taps per cycle")


@dataclass(frozen=True)
class HeadConfig:
    """Softmax classifier on the last layer's map; learns by the same local rule."""

    enabled: bool = _key(True, doc="false: predict by goodness only")
    pool: int = _key(1, choices=(1, 2), doc="2: 2x2 max-pool (ceil) in front of the head")
    weight_bits: int = _key(12, low=8, high=18, doc="bits of a stored weight")
    fraction_bits: int = _key(10, low=2, high=16, doc="of which fractional")
    step: float = _key(0.01, low=0.0, high=16.0, doc="step size at the start of training")
    gate: float = _key(0.02, low=0.0, high=1.0, doc="no update while every class error is below this")
    start_epoch: int = _key(0, low=0, doc="first epoch in which the head learns")
    stop_epoch: int = _key(0, low=0, doc="epoch from which it is frozen; 0: never")


@dataclass(frozen=True)
class TrainingConfig:
    """How long, in which order, and how the steps fall."""

    epochs: int = _key(1, low=1, high=100_000, doc="passes over the training set")
    seed: int = _key(0, low=0, high=2**32 - 1, doc="of weights, p-bits, rounding and sample order")
    schedule: str = _key("linear", choices=("linear", "constant"), doc="step sizes fall linearly to zero, or not")
    interval: int = _key(500, low=1, high=65_535, doc="presentations between two step-size writes by the host")
    predictor: str = _key("head", choices=("head", "goodness"), doc="which prediction `test_accuracy` reports")
    test_draws: int = _key(1, low=1, high=64, doc="presentations of each test sample, their logits summed")


@dataclass(frozen=True)
class Config:
    """A whole network with its training: what a TOML file holds."""

    name: str
    data: DataConfig
    layers: tuple[LayerConfig, ...]
    head: HeadConfig
    training: TrainingConfig

    def to_dict(self) -> dict[str, Any]:
        """The configuration as plain dictionaries; `parse` takes it back unchanged."""
        plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        plain["layer"] = plain.pop("layers")
        return plain

    def with_training(self, **changes: Any) -> Config:
        """A copy with some keys of ``[training]`` replaced and checked."""
        plain = self.to_dict()
        plain["training"].update(changes)
        return parse(plain, source=self.name)


SECTIONS = {"data": DataConfig, "layer": LayerConfig, "head": HeadConfig, "training": TrainingConfig}


def _allowed(meta: Any, kind: str) -> str:
    if meta["choices"] is not None:
        return "one of " + ", ".join(json.dumps(c) for c in meta["choices"])
    low, high = meta["low"], meta["high"]
    span = {
        (True, True): f" from {low} to {high}",
        (True, False): f" of at least {low}",
        (False, True): f" of at most {high}",
        (False, False): "",
    }[(low is not None, high is not None)]
    return {
        "int": "a whole number",
        "float": "a number",
        "bool": "true or false",
        "str": "a text",
        "tuple[int, ...]": "a list of whole numbers",
    }[kind] + span


def _value(where: str, spec: dataclasses.Field[Any], value: Any) -> Any:
    kind = str(spec.type)
    meta = spec.metadata
    types: dict[str, tuple[type, ...]] = {
        "int": (int,),
        "float": (int, float),
        "bool": (bool,),
        "str": (str,),
        "tuple[int, ...]": (list, tuple),
    }
    ok = isinstance(value, types[kind]) and (kind == "bool" or not isinstance(value, bool))
    items = list(value) if ok and kind.startswith("tuple") else [value]
    if kind.startswith("tuple"):
        ok = ok and len(items) > 0 and all(isinstance(v, int) and not isinstance(v, bool) for v in items)
    if ok and meta["choices"] is not None:
        ok = value in meta["choices"]
    if ok and meta["low"] is not None:
        ok = all(v >= meta["low"] for v in items)
    if ok and meta["high"] is not None:
        ok = all(v <= meta["high"] for v in items)
    if not ok:
        raise ConfigError(f"{where}.{spec.name} = {json.dumps(value)}: expected {_allowed(meta, kind)}")
    if kind.startswith("tuple"):
        return tuple(items)
    return float(value) if kind == "float" else value


def _section(where: str, cls: Any, table: Any) -> Any:
    if not isinstance(table, dict):
        raise ConfigError(f"{where} = {json.dumps(table)}: expected a table [{where}]")
    specs = {f.name: f for f in dataclasses.fields(cls)}
    for key in table:
        if key not in specs:
            raise ConfigError(f"{where}.{key}: unknown key; allowed are {', '.join(specs)}")
    return cls(**{k: _value(where, specs[k], v) for k, v in table.items()})


def parse(table: dict[str, Any], *, source: str = "config") -> Config:
    """Check a configuration given as nested dictionaries.

    Parameters
    ----------
    table : dict
        As read from TOML: ``name``, tables ``data``, ``head``, ``training``, a list of tables ``layer``.
    source : str
        Named in errors, and the default of ``name``.

    Returns
    -------
    Config

    Raises
    ------
    ConfigError
        For the first key that is unknown, of the wrong type, out of range, or at odds with another.
    """
    try:
        for key in table:
            if key != "name" and key not in SECTIONS:
                raise ConfigError(f"{key}: unknown key; allowed are name, {', '.join(SECTIONS)}")
        layers = table.get("layer", [])
        if not isinstance(layers, list) or not layers:
            raise ConfigError("layer: expected at least one table [[layer]]")
        config = Config(
            name=str(table.get("name", source)),
            data=_section("data", DataConfig, table.get("data", {})),
            layers=tuple(_section(f"layer[{i + 1}]", LayerConfig, t) for i, t in enumerate(layers)),
            head=_section("head", HeadConfig, table.get("head", {})),
            training=_section("training", TrainingConfig, table.get("training", {})),
        )
        _check(config)
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None
    return config


def _check(config: Config) -> None:
    """What concerns more than one key."""
    data = config.data
    if list(data.levels) != sorted(set(data.levels)):
        raise ConfigError(f"data.levels = {list(data.levels)}: expected rising values without repeats")
    if data.encoding == "threshold" and len(data.levels) != 1:
        raise ConfigError(f'data.levels = {list(data.levels)}: expected one value with encoding "threshold"')
    if config.training.predictor == "head" and not config.head.enabled:
        raise ConfigError('training.predictor = "head": expected "goodness" while head.enabled = false')
    for i, layer in enumerate(config.layers):
        where = f"layer[{i + 1}]"
        if layer.channels % CLASSES:
            raise ConfigError(
                f"{where}.channels = {layer.channels}: expected a multiple of {CLASSES}, one group per class"
            )
        if layer.fraction_bits >= layer.weight_bits:
            raise ConfigError(
                f"{where}.fraction_bits = {layer.fraction_bits}: expected less than weight_bits = {layer.weight_bits}"
            )
        if layer.stop_epoch and layer.stop_epoch <= layer.start_epoch:
            raise ConfigError(
                f"{where}.stop_epoch = {layer.stop_epoch}: expected 0 or more than start_epoch = {layer.start_epoch}"
            )
        if layer.kind == "dense" and (layer.pool != 1 or layer.groups != 1):
            raise ConfigError(f"{where}: a dense layer has one position; expected pool = 1 and groups = 1")
        if layer.kind == "conv" and layer.padding >= layer.kernel:
            raise ConfigError(f"{where}.padding = {layer.padding}: expected less than kernel = {layer.kernel}")
        if layer.groups > 1 and (i == 0 or config.layers[i - 1].channels % layer.groups):
            raise ConfigError(
                f"{where}.groups = {layer.groups}: expected 1 where the input has no {layer.groups} class groups"
            )
        per_group = layer.channels // layer.groups
        if layer.lanes and per_group % layer.lanes and layer.lanes % per_group:
            raise ConfigError(f"{where}.lanes = {layer.lanes}: expected a divisor of {per_group} channels per group")
    head = config.head
    if head.fraction_bits >= head.weight_bits + 4:
        raise ConfigError(
            f"head.fraction_bits = {head.fraction_bits}: expected at most weight_bits + 3 = {head.weight_bits + 3}"
        )
    if head.stop_epoch and head.stop_epoch <= head.start_epoch:
        raise ConfigError(
            f"head.stop_epoch = {head.stop_epoch}: expected 0 or more than start_epoch = {head.start_epoch}"
        )


_SETTING = re.compile(r"(data|head|training|layer)(?:\[(\d+)\])?\.(\w+)=(.*)", re.DOTALL)


def override(config: Config, settings: Sequence[str]) -> Config:
    """A copy with some keys replaced, as ``bsff train --set`` gives them.

    Parameters
    ----------
    settings : sequence of str
        Each ``section.key=value``: ``training.epochs=3``, ``layer.step=0.01`` (every layer), ``layer[2].tile=3`` (the
        second), ``data.levels=[64, 128]``. Texts need no quotes.

    Raises
    ------
    ConfigError
        If one has another form, names no layer, or gives a value that is not allowed.
    """
    plain = config.to_dict()
    for setting in settings:
        found = _SETTING.fullmatch(setting)
        if found is None or (found[2] and found[1] != "layer"):
            raise ConfigError(
                f"--set {setting}: expected section.key=value with section data, layer, layer[N], head or training"
            )
        section, number, key, text = found.groups()
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        tables = plain["layer"] if section == "layer" else [plain[section]]
        if number:
            if not 1 <= int(number) <= len(tables):
                raise ConfigError(f"--set {setting}: expected layer[1] to layer[{len(tables)}]")
            tables = [tables[int(number) - 1]]
        for table in tables:
            table[key] = value
    return parse(plain, source=config.name)


def names() -> list[str]:
    """Names of the built-in configurations, sorted."""
    folder = resources.files(__package__) / "configs"
    return sorted(p.name[:-5] for p in folder.iterdir() if p.name.endswith(".toml"))


def load(name: str | Path) -> Config:
    """Read a configuration: a built-in name, or the path of a ``.toml`` or ``.json`` file.

    Raises
    ------
    ConfigError
        If there is no such file or name, if it is not valid TOML/JSON, or if a key is wrong.
    """
    path = Path(name)
    if path.suffix in (".toml", ".json"):
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(
                f"{path}: cannot be read ({error.strerror}); give a file or one of {', '.join(names())}"
            ) from None
    else:
        if str(name) not in names():
            raise ConfigError(
                f"{name}: no such configuration; built in are {', '.join(names())}, or give a path ending in .toml"
            )
        path = Path(f"{name}.toml")
        text = (resources.files(__package__) / "configs" / path.name).read_text(encoding="utf-8")
    return parse(_decode(text, path), source=path.stem if path.suffix == ".toml" else str(path))


def _decode(text: str, path: Path) -> dict[str, Any]:
    if path.suffix == ".json":
        try:
            table = json.loads(text)
        except ValueError as error:
            raise ConfigError(f"{path}: not valid JSON: {error}") from None
    else:
        try:
            import tomllib
        except ModuleNotFoundError:  # Python 3.10 on a PYNQ image: the run's config.json needs no TOML reader
            raise ConfigError(f"{path}: reading TOML needs Python 3.11; give the run's config.json instead") from None
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path}: not valid TOML: {error}") from None
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: expected a table at the top")
    return table


def dumps(config: Config) -> str:
    """The configuration as TOML, every key written out with its documentation."""

    def value(v: Any) -> str:
        return json.dumps(list(v) if isinstance(v, tuple) else v)

    lines = [f"name = {json.dumps(config.name)}"]
    sections: list[tuple[str, Any]] = [
        ("[data]", config.data),
        *[("[[layer]]", layer) for layer in config.layers],
        ("[head]", config.head),
        ("[training]", config.training),
    ]
    for title, section in sections:
        lines += ["", title]
        for spec in dataclasses.fields(section):
            entry = f"{spec.name} = {value(getattr(section, spec.name))}"
            lines.append(f"{entry:<28}# {spec.metadata['doc']}")
    return "\n".join(lines) + "\n"
