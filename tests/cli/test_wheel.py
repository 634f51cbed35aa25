"""What a wheel holds is enough: built from a copy of the sources, installed alone, run in an empty folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from bsff.tools.process import patient

ROOT = Path(__file__).resolve().parents[2]


def run(*command: object, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=patient(120),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_an_installed_wheel_prepares_a_board(tmp_path: Path) -> None:
    sources, empty, fresh = tmp_path / "sources", tmp_path / "empty", tmp_path / "fresh"
    empty.mkdir()
    for name in ("sw", "hw"):  # a copy: building leaves files, and would take those of earlier builds
        shutil.copytree(ROOT / name, sources / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    options = ("-q", "--no-deps", "--disable-pip-version-check")
    run(
        sys.executable, "-m", "pip", "wheel", *options, "--no-build-isolation", "-w", tmp_path, sources, folder=tmp_path
    )
    venv.create(fresh, symlinks=True)
    python, wheel = fresh / "bin" / "python", next(tmp_path.glob("bsff-*.whl"))
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel, folder=tmp_path)
    # what bsff needs comes from here; bsff itself does not, since links to the sources (.pth) are not followed there
    packages = sysconfig.get_path("purelib")
    found = run(
        python, "-c", "import bsff, bsff_hw; print(bsff.__file__, bsff_hw.__file__)", folder=empty, PYTHONPATH=packages
    )
    assert all(path.startswith(str(fresh)) for path in found.split())
    order = ("build", "digits-small", "--board", "pynq-z2", "--no-run")
    said = run(fresh / "bin" / "bsff", *order, folder=empty, PYTHONPATH=packages, PATH=str(Path(sys.executable).parent))
    assert "prepared for TUL PYNQ-Z2" in said
    made = {path.name for path in (empty / "build" / "pynq-z2-digits-small").iterdir()}
    assert made == {"bsff.v", "bsff_ip.v", "build.tcl", "config.toml", "build.json"}
