"""Options and fixtures of all tests."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from bsff.tools.process import PATIENCE, patient

# A deadline would make a test fail on a slow, shared machine.
hypothesis.settings.register_profile("bsff", deadline=None)
hypothesis.settings.load_profile("bsff")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=1, help="seed of every random test (default: 1)")
    parser.addoption(
        "--cases",
        type=int,
        default=60,
        help="random configurations to try (default: 60; 1000 take ten minutes and more)",
    )
    parser.addoption(
        "--patience",
        type=float,
        default=float(os.environ.get(PATIENCE) or 1),
        help="factor for every limit of time, for a machine that is slow or shared (default: 1)",
    )


@pytest.hookimpl(tryfirst=True)  # before pytest-timeout reads its own limit
def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # a process of pytest-xdist inherits both, as those of the tests do
        os.environ[PATIENCE] = str(config.getoption("--patience"))
        os.environ.setdefault("PYTEST_TIMEOUT", str(patient(float(config.getini("timeout")))))
        # on networks as small as ours PyTorch's threads spend ten times as long in waiting for each other
        os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed: {config.getoption('--seed')} (--seed N for another)"


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of random tests; printed in the header and, where a test fails, with its output."""
    value = int(request.config.getoption("--seed"))
    print(f"seed {value}")
    return value


@pytest.fixture
def cases(request: pytest.FixtureRequest) -> int:
    """How many random configurations a test tries."""
    return int(request.config.getoption("--cases"))


@pytest.fixture
def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def data_folder() -> Path | None:
    """Folder with the real data sets: BSFF_DATA, or ../shared/data beside the repository."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ["BSFF_DATA"]) if "BSFF_DATA" in os.environ else beside
    return folder if folder.is_dir() else None


@pytest.fixture
def real_data() -> Path:
    folder = data_folder()
    if folder is None:
        pytest.skip("no real data sets: set BSFF_DATA to a folder with mnist/")
    return folder
