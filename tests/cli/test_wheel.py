"""What sdist and wheel hold is enough: built from a copy of the sources, installed alone, run in an empty folder."""

from __future__ import annotations

import os
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from distributions import ROOT, build_release, call

pytestmark = pytest.mark.slow
PACKAGES = sysconfig.get_path("purelib")
"""What bsff needs comes from here; bsff itself does not, since links to the sources (.pth) are not followed there."""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build_release(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def installed(release: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the programs of an environment with the wheel alone."""
    fresh = tmp_path_factory.mktemp("installed") / "fresh"
    venv.create(fresh, symlinks=True)
    python = fresh / "bin" / "python"
    options = ("-q", "--no-deps", "--disable-pip-version-check")
    call(sys.executable, "-m", "pip", "--python", python, "install", *options, release[1], folder=fresh, **os.environ)
    return fresh / "bin"


def test_both_hold_every_file_of_the_packages(release: tuple[Path, Path]) -> None:
    wanted = {
        str(path.relative_to(ROOT / room))
        for room, package in (("sw", "bsff"), ("hw", "bsff_hw"))
        for path in (ROOT / room / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and ".ipynb_checkpoints" not in path.parts
    }
    assert len(wanted) > 200
    with zipfile.ZipFile(release[1]) as wheel:
        assert wanted <= set(wheel.namelist())
    with tarfile.open(release[0]) as sdist:
        assert wanted <= {name.split("/", 2)[-1] for name in sdist.getnames()}


def test_an_index_would_take_them(release: tuple[Path, Path]) -> None:
    said = call(sys.executable, "-m", "twine", "check", "--strict", *release, folder=ROOT, **os.environ).stdout
    assert said.count("PASSED") == 2


@pytest.mark.long
def test_an_installed_wheel_prepares_every_board(installed: Path, tmp_path: Path) -> None:
    environment = {"PYTHONPATH": PACKAGES, "PATH": str(Path(sys.executable).parent)}
    order = ("-c", "import bsff, bsff_hw; print(bsff.__file__, bsff_hw.__file__)")
    found = call(installed / "python", *order, folder=tmp_path, **environment).stdout
    assert all(path.startswith(str(installed.parent)) for path in found.split())
    assert "--board" in call(installed / "bsff", "build", "--help", folder=tmp_path, **environment).stdout
    for path in sorted((ROOT / "hw" / "bsff_hw" / "boards").glob("*.toml")):
        order = ("build", "digits-tiny", "--board", path.stem, "--no-run")
        assert "prepared for" in call(installed / "bsff", *order, folder=tmp_path, **environment).stdout
        made = {each.name for each in (tmp_path / "build" / f"{path.stem}-digits-tiny").iterdir()}
        own = {"bsff_ip.v", "build.tcl"} if "zynq" in path.read_text() else {"bsff.lpf"}
        assert made == {"bsff.v", "config.toml", "build.json"} | own


@pytest.mark.long
def test_an_installed_wheel_trains(installed: Path, tmp_path: Path) -> None:
    environment = {"PYTHONPATH": PACKAGES, **{k: os.environ[k] for k in ("HOME", "BSFF_CACHE") if k in os.environ}}
    order = ("train", "digits-small", "--samples", "40", "--out", "run")
    assert "test samples" in call(installed / "bsff", *order, folder=tmp_path, **environment).stdout
    assert (tmp_path / "run" / "confusion.png").exists()
