"""The self-test passes on a good machine; a fault in each place is named by the check that looks there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bsff.cli.main import main
from bsff.config import load
from bsff.contract import formats, registers
from bsff.instruments.selftest import Report, selftest
from bsff.instruments.selftest.checks import CHECKS
from bsff.machine.devices.emulated import EmulatedDevice

CONFIG = load("digits-small")
GLOBAL = registers.GLOBAL


def verdicts(report: Report) -> dict[str, str]:
    return {check.name: check.verdict for check in report.checks}


def test_a_good_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "report.json"
    assert main(["selftest", "digits-small", "--device", "emulated", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "from memory and word by word: equal" in said
    report = json.loads(out.read_text())
    assert report["passed"] is True
    assert [check["name"] for check in report["checks"]] == [name for name, _ in CHECKS]
    assert report["device"] == "emulated"
    assert "python" in report["versions"]
    assert {c["verdict"] for c in report["checks"] if c["name"] not in ("clock", "power sensors")} == {"pass"}


@pytest.mark.long
def test_on_the_verilated_machine() -> None:
    from bsff.machine.devices import open_device

    device = open_device("rtl", CONFIG)
    report = selftest(device, CONFIG, "rtl")
    device.close()
    assert report.passed, report.to_json()
    assert verdicts(report)["clock"] == "pass"


class Faulty(EmulatedDevice):
    """One fault at a time."""

    fault = ""

    def read(self, offset: int) -> int:
        value = super().read(offset)
        if self.fault == "stuck register bit" and offset == registers.block_offset(0, "STEP"):
            value |= 0x10
        if self.fault == "two registers in one" and offset == GLOBAL["BUFFER_ADDRESS_HIGH"].offset:
            value = super().read(GLOBAL["BUFFER_ADDRESS_LOW"].offset)
        if self.fault == "another network" and offset == GLOBAL["BUILD"].offset:
            value ^= 1
        return value

    def write(self, offset: int, value: int) -> None:
        super().write(offset, value)
        if self.fault == "a write that reaches two" and offset == registers.block_offset(1, "STEP"):
            super().write(registers.block_offset(0, "STEP"), value)

    def _memory_write(self, value: int) -> None:
        if self.fault == "stuck memory bit" and self._held["MEMORY_ADDRESS"] == 5:
            value &= ~4
        super()._memory_write(value)

    def _execute(self, words: Any, labels: Any) -> None:
        super()._execute(words, labels)
        if self.fault == "wrong weight" and self._state.layers[0].learn:
            self._state.layers[0].weights.reshape(-1)[3] ^= 1
        if self.fault == "wrong generator":
            self._state.layers[0].pbits[...] ^= 2

    def _present(self, samples: int) -> None:
        super()._present(samples)
        if self.fault == "memory that does not answer":
            self._fault, self._left = formats.FAULTS.index("no answer"), samples


@pytest.mark.parametrize(
    ("fault", "check", "said"),
    [
        ("stuck register bit", "register walk", "STEP of block 0 at 0x1010: wrote 0x00000001, read 0x00000011"),
        ("two registers in one", "register walk", "BUFFER_ADDRESS_"),
        ("a write that reaches two", "register walk", "STEP of block 0 at 0x1010 became 0x"),
        ("stuck memory bit", "memory march", "block 0, weights, word 5: wrote 0x"),
        ("wrong generator", "random numbers", "expected"),
        ("wrong weight", "training step", "from memory: layer1.weights differ from the golden model"),
        ("memory that does not answer", "training step", "no answer"),
        ("another network", "identity", "the device was built for another network"),
    ],
)
def test_a_fault_is_named_where_it_is(
    fault: str,
    check: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    device = Faulty(CONFIG)
    device.fault = fault
    monkeypatch.setattr("bsff.cli.selftest.open_device", lambda name, config: device)
    out = tmp_path / "report.json"
    assert main(["selftest", "digits-small", "--device", "emulated", "--out", str(out), "--timeout", "1"]) == 1
    report = json.loads(out.read_text())
    found = {entry["name"]: entry for entry in report["checks"]}
    assert found[check]["verdict"] == "FAIL", report
    assert said in found[check]["detail"]
    assert not report["passed"]
    if check != "identity":  # the others still run
        assert len(found) == len(CHECKS)
        assert found["identity"]["verdict"] == "pass"
    assert f"FAILED: {out}" in capsys.readouterr().out
