"""The sdist, and the wheel made from it, of a copy of the sources: what a release consists of."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bsff.tools.process import patient

ROOT = Path(__file__).resolve().parents[2]
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"


def call(*command: object, folder: Path, status: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with that environment alone; its exit status must be `status`."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=patient(300),
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done


def build_release(folder: Path) -> tuple[Path, Path]:
    """Build both into `folder`, which is empty; returns the paths of sdist and wheel."""
    sources = folder / "sources"
    for name in ("sw", "hw"):  # a copy: building leaves files, and would take those of earlier builds
        shutil.copytree(ROOT / name, sources / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    # neither --sdist nor --wheel: the wheel is then built from the unpacked sdist
    call(sys.executable, "-m", "build", "--no-isolation", "-o", folder, sources, folder=folder, **os.environ)
    (sdist,), (wheel,) = folder.glob("bsff-*.tar.gz"), folder.glob("bsff-*.whl")
    return sdist, wheel


def python_3_10() -> Path:
    """The interpreter of PYNQ's images 3.0.1 and 3.1, or the test is skipped."""
    for found in (*PYENV.glob("3.10.*/bin/python"), shutil.which("python3.10")):  # pyenv's shim may refuse
        if found and subprocess.run([found, "-c", ""], capture_output=True, timeout=60).returncode == 0:
            return Path(found)
    pytest.skip("there is no Python 3.10, that of PYNQ's images: install python3.10-venv, or pyenv's 3.10")
