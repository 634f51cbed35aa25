"""Genuine pynq, 3.0.1, 3.1.2 and 4.0.0: loads our handoff, binds our driver, trains on the verilated machine, equals golden."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomllib
from machines import random_samples, random_state

from bsff.config import load
from bsff.contract import registers
from bsff.contract.geometry import geometry
from bsff.golden import network
from bsff_hw.boards import board, hwh
from bsff_hw.simulation.build import build, cache_root
from bsff_hw.simulation.generate import generate

pytestmark = pytest.mark.slow
SETS = Path(__file__).parents[1] / "support" / "pynq_sets"
ROOT = Path(__file__).resolve().parents[2]
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
CONFIG = load("digits-tiny")
SAMPLES = 6


def interpreter(name: str) -> str:
    """What runs a set: pynq 3.0 does not install on a Python after 3.10, that of its image."""
    if not name.startswith("3.0."):
        return sys.executable
    for found in (*PYENV.glob("3.10.*/bin/python"), shutil.which("python3.10")):  # pyenv's shim may refuse
        if found and subprocess.run([found, "-c", ""], capture_output=True, timeout=60).returncode == 0:
            return str(found)
    pytest.skip(f"pynq {name} needs Python 3.10, which is not here: apt-get install python3.10-venv")


def environment(name: str) -> Path:
    """The Python of an environment with a set of pynq; made once, whole, for all workers, and kept in the cache."""
    wanted, python = SETS / f"{name}.txt", interpreter(name)
    key = hashlib.sha256(wanted.read_bytes() + python.encode() + sys.version.encode()).hexdigest()[:12]
    root = cache_root()
    root.mkdir(parents=True, exist_ok=True)
    folder = root / f"pynq-{name}-{key}"
    with (root / f"pynq-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([python, "-m", "venv", str(folder)], check=True, timeout=120)
            install = [str(folder / "bin" / "pip"), "install", "-q", "--no-deps", "--no-compile"]
            done = subprocess.run([*install, "-r", str(wanted)], capture_output=True, text=True, timeout=500)
            if done.returncode and python != sys.executable:  # the set of a Python that is not ours is a bonus
                pytest.skip(f"pynq {name} cannot be installed into {python}: {done.stderr[-300:]}")
            assert done.returncode == 0, f"pynq {name} cannot be installed: {done.stderr[-1000:]}"
            (folder / "complete").touch()
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def library() -> Path:
    return build(generate(CONFIG), trace=False)


class Gate:
    """One run in such an environment; what it leaves."""

    def __init__(self, folder: Path, library: Path) -> None:
        self.folder, self.library = folder, library
        self.handoff = hwh.handoff(CONFIG, board("pynq-z2"), clock_mhz=50)
        self.base = board("pynq-z2").address
        self.config = CONFIG.to_dict()

    def run(self, name: str) -> dict[str, Any]:
        (self.folder / "bsff.hwh").write_text(self.handoff)
        (self.folder / "bsff.bit").write_bytes(b"there is no fabric")
        order = {"config": self.config, "library": str(self.library), "base": self.base}
        (self.folder / "order.json").write_text(json.dumps(order))
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        done = subprocess.run(
            [str(environment(name)), str(ROOT / "tests/support/pynq_gate.py"), str(self.folder)], cwd=self.folder, capture_output=True,
            text=True, timeout=400, env={**os.environ, "PYTHONPATH": f"{ROOT / 'sw'}:{ROOT / 'hw'}"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return dict(json.loads(report.read_text()))


@pytest.fixture
def gate(tmp_path: Path, library: Path) -> Gate:
    return Gate(tmp_path, library)


def divided(register: int) -> int:
    """By how much FPGA0_CLK_CTRL divides the PLL."""
    return (register >> 8 & 63) * (register >> 20 & 63)


@pytest.mark.parametrize(
    "name", ["3.1.2", *(pytest.param(name, marks=pytest.mark.long) for name in ("3.0.1", "4.0.0"))]
)
def test_pynq_trains_the_machine(gate: Gate, name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = geometry(CONFIG)
    state = random_state(shape, rng)
    pixels, labels = random_samples(shape, rng, SAMPLES)
    np.savez(gate.folder / "case.npz", pixels=pixels, labels=labels, **dict(state.arrays()))
    report = gate.run(name)
    assert "error" not in report, report["error"]
    assert report["pynq"] == name
    assert report["ips"] == {"bsff_0": "bsff.org:ip:bsff:1.0", "ps7": "xilinx.com:ip:processing_system7:5.5"}
    assert (report["address"], report["range"], report["driver"]) == (0x4000_0000, registers.WINDOW, "BsffDriver")
    expected = {name: register.offset for name, register in registers.GLOBAL.items()}
    for number, predictor in enumerate(shape.predictors):
        for key in registers.BLOCK:
            expected[f"{predictor.upper()}_{key}"] = registers.block_offset(number, key)
    assert report["registers"] == expected
    assert report["magic"] == registers.MAGIC
    assert report["fields"] == len(shape.layers)
    assert report["downloads"] == 1
    assert divided(report["clock"]) * 50 == 1000, "FCLK0 is not what the handoff says"
    assert divided(report["slow"]) == 63 * 63
    assert divided(report["clock_again"]) * 50 == 1000, "FCLK0 is not what it was before `stop_clock`"
    assert report["flushed"] >= 1
    golden = network.run(CONFIG, shape, state, pixels, labels)
    with np.load(gate.folder / "state.npz") as found:
        np.testing.assert_array_equal(found["logits"], golden.logits)
        for key, array in state.arrays():
            np.testing.assert_array_equal(found[key], array, err_msg=key)


def test_pynq_delivers_the_notebooks(tmp_path: Path) -> None:
    """By the entry points that pyproject.toml declares, with the command that an owner of a board types."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    installed = tmp_path / "site" / "bsff-0.0.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: bsff\nVersion: 0.0.0\n")
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (installed / "entry_points.txt").write_text("\n".join(lines) + "\n")
    done = subprocess.run(
        [str(environment("3.1.2")), "-c", "from pynq._cli.get_notebooks import main; main()", "bsff",
         "--ignore-overlays", "--path", str(tmp_path / "jupyter")],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'sw'}:{tmp_path / 'site'}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    delivered = list((tmp_path / "jupyter").rglob("*.ipynb"))
    assert {path.name for path in delivered} == {path.name for path in (ROOT / "sw" / "notebooks").glob("*.ipynb")}


