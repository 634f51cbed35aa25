"""Every command of `bsff`, found in its parser, with arguments that do little; and what makes them fail."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bsff.cli.main import parser
from bsff.tools.process import patient

NETWORK = "digits-tiny"
SWEEP = """
title = "Two cells"
[base]
network = "digits-tiny"
variant = "golden"
epochs = 1
"data.train_samples" = 40
"data.test_samples" = 40
[grid]
seed = [0, 1]
[[table]]
rows = ["training.seed"]
"""
SMALLEST = ["data.dataset=own", "data.input=[2,2,1]", "data.classes=2", "layer[1].channels=2"]
SMALLEST = [word for setting in SMALLEST for word in ("--set", setting)]
SHORT = {
    "bench": ["--device", "emulated", "--samples", "2"],
    "build": ["--no-run"],
    "energy": ["--samples", "2"],
    "flash": ["--dry-run"],
    "selftest": ["--device", "emulated"],
    "sweep": ["--workers", "1"],
    "synth": ["--block", "head", "--no-route", *SMALLEST],
    "train": ["--samples", "40"],
}
"""Options with which a command ends soon; one that needs none is not here."""


@dataclass(frozen=True)
class Command:
    """A command, such as ``train`` or ``config show``."""

    name: str
    parser: argparse.ArgumentParser

    @property
    def actions(self) -> list[argparse.Action]:
        return [each for each in self.parser._actions if not isinstance(each, argparse._HelpAction)]

    def options(self, kind: str) -> list[str]:
        """Its options whose value is called `kind`."""
        return [each.option_strings[-1] for each in self.actions if each.metavar == kind and each.option_strings]

    def has(self, option: str) -> bool:
        return any(option in each.option_strings for each in self.actions)

    def line(self, place: Path, /, extra: Sequence[object] = (), **replaced: object) -> list[str]:
        """Its words, with arguments of `place`, which `prepare` has filled; `replaced` by the name of an argument."""
        values: dict[str, object] = {
            "config": NETWORK, "directory": place / "run", "first": place / "run", "second": place / "run",
            "spec": place / "sweep.toml", "folder": place / ("built" if self.name == "flash" else "reports"), "target": "xc7z020", "board": "pynq-z2", **replaced,
        }  # fmt: skip
        words = [*self.name.split()]
        for each in self.actions:
            needed = each.required or (each.dest in values and not each.option_strings)
            if needed and each.nargs != 0:
                assert each.dest in values, f"bsff {self.name}: what may {each.dest} be? Say it in command_lines.py"
                words += [*each.option_strings[-1:], str(values[each.dest])]
        return [*words, *SHORT.get(self.name, []), *map(str, extra)]


def commands() -> dict[str, Command]:
    """All of them; one that a package brings, or that is new, is among them."""
    return {name: Command(name, found) for name, found in _leaves("", parser())}


def _leaves(name: str, found: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    below = [each for each in found._actions if isinstance(each, argparse._SubParsersAction)]
    if not below:
        yield name, found
    for group in below:
        for word, each in group.choices.items():
            yield from _leaves(f"{name} {word}".strip(), each)


def prepare(folder: Path) -> None:
    """What the arguments of `Command.line` name: a run, a sweep with a result, a report of synthesis, a bitstream."""
    train = commands()["train"].line(folder, ["--out", folder / "run"])
    done = bsff(train, folder)
    assert done.returncode == 0, done.stderr
    (folder / "sweep.toml").write_text(SWEEP)
    root = Path(__file__).resolve().parents[2]
    (folder / "reports").mkdir()
    shutil.copytree(root / "bitstreams" / "ulx3s-85f-digits-small", folder / "built")
    report = next((root / "docs" / "results" / "synthesis").glob("*.json"))
    (folder / "reports" / report.name).write_bytes(report.read_bytes())


FOREGROUND = """
import signal
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
"""
"""What a shell runs in the background has SIGINT ignored, what nohup runs SIGHUP, and their children too."""
MAIN = "import sys; sys.argv[0] = 'bsff'; from bsff.cli import main; sys.exit(main())\n"


class Child(subprocess.Popen[str]):
    """A process that is killed where a test fails: it would be waited for, for ever."""

    def __exit__(self, kind: Any, *rest: Any) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, *rest)


def start(words: Sequence[object], folder: Path, before: str = "", **options: object) -> Child:
    """`bsff` in a process of its own, in the foreground as to signals; `before` is Python that runs first."""
    # what is printed waits in a buffer, as it does for users
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return Child(
        [sys.executable, "-c", FOREGROUND + before + MAIN, *map(str, words)],
        **{"cwd": folder, "env": environment, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options},
    )  # type: ignore[call-overload,no-any-return]  # fmt: skip


def bsff(
    words: Sequence[object], folder: Path, before: str = "", seconds: float = 200, **options: object
) -> subprocess.CompletedProcess[str]:
    """`start`, and wait for the end."""
    with start(words, folder, before, **options) as process:
        try:
            out, error = process.communicate(timeout=patient(seconds))
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, error)


def assert_sentence(said: str) -> None:
    """The last thing that was said is one sentence of ours, and no traceback is in it."""
    assert_no_traceback(said)
    assert said.splitlines()[-1].startswith("bsff: "), said


def assert_no_traceback(said: str) -> None:
    for sign in ("Traceback", "Exception ignored", "Error:\n"):
        assert sign not in said, said


def can_mount(folder: Path) -> bool:
    """Whether a small file system can be mounted here."""
    if os.geteuid() != 0:
        return False
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True)
    return done.returncode == 0 and subprocess.run(["umount", folder], capture_output=True).returncode == 0
