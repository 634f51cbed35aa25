"""Every command with every fault that lies outside of it: one sentence and a status, never a traceback.

The commands are those of the parser, so that a new one is tested by itself.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from command_lines import Command, assert_no_traceback, assert_sentence, bsff, can_mount, commands, prepare

from bsff.cli import main
from bsff.tools.interrupt import SIGNALS

COMMANDS = commands()
every = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
OUTPUTS = [(c, option, kind) for c in COMMANDS.values() for kind in ("FILE", "DIR") for option in c.options(kind)]
OUTPUTS = [(c, option, kind) for c, option, kind in OUTPUTS if option in ("--out", "--json", "--waves", "--results")]
OUTPUTS = [
    (c, option, kind) for c, option, kind in OUTPUTS if (c.name, option) != ("report", "--results")
]  # it reads them


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("place")
    prepare(folder)
    return folder


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says, in this process, when it refuses."""
    assert main(words) == 2
    said = capsys.readouterr().err
    assert_sentence(said)
    assert len(said.splitlines()) == 1
    return said


def test_the_commands_are_found() -> None:
    assert {"train", "eval", "config show", "verilog", "build", "sweep"} <= set(COMMANDS)
    assert len(OUTPUTS) > 10


# ---- an output that cannot be written


@pytest.mark.parametrize(("command", "option", "kind"), OUTPUTS, ids=[f"{c.name}{o}" for c, o, _ in OUTPUTS])
def test_an_output_that_cannot_be_written(
    command: Command, option: str, kind: str, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder").mkdir()
    paths = [tmp_path / "file" / "x", Path("/proc/nothing/x"), Path("/proc/x"), tmp_path / ("n" * 300)]
    paths += [tmp_path / "folder"] if kind == "FILE" else [tmp_path / "file"]
    for path in paths:
        said = refused(command.line(place, [option, path]), capsys)
        assert said.startswith(f"bsff: {option} {path}: cannot be written ("), said
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "old"


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS.values() if any(each.metavar == "RUN" and each.dest == "directory" for each in c.actions)],
    ids=lambda c: c.name,
)  # fmt: skip
def test_a_run_that_cannot_be_written(
    command: Command, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not can_mount(tmp_path / "disk"):
        pytest.skip("nothing can be mounted here")
    disk = tmp_path / "disk"
    subprocess.run(["mount", "--bind", place / "run", disk], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", disk], check=True)
        said = refused(command.line(place, directory=disk), capsys)
        assert said.startswith(f"bsff: RUN {disk}: cannot be written (Read-only file system)")
    finally:
        subprocess.run(["umount", disk], check=True)


# ---- a full disk


def one_a_command(these: Iterable[Command]) -> list[Any]:
    """One case a command; `synth` counts a whole machine before it writes anything, so it is among the long tests."""
    return [pytest.param(c, id=c.name, marks=[pytest.mark.long] if c.name == "synth" else []) for c in these]


@pytest.mark.parametrize("command", one_a_command(COMMANDS.values()))
def test_standard_output_is_full(command: Command, place: Path, tmp_path: Path) -> None:
    if command.name == "bench":
        pytest.skip("it needs a machine with a clock, which takes minutes to compile")
    extra = ["--list"] if command.name in ("sweep", "power") else []
    with open("/dev/full", "w") as full:
        done = bsff(command.line(place, extra), tmp_path, stdout=full)
    assert_sentence(done.stderr)
    assert "No space left on device" in done.stderr
    assert done.returncode == 2


@pytest.fixture
def full_disk(place: Path, tmp_path: Path) -> Iterator[Path]:
    """A file system without a free byte on which `place` lies."""
    disk = tmp_path / "disk"
    if not can_mount(disk):
        pytest.skip("nothing can be mounted here")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], check=True)
    try:
        shutil.copytree(place, disk, dirs_exist_ok=True)
        (disk / "runs").mkdir()
        with open(disk / "rest", "wb", buffering=0) as rest:
            try:
                while True:
                    rest.write(bytes(4096))
            except OSError:
                pass
    except BaseException:
        subprocess.run(["umount", disk], check=False)
        raise
    yield disk
    subprocess.run(["umount", disk], check=True)


WRITERS = [c for c in COMMANDS.values() if c.name != "bench"]  # as above
WRITERS = [c for c in WRITERS if c.name == "eval" or c.name == "energy" or any(o[0] == c for o in OUTPUTS)]


