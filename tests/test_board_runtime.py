"""What runs on a board needs numpy alone, and the syntax of Python 3.10."""

import ast
import subprocess
import sys
from pathlib import Path

import bsff

RUNTIME = """
import bsff.cli, bsff.config, bsff.contract.check, bsff.contract.geometry, bsff.contract.registers, bsff.golden.network
import bsff.instruments.power, bsff.instruments.selftest
import bsff.machine, bsff.machine.checkpoint, bsff.machine.devices.pynq, bsff.machine.devices.serial, bsff.machine.diff, bsff.machine.initialise
import bsff.training.evaluate, bsff.training.run, bsff.training.train
"""

GUARD = """
import sys
from importlib.abc import MetaPathFinder

class OnlyNumpy(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("bsff", "numpy", "sitecustomize"):
            raise ImportError(f"{name} is not on the board")

sys.meta_path.insert(0, OnlyNumpy())
"""


def test_the_runtime_imports_with_numpy_alone() -> None:
    subprocess.run([sys.executable, "-c", GUARD + RUNTIME], check=True, timeout=120)


def test_the_guard_works() -> None:
    done = subprocess.run(
        [sys.executable, "-c", GUARD + "import bsff.golden.engine"], capture_output=True, text=True, timeout=120
    )
    assert "numba is not on the board" in done.stderr


def test_every_module_is_python_3_10() -> None:
    paths = list(Path(bsff.__path__[0]).rglob("*.py"))
    assert len(paths) > 100
    for path in paths:  # a SyntaxError names what 3.10 cannot read
        ast.parse(path.read_text(), feature_version=(3, 10))
