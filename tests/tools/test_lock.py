"""One process at a time, really with several."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bsff.tools.lock import locked
from bsff.tools.process import patient

HOLD = """
import sys
from pathlib import Path
from bsff.tools.lock import locked
with locked(Path(sys.argv[1]), timeout=0, refusal=ValueError("taken")):
    print("held", flush=True)
    sys.stdin.read()
"""
COUNT = """
import sys, time
from pathlib import Path
from bsff.tools.lock import locked
number = Path(sys.argv[1])
for _ in range(20):
    with locked(number.with_name("lock"), timeout=60, refusal=ValueError("taken")):
        seen = int(number.read_text())
        time.sleep(0.001)
        number.write_text(str(seen + 1))
"""


def run(code: str, path: Path) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code, str(path)], stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_another_process_is_refused_until_the_holder_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with run(HOLD, path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ValueError, match="mine"), locked(path, timeout=0.2, refusal=ValueError("mine")):
            pass
        with run(HOLD, path) as second:
            assert "taken" in second.communicate(timeout=patient(60))[1]
        holder.kill()
        holder.wait(patient(60))
        with locked(path, timeout=0, refusal=ValueError("mine")):
            assert path.exists()
    assert list(tmp_path.iterdir()) == []


def test_many_processes_take_turns_though_each_removes_the_file(tmp_path: Path) -> None:
    number = tmp_path / "number"
    number.write_text("0")
    processes = [run(COUNT, number) for _ in range(4)]
    for process in processes:
        assert process.communicate(timeout=patient(120))[1] == ""
    assert number.read_text() == "80"
    assert [path.name for path in tmp_path.iterdir()] == ["number"]


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", none)
    path = tmp_path / "lock"
    with locked(path, timeout=0, refusal=ValueError("mine")):
        with pytest.raises(ValueError, match="other"), locked(path, timeout=0, refusal=ValueError("other")):
            pass
        assert path.exists()
    with locked(path, timeout=0, refusal=ValueError("mine")):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_lock_follows_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    kept = os.umask(0o002)
    try:
        with locked(path, timeout=0, refusal=ValueError("mine")):
            assert path.stat().st_mode & 0o777 == 0o664
    finally:
        os.umask(kept)
    assert list(tmp_path.iterdir()) == []
