"""The RTL equals the golden model bit for bit through training: random networks, host paces, two simulators."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from machines import buildable, random_config, random_samples, random_state, unequal
from simulators import need

import harness
from bsff.config import Config, parse
from bsff.contract.formats import COUNTERS
from bsff.contract.geometry import geometry
from bsff.contract.registers import GLOBAL
from bsff.errors import DeviceError
from bsff.golden import network
from bsff.golden.state import NetworkState
from bsff.machine import Accelerator
from bsff.machine.devices import open_device
from bsff.machine.memory import read_state
from bsff_hw.machine.top import verilog

SMALL: dict[str, Any] = {
    "data": {"dataset": "own", "input": [6, 6, 1], "classes": 10, "encoding": "bernoulli"},
    "layer": [
        {"channels": 10, "kernel": 3, "pool": 2, "tile": 2, "lanes": 5, "banks": 2, "tiles": 1, "update_banks": 2},
        {"channels": 20, "kernel": 2, "padding": 0, "groups": 10, "lanes": 4, "eligibility": "xor", "weight_bits": 8,
         "fraction_bits": 4},
    ],
    "head": {"pool": 2},
}  # fmt: skip
"""Every kind of folding at once, and small enough for Icarus."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("simulator", "samples", "stalls", "memory"),
    [
        pytest.param("verilator", 12, 0.0, False, marks=pytest.mark.long),
        pytest.param("verilator", 8, 0.5, True, marks=pytest.mark.long),
        pytest.param("verilator", 8, 0.5, False, marks=pytest.mark.long),
        pytest.param("icarus", 2, 0.2, True, marks=pytest.mark.icarus),
    ],
)
def test_training_under_cocotb(
    simulator: str, samples: int, stalls: float, memory: bool, seed: int, tmp_path: Path
) -> None:
    need(simulator)
    case = tmp_path / "case.json"
    case.write_text(json.dumps({"config": SMALL, "samples": samples, "stalls": stalls, "memory": memory}))
    harness.run(
        verilog(parse(SMALL, source="small")),
        top="bsff",
        bench="bench_network",
        simulator=simulator,
        seed=seed,
        environment={"BSFF_CASE": str(case)},
    )


def folded(config: Config, rng: np.random.Generator) -> Config:
    """The same network with a random folding."""
    table = config.to_dict()
    shapes = geometry(config).layers
    for layer, shape in zip(table["layer"], shapes, strict=True):
        width, groups = shape.group_channels, shape.config.groups
        lanes = [d for d in range(1, width + 1) if width % d == 0] + [width * g for g in (2, 5, 10) if groups % g == 0]
        layer["lanes"] = int(rng.choice(lanes))
        layer["banks"] = int(rng.integers(1, min(4, shape.taps) + 1))
        layer["update_banks"] = int(rng.integers(1, 4))
    return parse(table, source="folded")


@pytest.mark.slow
@pytest.mark.parametrize("case", [0, pytest.param(1, marks=pytest.mark.long)])
def test_random_networks(case: int, seed: int) -> None:
    """Whole batches, so that all layers work at once; other seeds (`--seed`) build other networks."""
    rng = np.random.default_rng([seed, case, 3])
    config = buildable(lambda: folded(random_config(rng), rng))
    shape = geometry(config)
    state = random_state(shape, rng)
    pixels, labels = random_samples(shape, rng, 12)
    with Accelerator(open_device("rtl", config), config, timeout=300.0) as machine:
        machine.load(state)
        logits = machine.present(pixels[:6], labels[:6], learn=True, results=True)  # from memory
        machine.through_memory = False
        machine.present(pixels[6:8], labels[6:8], learn=True)  # word by word
        machine.through_memory = True
        machine.discard(pixels, labels)  # leaves no trace
        machine.present(pixels[8:], labels[8:], learn=True)
        found, counters = machine.read_state(), machine.counters()
    expected = network.run(config, shape, state, pixels, labels)
    assert unequal(found, state) == []
    np.testing.assert_array_equal(logits, expected.logits[:6])
    np.testing.assert_array_equal(counters[:, : len(COUNTERS)], expected.counters)


@pytest.mark.long
def test_faults_of_memory_and_what_they_lose(seed: int) -> None:
    """A wrong buffer, and memory that stops answering: said within the timeout, and what was presented is learnt."""
    rng = np.random.default_rng([seed, 4])
    config = parse(SMALL, source="small")
    shape = geometry(config)
    state = random_state(shape, rng)
    pixels, labels = random_samples(shape, rng, 6)
    device = open_device("rtl", config)
    command, samples = GLOBAL["COMMAND"], GLOBAL["BUFFER_SAMPLES"].offset
    with Accelerator(device, config, timeout=60.0) as machine:
        machine.load(state)
        machine.present(pixels[:4], labels[:4], learn=True)
        buffer = machine._presenter._buffer
        assert buffer is not None
        device.write(samples, 5)  # one more than there is
        with pytest.raises(
            DeviceError, match=r"read from memory at 0x10000000 \(decode error; 1 records were not pres"
        ):
            machine.wait_idle()
        assert device.read(GLOBAL["FAULT"].offset) == 3
        device.write(command.offset, command.field("clear_results").mask)
        machine.wait_idle()
        device.write(GLOBAL["BUFFER_ADDRESS_LOW"].offset, buffer.address + 4)
        device.write(samples, 1)
        with pytest.raises(DeviceError, match=r"0x10000004 \(address; 1 records .* must be a multiple of 8"):
            machine.wait_idle()
        device.write(command.offset, command.field("clear_results").mask)
        device.silence(True)
        with pytest.raises(DeviceError, match=r"\(no answer; 2 records .* reload the bitstream and resume"):
            machine.present(pixels[4:], labels[4:], learn=True, results=True)
        found = machine_state(machine)
    for part in (slice(0, 4), slice(0, 4)):  # the second time as the records of a buffer that ends too early
        network.run(config, shape, state, pixels[part], labels[part])
    assert unequal(found, state) == []


def machine_state(machine: Accelerator) -> NetworkState:
    """The state of a machine that reports a fault, which is as good as any."""
    return read_state(machine._link, machine.geometry)
