"""Signals of people, batch systems and closing terminals, to real processes in the foreground."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_lines import assert_no_traceback, bsff, start
from machines import unequal

from bsff.tools.interrupt import ECHO_SECONDS, SIGNALS, Interrupt, Stopped
from bsff.tools.process import patient
from bsff.training.run import RunDirectory

LONG = ["train", "digits-small", "--epochs", "100000"]
WAIT = 120


def training(folder: Path, *extra: object, before: str = "") -> subprocess.Popen[str]:
    """A training whose first epoch is over."""
    process = start([*LONG, *extra], folder, before, bufsize=1)
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first.startswith("epoch 1: test layer1"), process.communicate(timeout=patient(WAIT))
    return process


@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS, ids=lambda n: n.name)
def test_a_signal_saves_and_the_hint_can_be_pasted(number: signal.Signals, tmp_path: Path) -> None:
    out = tmp_path / "it's a run; $HOME"
    with training(tmp_path, "--out", out) as process:
        process.send_signal(number)
        _, said = process.communicate(timeout=patient(WAIT))
    assert process.returncode == 128 + number, said
    assert_no_traceback(said)
    assert "\r" not in said
    _, state, progress = RunDirectory(out).load()
    assert progress.presentations >= 1437
    assert sorted(path.name for path in out.iterdir()) == [
        "checkpoint.npz",
        "config.json",
        "config.toml",
        "metrics.json",
        "tensorboard",
    ]
    hint = said.strip().rpartition("go on with: ")[2]
    words = shlex.split(hint)
    assert words[0] == "bsff"
    # a shell reads the hint, as it would what is pasted
    (tmp_path / "bsff").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "bsff").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    seen = subprocess.run(
        ["sh", "-c", hint], env={"PATH": path, "HOME": "/h"}, capture_output=True, text=True, check=True
    )
    assert seen.stdout.splitlines() == words[1:] == ["train", "--resume", "--out", str(out)]
    again = bsff(
        ["train", "digits-small", "--epochs", 100000, "--out", "again", "--samples", progress.presentations], tmp_path
    )
    assert again.returncode == 0, again.stderr
    assert unequal(state, RunDirectory(tmp_path / "again").load()[1]) == []


SAVES_SLOWLY = f"""
import time, bsff.machine.driver as driver
def read_state(self):
    print("saving", flush=True)
    for _ in range({10 * WAIT}):  # one long sleep would not notice a signal that comes just before it begins
        time.sleep(0.1)
driver.Accelerator.read_state = read_state
"""


@pytest.mark.slow
@pytest.mark.parametrize("second", SIGNALS, ids=lambda n: n.name)
def test_a_second_signal_ends_at_once(second: signal.Signals, tmp_path: Path) -> None:
    """The first waits for a save that takes ever so long; a copy of it, as a closing terminal sends, is none of its own."""
    with start(["train", "digits-small", "--samples", 40], tmp_path, SAVES_SLOWLY) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "saving\n"
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGHUP)
        assert process.stderr is not None
        while "Stopping and saving" not in process.stderr.readline():  # the first was seen
            assert process.poll() is None
        time.sleep(2 * ECHO_SECONDS)
        assert process.poll() is None
        begun = time.monotonic()
        process.send_signal(second)
        _, said = process.communicate(timeout=patient(30))
        assert time.monotonic() - begun < patient(5)
    assert process.returncode == 128 + second, said
    assert_no_traceback(said)
    assert said.endswith(f"bsff: stopped by {second.name}\n")
    assert not list(tmp_path.rglob("*.part")) + list(tmp_path.rglob(".lock"))


@pytest.mark.slow
def test_nohup_and_background_stay_as_they_are(tmp_path: Path) -> None:
    ignored = "for n in (signal.SIGHUP, signal.SIGINT): signal.signal(n, signal.SIG_IGN)\n"
    with training(tmp_path, "--out", "run", before=ignored) as process:
        for number in (signal.SIGHUP, signal.SIGINT):
            process.send_signal(number)
        time.sleep(1)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=patient(WAIT))
    assert process.returncode == 143, said


@pytest.mark.slow
def test_a_reader_that_goes_away_and_a_closed_terminal_do_not_end_a_training(tmp_path: Path) -> None:
    with training(tmp_path, "--out", "run") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stderr.close()
        time.sleep(1)
        assert process.poll() is None
        process.send_signal(signal.SIGHUP)
        process.wait(patient(WAIT))
    assert process.returncode == 129
    assert RunDirectory(tmp_path / "run").load()[2].presentations > 1437


@pytest.fixture
def foreground() -> Iterator[None]:
    """Signals as they come in the foreground, whatever the tests themselves were started by; see `command_lines.FOREGROUND`."""
    kept = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_handlers_are_given_back(foreground: None) -> None:
    kept = [signal.getsignal(number) for number in SIGNALS]
    with Interrupt() as outer:
        with Interrupt(saves=True) as inner:
            os.kill(os.getpid(), signal.SIGTERM)
            assert inner.number == signal.SIGTERM
            assert inner.requested
            os.kill(os.getpid(), signal.SIGHUP)  # an echo
        assert not outer.requested
        with pytest.raises(Stopped, match="SIGHUP") as found:
            os.kill(os.getpid(), signal.SIGHUP)
        assert found.value.number == outer.number == signal.SIGHUP
        assert [signal.getsignal(number) for number in SIGNALS] == 3 * [signal.SIG_DFL]
    assert [signal.getsignal(number) for number in SIGNALS] == kept