@pytest.mark.parametrize("command", one_a_command(WRITERS))
def test_the_disk_is_full(command: Command, full_disk: Path) -> None:
    extra = ["--json", "x.json"] if command.has("--json") else ["--out", "x"] if command.has("--out") else []
    before = {path: path.read_bytes() for path in full_disk.rglob("*") if path.is_file()}
    done = bsff(command.line(full_disk, extra), full_disk)
    assert_sentence(done.stderr)
    assert "No space left on device" in done.stderr
    assert done.returncode == 2
    for path, content in before.items():
        assert path.read_bytes() == content, path
    left = [path for path in full_disk.rglob("*") if path not in before and path.is_file() and path.stat().st_size]
    assert not [path for path in left if path.suffix == ".part"]
    assert not [path for path in left if path.name in ("checkpoint.npz", "config.json")]


# ---- packages that are not installed

ONLY_NUMPY = """
import sys
from importlib.abc import MetaPathFinder
class Finder(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("bsff", "bsff_hw", "numpy", "sitecustomize"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Finder())
"""


@every
def test_nothing_but_numpy_is_installed(command: Command, place: Path, tmp_path: Path) -> None:
    done = bsff(command.line(place), tmp_path, ONLY_NUMPY, env={"PATH": "/usr/bin:/bin", **environment()})
    assert_no_traceback(done.stderr)
    assert done.returncode in (0, 2), done.stderr
    if done.returncode == 2:
        assert_sentence(done.stderr)
        assert "pip install" in done.stderr


def environment() -> dict[str, str]:
    import os

    return {name: os.environ[name] for name in ("PYTHONPATH", "HOME", "BSFF_CACHE") if name in os.environ}


ALONE = [
    ("train", "numba", 2, "pip install 'bsff[train]'"),
    ("train", "sklearn", 0, ""),
    ("train", "platformdirs", 2, "pip install platformdirs"),
    ("train", "tqdm", 0, ""),
    ("train", "tensorboardX", 0, "bsff: without tensorboardX: no TensorBoard log ("),
    ("train", "matplotlib", 0, "bsff: without matplotlib: no pictures ("),
    ("eval", "matplotlib", 0, "bsff: without matplotlib: no pictures ("),
    ("report", "pandas", 2, "this command needs pandas, which is not installed: pip install 'bsff[sweep]'"),
    ("sweep", "pandas", 2, "this command needs pandas, which is not installed: pip install 'bsff[sweep]'"),
    ("verilog", "amaranth", 2, "pip install 'bsff[hardware]'"),
    ("build", "amaranth", 2, "pip install 'bsff[hardware]'"),
    ("synth", "amaranth", 2, "pip install 'bsff[hardware]'"),
    ("selftest", "numba", 2, "pip install 'bsff[train]'"),
]


@pytest.mark.parametrize(("name", "package", "status", "words"), ALONE, ids=[f"{a[0]}-{a[1]}" for a in ALONE])
def test_one_package_is_not_installed(
    name: str, package: str, status: int, words: str, place: Path, tmp_path: Path
) -> None:
    before = "import os, sys; os.environ.pop('BSFF_CACHE', None)  # it spares platformdirs\n"
    done = bsff(COMMANDS[name].line(place), tmp_path, f"{before}sys.modules[{package!r}] = None\n")
    assert_no_traceback(done.stderr)
    assert done.returncode == status, done.stderr
    assert words in done.stderr


# ---- files that are no configurations

