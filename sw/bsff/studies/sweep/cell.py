"""One cell of a sweep: everything that decides the numbers of one row."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bsff.config import Config, DataConfig, HeadConfig, LayerConfig, TrainingConfig, load, override
from bsff.errors import ConfigError

VARIANTS = {"real": None, "bsff": "surprisal", "bgbsff": "xor", "boxcar": "boxcar", "golden": None}
"""Variants, with the eligibility that each sets; None leaves that of the configuration.

``real``: the real-valued CwC-FF. ``bsff``, ``bgbsff``, ``boxcar``: p-bits in the float reference. ``golden``: the machine.
"""
FOLDING = ("lanes", "banks", "tiles", "update_banks", "update_lanes")
"""Keys of a layer that decide speed and area but not one bit; a row does not depend on them."""


def _option(default: Any, doc: str, choices: tuple[str, ...] | None = None) -> Any:
    return field(default=default, metadata={"doc": doc, "choices": choices})


@dataclass(frozen=True)
class Options:
    """What a sweep chooses beside the configuration; the keys of a specification without a dot."""

    network: str = _option("", "built-in network or path of a TOML file")
    variant: str = _option("golden", "what is trained", tuple(VARIANTS))
    split: str = _option(
        "validation",
        "`validation`: train on the first 90 % of the training set, test on its last 10 %, to choose settings; "
        "`test`: the whole training set and the test set, for final numbers",
        ("validation", "test"),
    )
    learning_rate: float = _option(5e-3, "of Adam, in the float variants")
    batch_size: int = _option(50, "samples per step, in the float variants")
    loss: str = _option(
        "after", "goodness before or after the normalisation, in the float variants", ("after", "before")
    )
    optimiser: str = _option(
        "adam", "`sgd`: plain gradient with the steps of the configuration, in the float variants", ("adam", "sgd")
    )
    quantise: bool = _option(False, "weights on the machine's grid, rounded at random, in the float variants")
    gated: bool = _option(False, "learn only from samples whose error reaches the gate, in the float variants")
    random: str = _option(
        "hardware", "`perfect`: the machine draws from SplitMix64 instead of its LFSR", ("hardware", "perfect")
    )
    input: str = _option(
        "usual",
        "what the first layer of a float variant reads; usual: `pixels` for `real`, the machine's `bits` for the others",
        ("usual", "pixels", "bits"),
    )
    label: str = _option("", "name of the case in tables")


OPTIONS = {spec.name: spec for spec in dataclasses.fields(Options)}


@dataclass(frozen=True)
class Cell:
    """Options and the whole configuration of one training."""

    options: Options
    config: Config

    def describe(self) -> dict[str, str]:
        """Every option and every key of the configuration, by column, as text.

        Columns are named as in a specification: ``data.encoding``, ``layer1.tile``, ``head.step``. Folding is left out,
        since it changes no result.
        """
        plain = self.config.to_dict()
        columns = dict(dataclasses.asdict(self.options))
        sections = [("data", plain["data"])]
        sections += [(f"layer{i}", layer) for i, layer in enumerate(plain["layer"], 1)]
        sections += [("head", plain["head"]), ("training", plain["training"])]
        for name, section in sections:
            columns |= {f"{name}.{key}": value for key, value in section.items() if key not in FOLDING}
        return {key: text(value) for key, value in columns.items()}

    def defaults(self) -> dict[str, str]:
        """What `describe` says where nothing was chosen; the columns are the same."""
        plain = {spec.name: spec.default for spec in OPTIONS.values()}
        sections: dict[str, Any] = {"data": DataConfig, "head": HeadConfig, "training": TrainingConfig}
        sections |= {f"layer{i}": LayerConfig for i in range(1, len(self.config.layers) + 1)}
        for name, section in sections.items():
            plain |= {f"{name}.{spec.name}": spec.default for spec in dataclasses.fields(section)}
        return {key: text(list(value) if isinstance(value, tuple) else value) for key, value in plain.items()}


def text(value: Any) -> str:
    """A value as a results file holds it: texts as they are, the rest as JSON, nothing for None."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def make_cell(keys: dict[str, Any], *, where: str, folder: Path) -> Cell:
    """A cell from the keys of a specification.

    Parameters
    ----------
    keys : dict
        Options (`Options`) and keys of the configuration as ``--set`` takes them (``layer.tile``, ``layer[2].step``,
        ``training.seed``); ``seed`` and ``epochs`` are short for ``training.seed`` and ``training.epochs``.
    where : str
        For messages: file and case.
    folder : Path
        To which a relative path of a network refers.

    Raises
    ------
    ConfigError
        If a key is unknown or a value is not allowed.
    """
    short = {"seed": "training.seed", "epochs": "training.epochs"}
    keys = {short.get(key, key): value for key, value in keys.items()}
    chosen: dict[str, Any] = {key: value for key, value in keys.items() if "." not in key}
    for key, value in chosen.items():
        if key not in OPTIONS:
            raise ConfigError(
                f"{where}: {key}: unknown key; allowed are {', '.join(OPTIONS)}, seed, epochs, section.key"
            )
        _check(where, key, value)
    if "learning_rate" in chosen:
        chosen["learning_rate"] = float(chosen["learning_rate"])
    options = Options(**chosen)
    if not options.network:
        raise ConfigError(f"{where}: network: missing; name a built-in network or a TOML file")
    settings = [f"{key}={text(value)}" for key, value in keys.items() if "." in key]
    eligibility = VARIANTS[options.variant]
    if eligibility is not None:
        settings.append(f"layer.eligibility={eligibility}")
    try:
        path = options.network
        config = load(folder / path if path.endswith((".toml", ".json")) else path)
        return Cell(options, override(config, settings))
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def _check(where: str, key: str, value: Any) -> None:
    spec = OPTIONS[key]
    choices = spec.metadata["choices"]
    if choices is not None and value not in choices:
        raise ConfigError(f"{where}: {key} = {value!r}: expected one of {', '.join(choices)}")
    kind: Any = spec.type
    if not isinstance(value, (int, float) if kind is float else kind) or (isinstance(value, bool) and kind is not bool):
        raise ConfigError(f"{where}: {key} = {value!r}: expected {spec.metadata['doc']}")
    if isinstance(value, (int, float)) and kind is not bool and value <= 0:
        raise ConfigError(f"{where}: {key} = {value!r}: expected more than 0")
