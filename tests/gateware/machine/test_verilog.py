"""The generated Verilog: the same text in every process, and accepted by Icarus, Verilator and yosys."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff_hw import yosys
from bsff_hw.machine import flat
from bsff_hw.simulation.toolchain import find_verilator

SECONDS = 300


class Quiet(wiring.Component):
    """An output that nothing drives, and one that something does."""

    def __init__(self) -> None:
        super().__init__({"constant": Out(3, init=5), "following": Out(2), "leading": In(2)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.sync += self.following.eq(self.leading)
        return m


def test_a_port_has_the_direction_of_its_member() -> None:
    ports = {"a_constant": "constant", "a_following": "following", "a_leading": "leading"}
    made = flat.verilog(Quiet(), ports, name="quiet")
    for declaration in (
        "output [2:0] a_constant;",
        "output [1:0] a_following;",
        "input [1:0] a_leading;",
        "input aclk;",
    ):
        assert declaration in made


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("verilog") / "bsff.v", "1")


def generate(out: Path, hash_seed: str) -> Path:
    """In a process of its own, whose sets and dictionaries are in an order of their own."""
    command = [sys.executable, "-m", "bsff", "verilog", "digits-tiny", "-o", str(out)]
    subprocess.run(command, check=True, timeout=SECONDS, env={**os.environ, "PYTHONHASHSEED": hash_seed})
    return out


@pytest.mark.slow
def test_every_process_writes_the_same_text(text: Path, tmp_path: Path) -> None:
    assert generate(tmp_path / "again.v", "2").read_text() == text.read_text()


@pytest.mark.slow
def test_verilator_accepts_it(text: Path) -> None:
    verilator = find_verilator()
    command = [str(verilator.program), "--lint-only", "-Wno-fatal", "--top-module", "bsff", str(text)]
    done = subprocess.run(
        command, env=verilator.environment(), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "%Error" not in done.stderr


@pytest.mark.slow
@pytest.mark.icarus
def test_icarus_accepts_it(text: Path) -> None:
    if shutil.which("iverilog") is None and "CI" not in os.environ:
        pytest.skip("no iverilog: apt-get install iverilog")
    command = ["iverilog", "-g2005", "-t", "null", "-s", "bsff", str(text)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr.lower()


@pytest.mark.slow
def test_yosys_accepts_it(text: Path, tmp_path: Path) -> None:
    script = tmp_path / "read.ys"
    script.write_text(f"read_verilog {text}\nhierarchy -check -top bsff\nproc\ncheck -assert\n")
    done = subprocess.run([*yosys.command(), str(script)], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
