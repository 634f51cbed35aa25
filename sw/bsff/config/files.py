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

from .check import parse, parse_data
from .schema import Config, DataConfig

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
    _apply(plain, settings)
    return parse(plain, source=config.name)


def data_of(settings: Sequence[str]) -> DataConfig:
    """The section ``data`` that some settings describe, those of other sections left out; no network stands behind it.

    Raises
    ------
    ConfigError
        As `override`.
    """
    plain: dict[str, Any] = {"data": {}}
    _apply(plain, [setting for setting in settings if setting.startswith("data.")])
    return parse_data(plain["data"])


def _apply(plain: dict[str, Any], settings: Sequence[str]) -> None:
    """Set keys in the tables of a configuration."""
    for setting in settings:
        found = _SETTING.fullmatch(setting)
        if found is None or (found[2] and found[1] != "layer"):
            raise ConfigError(
                f"--set {setting}: expected section.key=value with section data, layer, layer[N], head or training"
            )
        section, number, key, text = found.groups()
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = text
        tables = plain["layer"] if section == "layer" else [plain[section]]
        if number:
            if not 1 <= int(number) <= len(tables):
                raise ConfigError(f"--set {setting}: expected layer[1] to layer[{len(tables)}]")
            tables = [tables[int(number) - 1]]
        for table in tables:
            table[key] = value


def names() -> list[str]:
    """Names of the built-in configurations, sorted."""
    return sorted(p.name[:-5] for p in _FOLDER.iterdir() if p.name.endswith(".toml"))


def load(name: str | Path) -> Config:
    """Read a configuration: a built-in name, or the path of a ``.toml`` or ``.json`` file.

    Raises
    ------
    ConfigError
        If there is no such file or name, if it is no text in UTF-8 or not valid TOML/JSON, or if a key is wrong.
    """
    path = Path(name)
    if path.suffix in (".toml", ".json"):
        table = read_table(path, f"give a file or one of {', '.join(names())}")
    else:
        if str(name) not in names():
            raise ConfigError(
                f"{name}: no such configuration; built in are {', '.join(names())}, or give a path ending in .toml"
            )
        path = Path(f"{name}.toml")
        table = _decode((_FOLDER / path.name).read_text(encoding="utf-8"), path)
    return parse(table, source=path.stem if path.suffix == ".toml" else str(path))


def _toml() -> Any:
    """The standard library's TOML reader; before Python 3.11 (PYNQ images carry 3.10) tomli, if it is there."""
    for name in ("tomllib", "tomli"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    return None


def read_table(path: Path, advice: str = "give a TOML file") -> dict[str, Any]:
    """Read a TOML or JSON file; its keys are unchecked, its values are such as both formats have.

    Parameters
    ----------
    path : Path
    advice : str
        Ends the error if it cannot be read.

    Raises
    ------
    ConfigError
        If it cannot be read or is not valid.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); {advice}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: no text in UTF-8 ({error}); save it as UTF-8") from None
    return _decode(text, path)


def _decode(text: str, path: Path) -> dict[str, Any]:
    if path.suffix == ".json":
        try:
            table = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{path}: not valid JSON: {error}") from None
    else:
        toml = _toml()
        if toml is None:
            raise ConfigError(
                f"{path}: reading TOML needs Python 3.11 or `pip install tomli`; a run's config.json needs neither"
            )
        try:
            table = toml.loads(text)
        except (ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError, and so are numbers too long
            raise ConfigError(f"{path}: not valid TOML: {error}") from None
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: expected a table at the top")
    _check_values(table, "", path)
    name = table.get("name", "")
    if not isinstance(name, str):
        raise ConfigError(f"{path}: name = {json.dumps(name)}: expected a text")
    return table


def _check_values(value: Any, where: str, path: Path) -> None:
    """Refuse what only TOML has, dates and times, and whole numbers that nothing here could hold."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_values(inner, f"{where}.{key}" if where else str(key), path)
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            _check_values(inner, f"{where}[{number}]", path)
    elif isinstance(value, int) and abs(value) >= 2**64:
        raise ConfigError(f"{path}: {where} has a whole number of {value.bit_length()} bits; expected at most 64")
    elif value is not None and not isinstance(value, (str, int, float, bool)):
        raise ConfigError(f"{path}: {where} = {value}: expected a text, a number, true or false, not a date or time")


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
