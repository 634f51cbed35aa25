"""Outside tools: what they say, how they end, and that nothing of them is left."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from rtl_helpers import alive, until

from bsff.tools import process
from bsff.tools.process import Ended, run

CHILD = "sleep 100 & echo $! >child; "


def test_output_or_log(tmp_path: Path) -> None:
    script = "cat; echo out; echo error >&2; exit 3"
    assert run(["sh", "-c", script], timeout=10, given="in\n") == Ended(3, "in\nout\n")
    log = tmp_path / "log"
    assert run(["sh", "-c", script], timeout=10, log=log) == Ended(3)
    assert log.read_text() == "out\nerror\n"
    log.write_text("one\n\n  \ntwo\n")
    assert process.words(log) == ["one", "two"]


def test_folder_and_environment(tmp_path: Path) -> None:
    ended = run(["/bin/sh", "-c", "echo $PWD $NAME $HOME"], timeout=10, folder=tmp_path, environment={"NAME": "x"})
    assert ended.output == f"{tmp_path} x\n"


def test_a_tool_that_cannot_start() -> None:
    with pytest.raises(OSError, match="no-such-program"):
        run(["no-such-program"], timeout=10)


@pytest.mark.parametrize("script", ["exit 1", "exec sleep 100"])
@pytest.mark.parametrize("logged", [False, True])
def test_children_end_with_the_tool(script: str, logged: bool, tmp_path: Path) -> None:
    ended = run(
        ["sh", "-c", f"{CHILD} exec >&- 2>&-; {script}"],
        timeout=1.0,
        folder=tmp_path,
        log=tmp_path / "log" if logged else None,
    )
    # without a log the child holds the pipe open, so that its end is waited for
    assert ended.status == (1 if logged and script == "exit 1" else None)
    until(lambda: not alive(int((tmp_path / "child").read_text())))


def test_patience_stretches_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(0.6)"]
    assert run(sleeper, timeout=0.2).status is None
    monkeypatch.setenv(process.PATIENCE, "100")
    assert run(sleeper, timeout=0.2).status == 0
