"""The whole machine trains as the golden model does, bit for bit, whatever the host's pace.

The case comes as JSON in the file named by BSFF_CASE: ``config``, ``samples``, ``stalls``, ``memory`` (whether samples
come from memory or word by word).
"""

from __future__ import annotations

import json
import os
import random
import warnings
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.task import bridge
from machines import random_samples, random_state, unequal

import clocks
from axi_device import AxiDevice
from axi_memory import AxiMemory
from bsff.config import parse
from bsff.contract.formats import COUNTERS
from bsff.contract.geometry import geometry
from bsff.golden import network
from bsff.machine import Accelerator

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # cocotbext-axi 0.1.28 uses names that cocotb 2 renames
    from cocotbext.axi import AxiLiteBus, AxiLiteMaster

OUTPUTS = (
    "s_axi_awready", "s_axi_wready", "s_axi_bvalid", "s_axi_bresp", "s_axi_arready", "s_axi_rvalid", "s_axi_rresp",
    "s_axi_rdata", "busy", "m_axi_arvalid", "m_axi_rready",
)  # fmt: skip


def train(device: Any, case: dict[str, Any], seed: int) -> None:
    """Compare state, logits and counters with the golden model after every sample."""
    rng = np.random.default_rng(seed)
    config = parse(case["config"], source="bench")
    shape = geometry(config)
    state = random_state(shape, rng)
    pixels, labels = random_samples(shape, rng, case["samples"])
    machine = Accelerator(device, config, timeout=600.0)
    machine.load(state)
    assert unequal(machine.read_state(), state) == [], "what was written is not what is read"
    total = np.zeros((len(shape.predictors), len(COUNTERS)), np.int64)
    at = 0
    while at < case["samples"]:
        count = int(rng.integers(1, 4))  # one by one and several at once: the pipeline fills
        part = slice(at, at + count)
        learn = bool(rng.integers(4))
        logits = machine.present(pixels[part], labels[part], learn=learn, results=True)
        kept = [block.learn.copy() for block in state.blocks.values()]
        for block in state.blocks.values():
            block.learn[...] &= learn
        expected = network.run(config, shape, state, pixels[part], labels[part])
        for block, flag in zip(state.blocks.values(), kept, strict=True):
            block.learn[...] = flag
        total += expected.counters
        np.testing.assert_array_equal(logits, expected.logits, err_msg=f"logits after sample {at}")
        assert unequal(machine.read_state(), state) == [], f"state after samples {at} to {at + count}"
        at += count
    np.testing.assert_array_equal(machine.counters()[:, : len(COUNTERS)], total)
    assert total[:, COUNTERS.index("updates")].any(), "nothing was learnt: the case shows too little"


@cocotb.test()
async def trains_as_the_golden_model(dut: Any) -> None:
    case = json.loads(Path(os.environ["BSFF_CASE"]).read_text())
    master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi"), dut.aclk, dut.aresetn, reset_active_level=False)
    rng = random.Random(cocotb.RANDOM_SEED)
    clocks.stall_axi(master, rng, case["stalls"])
    memory = AxiMemory(dut, rng, case["stalls"])  # cocotbext-axi has slaves for AXI4 only
    await clocks.start(dut)
    cocotb.start_soon(clocks.watch_x(dut, OUTPUTS))
    device = AxiDevice(dut, master, memory=memory if case["memory"] else None)
    await bridge(train)(device, case, cocotb.RANDOM_SEED)
