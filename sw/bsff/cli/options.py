"""Options that several commands share: each has one name, one meaning and one help text.

Commands of other packages (group ``bsff.commands``) use them too.
"""

import argparse
import json
import os
import shlex
from contextlib import suppress
from pathlib import Path
from typing import Any

from bsff.config import Config, load, override
from bsff.errors import BsffError, ConfigError
from bsff.machine.devices import device_names
from bsff.tools.files import part, write_text

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
    """The positional argument RUN, the directory of a training, as ``directory``; the command writes into it."""
    parser.add_argument("directory", type=Path, metavar="RUN", help="run directory")
    parser.set_defaults(outputs=(*(parser.get_default("outputs") or ()), ("RUN", "directory", "RUN", False)))


def add_device(parser: Parser, default: str = "emulated") -> None:
    """``--device``: one of the devices that are installed, some with a place behind a colon."""
    names = device_names()

    def known(text: str) -> str:
        if text.partition(":")[0] not in names:
            raise argparse.ArgumentTypeError(f"invalid choice: {text!r} (choose from {', '.join(map(repr, names))})")
        return text

    parser.add_argument(
        "--device",
        type=known,
        metavar="{" + ",".join(names) + "}[:PLACE]",
        default=default,
        help=f"(default: {default}); serial:/dev/ttyUSB0,115200 names port and rate",
    )


def add_waves(parser: Parser) -> None:
    """``--waves``: a file for the signals of a simulated device."""
    _add_output(parser, "--waves", kind="FILE", help="record every signal (FST); --device rtl only")


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
    _add_output(parser, "-o", "--out", kind=kind, default=default, help=text)


def add_json(parser: Parser) -> None:
    """``--json``: a file for the printed numbers."""
    _add_output(parser, "--json", kind="FILE", help="write the numbers to FILE too")


def add_results(parser: Parser, default: str) -> None:
    """``--results``: a file that a command goes on writing; its folder is made."""
    _add_output(parser, "--results", kind="FILE", makes_folder=True, help=f"results (default: {default})")


def _add_output(parser: Parser, *flags: str, kind: str, makes_folder: bool = False, **options: Any) -> None:
    """An option for something to write; `check_outputs` looks at it before the command begins."""
    action = parser.add_argument(*flags, type=Path, metavar=kind, **options)
    known = parser.get_default("outputs") or ()
    parser.set_defaults(outputs=(*known, (flags[-1], action.dest, kind, makes_folder)))


def check_outputs(arguments: argparse.Namespace) -> None:
    """Refuse a file or folder that cannot be written before the work is done that it is to hold.

    Raises
    ------
    BsffError
    """
    for option, name, kind, makes_folder in getattr(arguments, "outputs", ()):
        path = getattr(arguments, name)
        if path is not None:
            try:
                if kind == "FILE":
                    _try_file(path, makes_folder)
                elif kind == "DIR" or path.is_dir():  # a RUN that is not there is refused when it is read
                    _try_folder(path)
            except OSError as error:
                raise _unwritable(option, path, error, kind) from error


def _try_file(path: Path, makes_folder: bool) -> None:
    if path.exists() and not path.is_file() and not path.is_dir():  # a pipe, a terminal, /dev/null
        return
    if path.is_dir():
        path.open("ab").close()  # raises what the system says of it
    if makes_folder:
        _try_folder(path.absolute().parent)
    else:
        _try_in(Path(os.path.realpath(path)))


def _try_folder(path: Path) -> None:
    there = next(each for each in [path, *path.absolute().parents] if each.exists())
    _try_in(there / path.name)


def _try_in(path: Path) -> None:
    """Make a file beside `path` and remove it again: permissions alone do not tell, least of all root."""
    probe = part(path)
    try:
        probe.open("xb").close()
    finally:
        with suppress(OSError):  # it was not made
            probe.unlink()


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
        raise _unwritable(option, path, error, "FILE") from error


def make_output(option: str, path: Path) -> None:
    """Make the folder that an option names, unless it is there.

    Raises
    ------
    BsffError
        If it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(option, path, error, "DIR") from error


def _unwritable(option: str, path: Path, error: OSError, kind: str) -> BsffError:
    other = "file" if kind == "FILE" else "folder"
    return BsffError(
        f"{option} {path}: cannot be written ({error.strerror or error}); name another {other}, or make room"
    )


def pasteable(*words: object) -> str:
    """A command that can be pasted into a shell, whatever characters are in its words."""
    return shlex.join(str(word) for word in words)