BAD = {
    "latin.toml": b'name = "gr\xfcn"\n',
    "binary.toml": bytes(range(256)),
    "list.json": b"[]",
    "null.json": b"null",
    "deep.json": b"[" * 100_000,
    "deep.toml": b"a = " + b"[" * 100_000,
    "digits.toml": b"[training]\nepochs = " + b"9" * 5000,
    "hex.toml": b"[training]\nepochs = 0x" + b"f" * 5000,
    "date.toml": b"[training]\nepochs = 2026-11-27\n",
    "time.toml": b"[[layer]]\nstep = 07:32:00\n",
    "name.toml": b"name = 3\n[[layer]]\n",
    "layer.toml": b"layer = 3\n",
    "layers.toml": b"layer = [3]\n",
    "data.toml": b"data = [1]\n[[layer]]\n",
    "nan.toml": b"[[layer]]\nstep = nan\n",
    "inf.toml": b"[[layer]]\nstep = inf\n",
    "levels.toml": b"[data]\nlevels = [[1], 'x']\n[[layer]]\n",
    "choice.toml": b"[data]\ndataset = ['digits']\n[[layer]]\n",
    "empty.toml": b"",
}


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS.values() if any(a.dest == "config" for a in c.actions)], ids=lambda c: c.name
)
def test_a_configuration_that_is_none(command: Command, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                      capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    if command.name == "power":  # else it ends without a look at the configuration, since there is no sensor
        monkeypatch.setattr("bsff.cli.power.choose", lambda *_, **__: SimpleNamespace(read=float))
    for name, content in BAD.items():
        path = tmp_path / name
        path.write_bytes(content)
        said = refused(command.line(place, config=path), capsys)
        assert path.stem in said
        assert len(said) < 1000
    (tmp_path / "folder.toml").mkdir()
    assert "folder.toml: cannot be read" in refused(command.line(place, config=tmp_path / "folder.toml"), capsys)


@pytest.mark.parametrize(
    ("dest", "file"), [("directory", "config.json"), ("first", "config.json"), ("spec", ""), ("folder", "x.json")]
)
def test_other_files_that_are_none(dest: str, file: str, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                   capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    takers = [c for c in COMMANDS.values() if any(a.dest == dest for a in c.actions)]
    assert takers
    for number, (name, content) in enumerate(BAD.items()):
        if name.endswith(".json") or not file:
            path = tmp_path / f"{number}" / (file or name)
            path.parent.mkdir()
            path.write_bytes(content)
            for command in takers:
                refused(command.line(place, **{dest: path.parent if file else path}), capsys)


@every
def test_settings_that_are_none(command: Command, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if command.has("--set") and command.name != "power":
        for setting in ("", "x", "layer[0].step=1", "layer[99].step=1", "training.epochs=NaN", "training.epochs=" + "[" * 100_000,
                        "training.epochs=" + "9" * 5000, "data.levels={}", "head.step=1e999"):  # fmt: skip
            refused(command.line(place, ["--set", setting]), capsys)


# ---- signals

AT = """
import os, sys
begun, left = False, {count}
def hook(event, arguments):
    global begun, left
    begun = begun or event == "import" and arguments[0] == "bsff.cli.plugins"
    if begun and event in ("import", "open", "exec"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), {number})
sys.addaudithook(hook)
"""
"""Sends a signal to itself when so many modules were imported and files opened."""


@every
@pytest.mark.parametrize("count", [1, 400, 1500, 3000])
def test_a_signal_before_the_work_begins(command: Command, count: int, place: Path, tmp_path: Path) -> None:
    number = SIGNALS[count % len(SIGNALS)]
    done = bsff(command.line(place), tmp_path, AT.format(count=count, number=int(number)))
    assert_no_traceback(done.stderr)
    if done.returncode != 0:  # it may have been over
        assert done.returncode == 128 + number, done.stderr
        if "Saved after" not in done.stderr:
            assert_sentence(done.stderr)
            assert done.stderr.endswith(f"bsff: stopped by {signal.Signals(number).name}\n")
            assert not (tmp_path / "runs").exists() or command.name == "power"
    assert count > 400 or done.returncode


# ---- a board that is for root

PYNQ = {
    "import": "raise PermissionError(1, 'Root permissions required.')",
    "overlay": "class DefaultIP: pass\nclass Overlay:\n    def __init__(self, *a, **k): raise EnvironmentError('Root permissions required.')",
}  # fmt: skip


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS.values() if c.has("--device") and c.name != "sweep"], ids=lambda c: c.name
)
@pytest.mark.parametrize("where", PYNQ)
def test_pynq_wants_root(
    command: Command, where: str, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pynq.py").write_text(PYNQ[where])
    (tmp_path / "bsff.bit").write_bytes(b"")
    (tmp_path / "bsff.hwh").write_bytes(b"")
    extra = ["--device", "pynq"] + (["--record", "--out", "p"] if command.name == "power" else [])
    done = bsff(command.line(place, extra), tmp_path, f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n")
    assert_sentence(done.stderr)
    assert "Root permissions required" in done.stderr
    assert "as root" in done.stderr
    assert done.returncode == 2
    assert not (tmp_path / "runs").exists()
