"""Where configurations come from and go to: built-in names, TOML and JSON files, ``--set`` on the command line."""

import dataclasses
import importlib
import json
import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from bsff.errors import ConfigError

from .check import parse
from .schema import Config

_FOLDER = resources.files("bsff") / "networks"
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
    return sorted(p.name[:-5] for p in _FOLDER.iterdir() if p.name.endswith(".toml"))


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
        text = (_FOLDER / path.name).read_text(encoding="utf-8")
    return parse(_decode(text, path), source=path.stem if path.suffix == ".toml" else str(path))


def _toml() -> Any:
    """The standard library's TOML reader; before Python 3.11 (PYNQ images carry 3.10) tomli, if it is there."""
    for name in ("tomllib", "tomli"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    return None


def read_table(path: Path) -> dict[str, Any]:
    """Read a TOML or JSON file as it is, unchecked.

    Raises
    ------
    ConfigError
        If it cannot be read or is not valid.
    """
    try:
        return _decode(path.read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}); give a TOML file"
        ) from None


def _decode(text: str, path: Path) -> dict[str, Any]:
    if path.suffix == ".json":
        try:
            table = json.loads(text)
        except ValueError as error:
            raise ConfigError(f"{path}: not valid JSON: {error}") from None
    else:
        toml = _toml()
        if toml is None:
            raise ConfigError(
                f"{path}: reading TOML needs Python 3.11 or `pip install tomli`; a run's config.json needs neither"
            )
        try:
            table = toml.loads(text)
        except toml.TOMLDecodeError as error:
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
