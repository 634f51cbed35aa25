"""One cell of a sweep: everything that decides the numbers of one row."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bsff.config import Config, DataConfig, HeadConfig, LayerConfig, TrainingConfig, load, override
from bsff.config.check import check_value
from bsff.config.schema import key
from bsff.errors import ConfigError

VARIANTS = {"real": None, "bsff": "surprisal", "bgbsff": "xor", "boxcar": "boxcar", "golden": None}
"""Variants, with the eligibility that each sets; None leaves that of the configuration.

``real``: the real-valued CwC-FF. ``bsff``, ``bgbsff``, ``boxcar``: p-bits in the float reference. ``golden``: the machine.
"""
FOLDING = ("lanes", "banks", "tiles", "update_banks", "update_lanes")
"""Keys of a layer that decide speed and area but not one bit; a row does not depend on them."""


@dataclass(frozen=True)
class Options:
    """What a sweep chooses beside the configuration; the keys of a specification without a dot."""

    network: str = key("", doc="built-in network or path of a TOML file")
    variant: str = key("golden", choices=VARIANTS, doc="what is trained")
    split: str = key(
        "validation",
        choices=("validation", "test"),
        doc="`validation`: train on the first 90 % of the training set, test on its last 10 % (of own data: on a tenth of "
        "each class), to choose settings; "
        "`test`: the whole training set and the test set, for final numbers",
    )
    learning_rate: float = key(5e-3, low=1e-9, doc="of Adam, in the float variants")
    batch_size: int = key(50, low=1, doc="samples per step, in the float variants")
    loss: str = key(
        "after", choices=("after", "before"), doc="goodness after or before the normalisation (float variants)"
    )
    optimiser: str = key(
        "adam",
        choices=("adam", "sgd"),
        doc="`sgd`: plain gradient with the steps of the configuration (float variants)",
    )
    quantise: bool = key(False, doc="weights on the machine's grid, rounded at random, in the float variants")
    gated: bool = key(False, doc="learn only from samples whose error reaches the gate, in the float variants")
    random: str = key(
        "hardware",
        choices=("hardware", "perfect"),
        doc="`perfect`: the machine draws from SplitMix64 instead of its LFSR",
    )
    input: str = key(
        "usual",
        choices=("usual", "pixels", "bits"),
        doc="what the first layer of a float variant reads; usual: `pixels` for `real`, the machine's `bits` for the others",
    )
    label: str = key("", doc="name of the case in tables")


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
        The folder to which a relative path of a network refers.

    Raises
    ------
    ConfigError
        If a key is unknown or a value is not allowed.
    """
    short = {"seed": "training.seed", "epochs": "training.epochs"}
    keys = {short.get(name, name): value for name, value in keys.items()}
    chosen: dict[str, Any] = {name: value for name, value in keys.items() if "." not in name}
    for name, value in chosen.items():
        if name not in OPTIONS:
            allowed = ", ".join(OPTIONS)
            raise ConfigError(f"{where}: {name}: unknown key; allowed are {allowed}, seed, epochs, section.key")
        chosen[name] = check_value(f"{where}: {name}", OPTIONS[name], value)
    options = Options(**chosen)
    if not options.network:
        raise ConfigError(f"{where}: network: missing; name a built-in network or a TOML file")
    settings = [f"{name}={text(value)}" for name, value in keys.items() if "." in name]
    eligibility = VARIANTS[options.variant]
    if eligibility is not None:
        settings.append(f"layer.eligibility={eligibility}")
    try:
        path = options.network
        config = load(folder / path if path.endswith((".toml", ".json")) else path)
        return Cell(options, override(config, settings))
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
