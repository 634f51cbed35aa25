"""The driver over the emulated device, and over devices that misbehave."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from machines import random_config, random_samples, random_state, unequal

from bsff.config import load, parse
from bsff.contract import registers
from bsff.contract.formats import COUNTERS
from bsff.contract.geometry import geometry
from bsff.errors import DeviceError
from bsff.golden import network
from bsff.machine import COUNTER_NAMES, Accelerator
from bsff.machine.devices import open_device
from bsff.machine.devices.emulated import FIFO, EmulatedDevice


class NoBuffers(EmulatedDevice):
    """A device without a way to memory, as the first hardware has none."""

    def read(self, offset: int) -> int:
        return 0 if offset == registers.GLOBAL["FEATURES"].offset else super().read(offset)

    def allocate(self, words: int) -> Any:
        raise AssertionError("no buffers here")


class Wrapped:
    """A device whose reads a test can falsify."""

    def __init__(self, inner: Any, **false: Any) -> None:
        self.inner = inner
        self.false = {registers.GLOBAL[name].offset: value for name, value in false.items()}

    def read(self, offset: int) -> int:
        value = self.false.get(offset)
        if value is None:
            return int(self.inner.read(offset))
        return value() if callable(value) else value

    def write(self, offset: int, value: int) -> None:
        self.inner.write(offset, value)

    def allocate(self, words: int) -> Any:
        return self.inner.allocate(words)

    def close(self) -> None:
        self.inner.close()


@pytest.mark.slow
@pytest.mark.parametrize("device", [EmulatedDevice, NoBuffers])
@pytest.mark.parametrize("case", range(3))
def test_driver_equals_golden_model(seed: int, case: int, device: Any) -> None:
    rng = np.random.default_rng([seed, case])
    config = random_config(rng)
    shape = geometry(config)
    state = random_state(shape, rng)
    pixels, labels = random_samples(shape, rng, 2 * FIFO + 3)
    with Accelerator(device(config), config) as machine:
        machine.load(state)
        assert unequal(machine.read_state(), state) == []
        logits = machine.present(pixels, labels, learn=True, results=True)
        found, counters = machine.read_state(), machine.counters()
    expected = network.run(config, shape, state, pixels, labels)
    assert unequal(found, state) == []
    np.testing.assert_array_equal(logits, expected.logits)
    np.testing.assert_array_equal(counters[:, : len(COUNTERS)], expected.counters)
    assert counters.shape == (len(shape.predictors), len(COUNTER_NAMES))


@pytest.fixture
def tiny() -> Any:
    return parse({"layer": [{"channels": 10, "kernel": 1, "padding": 0}]}, source="tiny")


def test_testing_leaves_all_but_the_generators(rng: np.random.Generator, tiny: Any) -> None:
    shape = geometry(tiny)
    pixels, labels = random_samples(shape, rng, 30)
    with Accelerator(EmulatedDevice(tiny), tiny) as machine:
        machine.load(random_state(shape, rng))
        before = machine.read_state()
        machine.present(pixels, labels, learn=False)
        assert unequal(machine.read_state(), before) == ["layer1.pbits"]
        assert machine.counters()[0, COUNTERS.index("updates")] == 0
        machine.clear_counters()
        assert not machine.counters().any()


def test_present_refuses_wrong_samples(tiny: Any) -> None:
    with Accelerator(EmulatedDevice(tiny), tiny) as machine:
        good = np.zeros((2, 8, 8, 1), np.uint8)
        with pytest.raises(
            ValueError, match=r"pixels have shape \(2, 8, 9, 1\) and type uint8, expected \(N, 8, 8, 1\)"
        ):
            machine.present(np.zeros((2, 8, 9, 1), np.uint8), [0, 1], learn=True)
        with pytest.raises(ValueError, match="type float64, expected"):
            machine.present(good.astype(float), [0, 1], learn=True)
        with pytest.raises(ValueError, match=r"labels have shape \(1,\), expected \(2,\)"):
            machine.present(good, [0], learn=True)
        with pytest.raises(ValueError, match="labels run from 0 to 10, expected 0 to 9"):
            machine.present(good, [0, 10], learn=True)
        assert machine.present(good[:0], [], learn=True, results=True).shape == (0, 2, 10)


@pytest.mark.parametrize(
    ("false", "message"),
    [
        ({"MAGIC": 0xDEADBEEF}, "MAGIC reads 0xdeadbeef, expected 0x42534646: this is not a BSFF machine"),
        ({"ABI": 7}, f"ABI reads 7, this driver speaks {registers.ABI_VERSION}"),
        ({"BUILD": 5}, "BUILD reads 0x00000005, configuration tiny needs 0x"),
        ({"PIXELS": 65}, "PIXELS reads 0x00000041, configuration tiny needs 0x00000040"),
    ],
)
def test_a_mismatch_is_refused(tiny: Any, false: dict[str, int], message: str) -> None:
    with pytest.raises(DeviceError, match=message):
        Accelerator(Wrapped(EmulatedDevice(tiny), **false), tiny)


@pytest.mark.parametrize("false", [{"STATUS": 1}, {"SAMPLE_SPACE": 0, "FEATURES": 0}, {"RESULT_COUNT": 0}])
def test_every_wait_ends(tiny: Any, false: dict[str, int]) -> None:
    machine = Accelerator(Wrapped(EmulatedDevice(tiny), **false), tiny, timeout=0.05)
    with pytest.raises(DeviceError, match=r"nothing happened for 0\.05 s; the machine hangs"):
        machine.present(np.zeros((1, 8, 8, 1), np.uint8), [0], learn=True, results=True)


def test_a_slow_machine_that_moves_is_waited_for(tiny: Any) -> None:
    """The clock of the timeout restarts with every sample that is completed."""
    count = iter(range(10**9))
    busy = iter([1] * 200)
    slow = Wrapped(EmulatedDevice(tiny), SAMPLES=lambda: next(count), STATUS=lambda: next(busy, 0))
    Accelerator(slow, tiny, timeout=0.0).wait_idle()
    assert next(busy, 0) == 0


def test_a_fault_is_reported(tiny: Any) -> None:
    device = EmulatedDevice(tiny)
    machine = Accelerator(device, tiny)
    device.write(registers.GLOBAL["BUFFER_ADDRESS_LOW"].offset, 0x40)
    device.write(registers.GLOBAL["BUFFER_SAMPLES"].offset, 1)
    with pytest.raises(DeviceError, match="STATUS reports a fault: sample records could not be read"):
        machine.wait_idle()
    device.write(registers.GLOBAL["COMMAND"].offset, registers.GLOBAL["COMMAND"].field("clear_results").mask)
    machine.wait_idle()


def test_unknown_registers_and_words_are_refused(tiny: Any) -> None:
    device = EmulatedDevice(tiny)
    with pytest.raises(DeviceError, match="read of offset 0x0ffc: no readable register there"):
        device.read(0x0FFC)
    with pytest.raises(DeviceError, match="write to offset 0x0000: no writable register there"):
        device.write(registers.GLOBAL["MAGIC"].offset, 1)
    device.write(registers.GLOBAL["MEMORY_ADDRESS"].offset, 10**6)
    with pytest.raises(DeviceError, match="block 0, memory 0, address 1000000: no such word"):
        device.read(registers.GLOBAL["MEMORY_DATA"].offset)


def test_memories_keep_their_own_width_only(tiny: Any) -> None:
    device = EmulatedDevice(tiny)
    device.write(registers.GLOBAL["MEMORY_DATA"].offset, 0x12348001)
    device.write(registers.GLOBAL["MEMORY_ADDRESS"].offset, 0)
    assert device.read(registers.GLOBAL["MEMORY_DATA"].offset) == 0xFFFF8001  # 16 bits, sign extended
    device.write(registers.block_offset(0, "STEP"), 0x12345678)
    assert device.read(registers.block_offset(0, "STEP")) == 0x5678


def test_what_the_machine_cannot_do_is_refused() -> None:
    with pytest.raises(DeviceError, match=r'layer\[1\]\.normalisation = "batchnorm": the machine has no batch'):
        EmulatedDevice(parse({"layer": [{"normalisation": "batchnorm"}]}))
    with pytest.raises(DeviceError, match=r'layer\[1\]\.eligibility = "surprisal": it is real-valued'):
        EmulatedDevice(parse({"layer": [{"eligibility": "surprisal"}]}))
    with pytest.raises(DeviceError, match="device = 'cloud': expected one of emulated"):
        open_device("cloud", load("digits"))


def test_generators_of_zero_are_refused(tiny: Any) -> None:
    machine = Accelerator(EmulatedDevice(tiny), tiny)
    with pytest.raises(ValueError, match="generator state 0: expected 1 to"):
        machine.set_streams([0, 1, 1, 1])
    with pytest.raises(ValueError, match="2 generator states given, expected 4"):
        machine.set_streams([1, 1])


def test_wrong_numbers_of_blocks_are_refused(tiny: Any) -> None:
    machine = Accelerator(EmulatedDevice(tiny), tiny)
    with pytest.raises(ValueError, match="1 steps given, expected 2: layer1, head"):
        machine.set_steps([0.1])
    with pytest.raises(ValueError, match="3 flags given, expected 2: layer1, head"):
        machine.set_learning([True, True, True])


@pytest.mark.parametrize("device", [EmulatedDevice, NoBuffers])
def test_discarded_samples_leave_no_trace(rng: np.random.Generator, tiny: Any, device: Any) -> None:
    shape = geometry(tiny)
    pixels, labels = random_samples(shape, rng, FIFO + 3)
    with Accelerator(device(tiny), tiny) as machine:
        machine.load(random_state(shape, rng))
        before = machine.read_state()
        machine.discard(pixels, labels)
        assert unequal(machine.read_state(), before) == []
        assert not machine.counters().any()
        machine.present(pixels, labels, learn=True)
        assert machine.counters()[0, COUNTERS.index("samples")] == FIFO + 3
        with pytest.raises(ValueError, match="labels run from 0 to 10"):
            machine.discard(pixels[:2], [0, 10])


def test_a_buffer_that_the_device_cannot_read_is_explained(tiny: Any) -> None:
    device = EmulatedDevice(tiny)
    buffer = device.allocate(40)
    low, samples, command = (registers.GLOBAL[n].offset for n in ("BUFFER_ADDRESS_LOW", "BUFFER_SAMPLES", "COMMAND"))
    machine = Accelerator(device, tiny)
    for address, count, said in (
        (buffer.address + 4, 1, r"\(address; 1 records were not presented\). It must be a multiple of 8"),
        (buffer.address, 3, r"\(decode error; 3 records were not presented\). There is no memory"),
    ):
        device.write(low, address)
        device.write(samples, count)
        assert device.read(samples) == count
        with pytest.raises(DeviceError, match=said):
            machine.wait_idle()
        device.write(command, registers.GLOBAL["COMMAND"].field("clear_results").mask)
        machine.wait_idle()
    device.write(low, buffer.address)
    device.write(samples, 2)
    assert device.read(samples) == 0
    device.write(samples, 0)
    machine.wait_idle()


@pytest.mark.parametrize(
    ("kind", "said"), [(2, "HP port is enabled at 64 bits"), (4, "reload the bitstream"), (7, "kind 7")]
)
def test_what_memory_answers_is_explained(tiny: Any, kind: int, said: str) -> None:
    """While results are waited for too: what cannot be read will not come."""
    device = Wrapped(EmulatedDevice(tiny), RESULT_COUNT=0, FAULT=kind)
    machine = Accelerator(device, tiny, timeout=30.0)
    device.false[registers.GLOBAL["STATUS"].offset] = iter([0, 0, *[2] * 100]).__next__
    with pytest.raises(DeviceError, match=said):
        machine.present(np.zeros((1, 8, 8, 1), np.uint8), [0], learn=True, results=True)


def test_a_package_that_the_emulated_device_lacks_is_named() -> None:
    """As on a board, which has numpy alone."""
    code = "import sys; sys.modules['numba'] = None; from bsff.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, "selftest", "digits-small", "--device", "emulated"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "needs numba, which is not installed: pip install 'bsff[train]'" in done.stderr
    assert "Traceback" not in done.stderr
