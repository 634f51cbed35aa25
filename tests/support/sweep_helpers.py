"""Specifications and commands for the tests of sweeps and reports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

QUICK = """
[base]
network = "digits"
epochs = 1
"data.train_samples" = 200
"data.test_samples" = 100
"training.test_draws" = 1
variant = "real"
"""
"""Trains in a tenth of a second, once PyTorch is imported."""


def write_spec(folder: Path, text: str, name: str = "spec.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def start(*arguments: object) -> subprocess.Popen[str]:
    """``bsff`` in a process group of its own, as a terminal starts it."""
    paths = os.pathsep.join([str(ROOT / "sw"), str(ROOT / "hw")])
    return subprocess.Popen(
        [sys.executable, "-m", "bsff", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"},
    )
