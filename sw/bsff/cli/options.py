"""Options that several commands share: each has one name, one meaning and one help text.

Commands of other packages (group ``bsff.commands``) use them too.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from bsff.config import Config, load, override
from bsff.errors import BsffError, ConfigError
from bsff.machine.devices import device_names
from bsff.tools.files import write_text

Parser = argparse.ArgumentParser


def add_config(parser: Parser, *, optional: bool = False, text: str = "") -> None:
    """The positional argument CONFIG, and ``--set`` that changes keys of it; `chosen_config` reads both.

    Parameters
    ----------
    parser : ArgumentParser
    optional : bool
        Whether the command may be called without a configuration.
    text : str
        What this command adds to the help of CONFIG.
    """
    parser.add_argument(
        "config", nargs="?" if optional else None, help=f"a built-in name (see `bsff config list`) or a TOML file{text}"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="settings",
        help="replace a key of the configuration, such as layer[1].step=0.01; may be repeated",
    )


def chosen_config(arguments: argparse.Namespace) -> Config:
    """The configuration that CONFIG and ``--set`` describe.

    Raises
    ------
    ConfigError
        If it cannot be read, or a setting is not allowed.
    """
    return override(load(arguments.config), arguments.settings)


def add_run(parser: Parser) -> None:
    """The positional argument RUN, the directory of a training, as ``directory``."""
    parser.add_argument("directory", type=Path, metavar="RUN", help="run directory")


def add_device(parser: Parser, default: str = "emulated") -> None:
    """``--device``: one of the devices that are installed."""
    parser.add_argument("--device", choices=device_names(), default=default, help=f"(default: {default})")


def add_waves(parser: Parser) -> None:
    """``--waves``: a file for the signals of a simulated device."""
    parser.add_argument("--waves", type=Path, metavar="FILE", help="record every signal (FST); --device rtl only")


def add_data(parser: Parser) -> None:
    """``--data``: the folder of the data sets, for `bsff.data.load_dataset`."""
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="folder with the data sets (default: BSFF_DATA, else download)"
    )


def add_samples(parser: Parser, default: int, text: str) -> None:
    """``--samples``: how many to present; `check_samples` refuses less than one."""
    parser.add_argument("--samples", type=int, default=default, metavar="N", help=f"{text} (default: {default})")


def check_samples(arguments: argparse.Namespace) -> None:
    """Refuse ``--samples`` below 1.

    Raises
    ------
    ConfigError
    """
    if arguments.samples < 1:
        raise ConfigError(f"--samples {arguments.samples}: expected at least 1")


def add_out(parser: Parser, text: str, *, kind: str = "DIR", default: Path | None = None) -> None:
    """``-o``, ``--out``: the folder (``kind="DIR"``) or the file (``"FILE"``) that a command writes."""
    parser.add_argument("-o", "--out", type=Path, metavar=kind, default=default, help=text)


def add_json(parser: Parser) -> None:
    """``--json``: a file for the printed numbers."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE too")


def write_output(option: str, path: Path, content: str | dict[str, Any]) -> None:
    """Write the file that an option names: a text as it is, a dictionary as JSON.

    Raises
    ------
    BsffError
        If the file cannot be written.
    """
    text = content if isinstance(content, str) else json.dumps(content, indent=1) + "\n"
    try:
        write_text(path, text)
    except OSError as error:
        raise BsffError(f"{option} {path}: cannot be written ({error}); name another file") from error
