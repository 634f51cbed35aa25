"""Checks a configuration against the schema; every error names the key, the value and what is allowed."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from bsff.errors import ConfigError

from .encodings import ENCODINGS
from .schema import CLASSES, Config, DataConfig, HeadConfig, LayerConfig, TrainingConfig

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
    if ENCODINGS[data.encoding].single_level and len(data.levels) != 1:
        raise ConfigError(f'data.levels = {list(data.levels)}: expected one value with encoding "{data.encoding}"')
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
