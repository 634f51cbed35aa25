"""The commands on a board as PYNQ's images 3.0.1 and 3.1 are: Python 3.10 and numpy 1.21.5 alone, warnings as errors.

The wheel is installed with its extra ``board``; the board is ``support/fake_board``, over the verilated machine.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from distributions import ROOT, build_release, call, python_3_10
from machines import unequal

from bsff.cli import main
from bsff.config import load
from bsff.tools.process import patient
from bsff.training.run import RunDirectory
from bsff_hw.simulation.build import build
from bsff_hw.simulation.generate import generate

pytestmark = pytest.mark.slow
NETWORK = "digits-small"
IMAGE = "numpy==1.21.5"
TRAIN = ("train", NETWORK, "--samples", "100", "--set", "training.test_draws=1", "--set", "data.test_samples=40")
WITHOUT = "bsff: without matplotlib, tensorboardX: no pictures, no TensorBoard log (the extra bsff[train] has them)\n"
FIT = """
from bsff import Classifier
from bsff.config import DataConfig
from bsff.data import load_dataset

data = load_dataset(DataConfig())
model = Classifier("digits-small", device="pynq", epochs=1, draws=1, verbose=True)
model.fit(data.train_images[:60], data.train_labels[:60])
model.partial_fit(data.train_images[60:80], data.train_labels[60:80])
model.save("digits.bsff")
chances = model.predict_proba(data.test_images[:20])
model.close()
again = Classifier.load("digits.bsff")
assert (again.predict_proba(data.test_images[:20]) == chances).all()
print(again.device_, again.score(data.test_images[:20], data.test_labels[:20]))
"""


@dataclass(frozen=True)
class Board:
    """An environment in which the wheel was installed."""

    programs: Path
    before: set[str]
    """Packages with their versions, before; `after`: and after."""
    after: set[str]
    environment: dict[str, str]

    def bsff(self, *words: str, folder: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
        return call(self.programs / "bsff", *words, folder=folder, status=status, **self.environment)


def packages(python: Path) -> set[str]:
    return set(call(python, "-m", "pip", "list", "--format=freeze", folder=python.parent, **os.environ).stdout.split())


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    interpreter, root = python_3_10(), tmp_path_factory.mktemp("board")
    call(interpreter, "-m", "venv", root / "image", folder=root, **os.environ)
    python = root / "image" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    done = subprocess.run([*install, IMAGE], capture_output=True, text=True, timeout=patient(300))
    if done.returncode:
        pytest.skip(f"{IMAGE} cannot be installed into {interpreter}: {done.stderr[-300:]}")
    before = packages(python)
    (release := root / "release").mkdir()
    wheel = build_release(release)[1]
    call(*install, f"bsff[board] @ {wheel.as_uri()}", folder=root, **os.environ)
    bit = root / "bsff.bit"
    bit.touch()
    bit.with_suffix(".hwh").touch()
    environment = {
        "PATH": os.defpath,
        "HOME": str(root),
        "PYTHONWARNINGS": "error",
        "PYTHONPATH": str(ROOT / "tests" / "support" / "fake_board"),
        "BSFF_BITSTREAM": str(bit),
        "BSFF_FAKE_CONFIG": NETWORK,
        "BSFF_FAKE_LIBRARY": str(build(generate(load(NETWORK)), trace=False)),
    }
    return Board(python.parent, before, packages(python), environment)


def test_the_extra_changes_no_package_of_the_image(board: Board) -> None:
    assert IMAGE in board.before <= board.after
    assert {line.partition("=")[0] for line in board.after - board.before} <= {"bsff", "smbus2", "tomli"}
    call(board.programs / "python", "-m", "pip", "check", folder=board.programs, **os.environ)


def test_a_board_trains_as_the_golden_model(board: Board, tmp_path: Path) -> None:
    done = board.bsff(*TRAIN, "--device", "pynq", "--out", "run", folder=tmp_path)
    assert done.stderr.startswith(WITHOUT)  # a line of progress every ten seconds may follow
    assert done.stderr.count("bsff: without") == 1
    assert "40 test samples, one draw each" in done.stdout
    assert main([*TRAIN, "--out", str(tmp_path / "model")]) == 0
    ours, theirs = (RunDirectory(tmp_path / name).load()[1] for name in ("run", "model"))
    assert unequal(ours, theirs) == [], "numpy of the image and ours do not begin or end with the same bits"
    again = board.bsff("eval", "run", "--device", "pynq", folder=tmp_path)
    assert again.stderr == "bsff: without matplotlib: no pictures (the extra bsff[train] has them)\n"
    scores = [line for line in done.stdout.splitlines() if line.endswith("%") or "<- test_accuracy" in line]
    assert len(scores) == 3
    assert scores == [line for line in again.stdout.splitlines() if line in scores]


def test_the_other_commands(board: Board, tmp_path: Path) -> None:
    report = board.bsff("selftest", NETWORK, folder=tmp_path)
    assert report.stdout.endswith("all well: selftest.json\n")
    listed = board.bsff("config", "list", folder=tmp_path).stdout.splitlines()
    assert len(listed) == len(list((ROOT / "sw" / "bsff" / "networks").glob("*.toml")))
    # the machine on which the tests run may have a sensor of its own: measured with it, or refused in a sentence
    power = board.bsff("power", NETWORK, "--device", "pynq", "--seconds", "0.2", "--repeats", "2", folder=tmp_path)
    assert "power: not measured: no sensor" in power.stdout or "training samples/s" in power.stdout


def test_a_classifier(board: Board, tmp_path: Path) -> None:
    done = call(board.programs / "python", "-c", FIT, folder=tmp_path, **board.environment)
    assert done.stdout.startswith("pynq ")
    assert done.stderr == "bsff: no progress bar, as tqdm is not installed (pip install tqdm)\n"


@pytest.mark.parametrize(
    ("device", "words"), [("emulated", "needs numba, which is not installed"), ("rtl", "amaranth")]
)
def test_devices_that_need_more_say_so(board: Board, tmp_path: Path, device: str, words: str) -> None:
    done = board.bsff(*TRAIN, "--device", device, folder=tmp_path, status=2)
    assert words in done.stderr.lower()
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