def without(pattern: str, text: str) -> str:
    changed, count = re.subn(pattern, "", text, flags=re.DOTALL)
    assert count >= 1, pattern
    return changed


MUTATIONS = {
    "no memory range": (lambda t: without(r"<MEMRANGE [^>]*/>", t), "0 machines of bsff in it, expected one"),
    "no full name": (lambda t: without(r'FULLNAME="/bsff_0" ', t), "expected one|does not load it"),
    "no master interface": (lambda t: without(r'MASTERBUSINTERFACE="M_AXI_GP0" ', t), "expected one|does not load it"),
    "another type": (lambda t: t.replace("bsff.org:ip:bsff:1.0", "bsff.org:ip:bsfg:1.0"), "0 machines of bsff"),
    "a register elsewhere": (
        lambda t: re.sub(r'(NAME="SAMPLES">.*?ADDRESS_OFFSET" VALUE=)"0x4C"', r'\1"0x44"', t, count=1, flags=re.DOTALL),
        "register SAMPLES at 68, this bsff has it at 76; change the .hwh",
    ),
    "no registers": (lambda t: without(r"<ADDRESSBLOCKS>.*?</ADDRESSBLOCKS>", t), "register MAGIC at None|does not load it"),
    "another address": (
        lambda t: t.replace("0x40000000", "0x43C00000").replace("0x4000FFFF", "0x43C0FFFF"),
        "the fabric answers 0x00000000, expected 0x42534646",
    ),
    "a window too small": (lambda t: t.replace("0x4000FFFF", "0x40000FFF"), "gives the machine 4096 bytes, it has 65536"),
    "half a file": (lambda t: t[: len(t) // 2], "does not load it"),
}  # fmt: skip


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mutated_handoff_is_caught(gate: Gate, mutation: str) -> None:
    change, said = MUTATIONS[mutation]
    gate.handoff, before = change(gate.handoff), gate.handoff
    assert gate.handoff != before
    np.savez(gate.folder / "case.npz")
    assert re.search(said, gate.run("3.1.2")["error"])


@pytest.mark.long
def test_the_bitstream_of_another_network_is_refused(gate: Gate) -> None:
    gate.config = {**CONFIG.to_dict()}
    gate.config["layer"] = [{**gate.config["layer"][0], "boxcar": 1.0}, *gate.config["layer"][1:]]
    np.savez(gate.folder / "case.npz")
    assert "change the configuration to the one of the bitstream" in gate.run("4.0.0")["error"]
