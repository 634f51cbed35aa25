"""What is shown while a training runs, on a terminal and without one."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from command_lines import bsff

from bsff.cli.tensorboard import Log
from bsff.tools.process import patient
from bsff.training.progress import LINE_SECONDS, Lines


def test_a_line_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    now = [100.0]
    lines = Lines("net", 1000, clock=lambda: now[0])
    for second in range(1, 36):
        now[0] = 100.0 + second
        lines.update(10 * second, "text")
    lines.close()
    assert LINE_SECONDS == 10
    assert capsys.readouterr().err == "".join(
        f"net {10 * n} %: {100 * n} of 1,000 presentations, text\n" for n in (1, 2, 3)
    )


@pytest.mark.slow
def test_a_terminal_has_a_bar_and_a_file_has_not(tmp_path: Path) -> None:
    words = ["train", "digits-small", "--samples", "1500"]
    done = bsff([*words, "--out", "a"], tmp_path)
    assert done.returncode == 0
    assert "%|" not in done.stderr
    assert "\r" not in done.stderr + done.stdout
    out, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    assert bsff([*words, "--out", "b"], tmp_path, stderr=inside).returncode == 0
    os.set_blocking(out, False)
    shown = os.read(out, 100_000)
    assert b"digits-small" in shown
    assert b"%|" in shown
    os.close(out)
    os.close(inside)


def test_a_log_that_cannot_be_written_is_given_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    log = Log(tmp_path / "file" / "tensorboard")
    log.add({"x": 1.0}, 1)
    log.close()
    assert capsys.readouterr().err == "bsff: no TensorBoard log from here on: Not a directory\n"


def test_a_log_does_not_wait_for_pytorch(tmp_path: Path) -> None:
    """tensorboardX would import it; a training has no need of it, and who imports it later finds it."""
    code = (
        "import sys; from pathlib import Path; from bsff.cli.tensorboard import Log; log = Log(Path('log')); "
        "log.add({'x': 1.0}, 1); log.close(); print('torch' in sys.modules); import torch; print(torch.__name__)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=patient(60), check=True)
    assert done.stdout == "False\ntorch\n"
    assert len(list((tmp_path / "log").iterdir())) == 1
