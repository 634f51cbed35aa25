"""A configuration together with its data: what it leaves to the data is settled, and a size becomes a network."""

import argparse
import json
from pathlib import Path

from bsff.config import OWN, Config, data_of, override, parse
from bsff.config.architecture import SIZES, architecture
from bsff.data import Dataset, load_dataset, resolve
from bsff.errors import ConfigError

from .options import Parser, chosen_config


def add_own(parser: Parser) -> None:
    """``--own``: the user's own data, a file or a folder."""
    parser.add_argument(
        "--own",
        type=Path,
        metavar="PATH",
        help="learn your own data: an .npz, a .csv, or a folder of images or of IDX files (sets data.dataset and data.path)",
    )


def config_with_data(arguments: argparse.Namespace) -> tuple[Config, Dataset]:
    """The configuration that CONFIG, ``--own`` and ``--set`` describe, and its data.

    CONFIG may be a size of `bsff.config.architecture`, whose network is made for the data.

    Raises
    ------
    ConfigError
        If it cannot be read, a setting is not allowed, or it does not fit the data.
    DataError
        If the data cannot be read.
    """
    own: Path | None = getattr(arguments, "own", None)
    if own is not None:
        found = [setting for setting in arguments.settings if setting.startswith(("data.dataset=", "data.path="))]
        if found:
            raise ConfigError(f"--set {found[0]}: expected either that or --own {own}")
        path = json.dumps(str(own.expanduser().absolute()))  # a run that goes on elsewhere finds it
        arguments.settings = [f"data.dataset={OWN}", f"data.path={path}", *arguments.settings]
    if arguments.config in SIZES:
        return _of_size(arguments)
    config = chosen_config(arguments)
    data = load_dataset(config.data, folder=arguments.data)
    return resolve(config, data), data


def _of_size(arguments: argparse.Namespace) -> tuple[Config, Dataset]:
    """A network of a size, for the data that the settings name."""
    if not any(setting.startswith("data.dataset=") for setting in arguments.settings):
        raise ConfigError(
            f"{arguments.config}: a network of this size is made for data: name yours with --own PATH, or a data set "
            "with --set data.dataset=NAME"
        )
    wanted = data_of(arguments.settings)
    data = load_dataset(wanted, folder=arguments.data)
    _, height, width, colours = data.train_images.shape
    table = data.scaling is not None and data.scaling.rule != "common"
    made = architecture(
        arguments.config, (height, width, colours), len(data.classes), table=table, samples=len(data.train_labels)
    )
    if wanted.dataset != OWN:  # its shape and classes stand in the catalogue
        keys = made.to_dict()
        keys["data"] |= {"dataset": wanted.dataset, "input": [], "classes": 0}
        made = parse(keys, source=made.name)
    return override(made, arguments.settings), data
