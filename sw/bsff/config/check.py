"""Checks a configuration against the schema; every error names the key, the value and what is allowed."""

import dataclasses
import json
from typing import Any

from bsff.errors import ConfigError

from .datasets import DATASETS
from .encodings import ENCODINGS
from .schema import Config, DataConfig, HeadConfig, LayerConfig, TrainingConfig

SECTIONS = {"data": DataConfig, "layer": LayerConfig, "head": HeadConfig, "training": TrainingConfig}


KINDS: dict[Any, tuple[str, tuple[type, ...]]] = {
    int: ("a whole number", (int,)),
    float: ("a number", (int, float)),
    bool: ("true or false", (bool,)),
    str: ("a text", (str,)),
    tuple[int, ...]: ("a list of whole numbers", (list, tuple, int)),
}
"""Types of keys: what a value is called, and the types in which it may come."""


def _allowed(spec: dataclasses.Field[Any]) -> str:
    low, high, choices = spec.metadata["low"], spec.metadata["high"], spec.metadata["choices"]
    if choices is not None:
        return "one of " + ", ".join(json.dumps(c) for c in choices)
    span = "" if low is None else f" of at least {low}" if high is None else f" from {low} to {high}"
    return KINDS[spec.type][0] + span


def check_value(name: str, spec: dataclasses.Field[Any], value: Any) -> Any:
    """The value of a key, in the key's type.

    Parameters
    ----------
    name : str
        Name of the key, for errors.
    spec : Field
        Made by `schema.key`.

    Raises
    ------
    ConfigError
        If it is of another type, out of range, or none of the choices.
    """
    kind, meta = spec.type, spec.metadata
    many = kind == tuple[int, ...]
    ok = isinstance(value, KINDS[kind][1]) and (kind is bool or not isinstance(value, bool))
    one = type(value) is int  # for a list: a list of it
    items = list(value) if ok and many and not one else [value]
    if many:
        ok = ok and all(type(v) is int for v in items)
    if ok and meta["choices"] is not None:
        ok = all(item in meta["choices"] for item in items)
    for bound, sign in ((meta["low"], 1), (meta["high"], -1)):
        ok = ok and (bound is None or all(sign * v >= sign * bound for v in items))
    if not ok:
        raise ConfigError(f"{name} = {json.dumps(value)}: expected {_allowed(spec)}")
    if many:
        return tuple(items)
    return float(value) if kind is float else value


def _section(where: str, cls: Any, table: Any) -> Any:
    if not isinstance(table, dict):
        raise ConfigError(f"{where} = {json.dumps(table)}: expected a table [{where}]")
    specs = {f.name: f for f in dataclasses.fields(cls)}
    for key in table:
        if key not in specs:
            raise ConfigError(f"{where}.{key}: unknown key; allowed are {', '.join(specs)}")
    return cls(**{k: check_value(f"{where}.{k}", specs[k], v) for k, v in table.items()})


def parse(table: dict[str, Any], *, source: str = "config") -> Config:
    """Check a configuration given as nested dictionaries.

    Parameters
    ----------
    table : dict
        As read from TOML: ``name``, tables ``data``, ``head``, ``training``, a list of tables ``layer``.
    source : str
        Named in errors, and the default of ``name``.

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
            data=parse_data(table.get("data", {})),
            layers=tuple(_section(f"layer[{i + 1}]", LayerConfig, t) for i, t in enumerate(layers)),
            head=_section("head", HeadConfig, table.get("head", {})),
            training=_section("training", TrainingConfig, table.get("training", {})),
        )
        _check(config)
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None
    return config


def parse_data(table: dict[str, Any]) -> DataConfig:
    """Check the section ``data`` alone; see `parse`."""
    data: DataConfig = _section("data", DataConfig, table)
    _check_data(data)
    return data


def _check(config: Config) -> None:
    """What concerns more than one key."""
    data = config.data
    if config.training.predictor == "head" and not config.head.enabled:
        raise ConfigError('training.predictor = "head": expected "goodness" while head.enabled = false')
    for i, layer in enumerate(config.layers):
        where = f"layer[{i + 1}]"
        if data.class_count and layer.channels % data.class_count:
            raise ConfigError(
                f"{where}.channels = {layer.channels}: expected a multiple of {data.class_count}, one group per class"
            )
        if layer.groups not in (1, data.class_count or layer.groups):
            raise ConfigError(
                f"{where}.groups = {layer.groups}: expected 1 or {data.class_count}, the number of classes"
            )
        if layer.fraction_bits >= layer.weight_bits:
            raise ConfigError(
                f"{where}.fraction_bits = {layer.fraction_bits}: expected less than weight_bits = {layer.weight_bits}"
            )
        _check_epochs(where, layer)
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
    if list(head.layers) != sorted(set(head.layers)) or max(head.layers, default=0) > len(config.layers):
        raise ConfigError(
            f"head.layers = {list(head.layers)}: expected rising numbers of layers from 1 to {len(config.layers)}"
        )
    sources = max(len(head.layers), 1)
    if len(head.pool) not in (1, sources):
        raise ConfigError(f"head.pool = {list(head.pool)}: expected one number, or one for each of {sources} maps")
    _check_epochs("head", head)


def _check_data(data: DataConfig) -> None:
    if not data.levels:
        raise ConfigError("data.levels = []: expected at least one threshold")
    if list(data.levels) != sorted(set(data.levels)):
        raise ConfigError(f"data.levels = {list(data.levels)}: expected rising values without repeats")
    if ENCODINGS[data.encoding].single_level and len(data.levels) != 1:
        raise ConfigError(f'data.levels = {list(data.levels)}: expected one value with encoding "{data.encoding}"')
    if data.classes == 1:
        raise ConfigError("data.classes = 1: expected at least 2, or 0 for those of the data")
    if len(data.input) not in (0, 3):
        raise ConfigError(
            f"data.input = {list(data.input)}: expected [height, width, colours], or [] for that of the data"
        )
    known = DATASETS[data.dataset]
    if known.shape is not None and data.input and data.input != known.shape:
        raise ConfigError(f"data.input = {list(data.input)}: {known.title} has {list(known.shape)}; leave it out")
    if known.classes and data.class_count != len(known.classes):
        raise ConfigError(f"data.classes = {data.classes}: {known.title} has {len(known.classes)}; leave it out")


def _check_epochs(where: str, part: LayerConfig | HeadConfig) -> None:
    start, stop = part.start_epoch, part.stop_epoch
    if stop and stop <= start:
        raise ConfigError(f"{where}.stop_epoch = {stop}: expected 0 or more than start_epoch = {start}")
