"""The machine behind its two pins, simulated: it learns bit for bit what the golden model learns, whatever the line does.

Driven by the serial device through a pseudo-terminal, and by LiteX's own tools.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import serial
from hw_helpers import refusal
from litex.tools.litex_client import RemoteClient
from litex.tools.remote.comm_uart import CommUART
from seeds import rng_for
from serial_board import Board, board, serial_text
from serial_learning import assert_same, learn

from bsff.cli import main
from bsff.config import load
from bsff.contract.registers import ABI_VERSION, BRIDGE_BASE, BRIDGE_MAGIC, GLOBAL, MAGIC, build_hash
from bsff.data import load_dataset
from bsff.errors import DeviceError
from bsff.machine import Accelerator
from bsff.machine.devices import open_device
from bsff.machine.devices.serial import courier
from bsff.tools.process import patient
from bsff_hw.machine.serial import SerialNetwork
from bsff_hw.plan import plan

pytestmark = pytest.mark.slow  # the first test of each network compiles

CYCLES, BAUD = 8, 115_200
WEAR = {"drift": 0.015, "edges": 1, "pause": 0.02}
"""A bad line: each byte's rate is off, edges jitter by an eighth of a bit, and there are pauses."""
EVENTS = ("lose", "noise", "flip", "twice")


def place(plugged: Board) -> str:
    return f"serial:{plugged.path},{BAUD}"


def machine_on(plugged: Board, name: str = "digits-tiny") -> Accelerator:
    config = load(name)
    return Accelerator(open_device(place(plugged), config), config)


def golden(name: str, **numbers: int) -> Any:
    config = load(name)
    with Accelerator(open_device("emulated", config), config) as machine:
        return learn(machine, load_dataset(config.data), **numbers)


@pytest.fixture(autouse=True)
def simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulated line is slow, and slower still on a machine that has other work."""
    monkeypatch.setattr(courier, "ANSWER_SECONDS", patient(1.0))


def test_the_ports() -> None:
    assert "module bsff(rst, rx, tx, busy, clk);" in serial_text("digits-tiny", CYCLES)


def test_a_rate_that_the_clock_cannot_make() -> None:
    assert "1.0 cycles a bit" in refusal(SerialNetwork, plan(load("digits-tiny")), clock_hz=1e6, baud=1e6)


@pytest.mark.long
def test_a_training_as_a_user_starts_it(seed: int, tmp_path: Path) -> None:
    with board("digits-tiny", CYCLES, rng_for("user", seed), **WEAR) as plugged:
        for device in (place(plugged), "emulated"):
            out = ["--out", str(tmp_path / device.partition(":")[0])]
            few = ["--set", "data.test_samples=10"]
            assert main(["train", "digits-tiny", "--device", device, "--samples", "20", *out, *few]) == 0
    assert main(["diff", str(tmp_path / "serial"), str(tmp_path / "emulated")]) == 0


def test_it_learns_on_a_bad_line(seed: int) -> None:
    rng = rng_for("bad line", seed)
    with board("digits-tiny", CYCLES, rng, **WEAR) as plugged, machine_on(plugged) as machine:
        for at in rng.integers(200, 6000, 6):
            plugged.to_board[int(at)] = str(rng.choice([*EVENTS, "glitch", "break"]))
        plugged.to_host[int(rng.integers(200, 3000))] = str(rng.choice(EVENTS))
        print(plugged.to_board, plugged.to_host)
        data = load_dataset(machine.config.data)
        assert_same(learn(machine, data), golden("digits-tiny"), cycles=False)


@pytest.mark.long
def test_it_learns_a_larger_network(seed: int) -> None:
    numbers = {"samples": 12, "judged": 3}
    line = board("digits-small", 4, rng_for("digits-small", seed), drift=0.01)
    with line as plugged, machine_on(plugged, "digits-small") as machine:
        data = load_dataset(machine.config.data)
        assert_same(learn(machine, data, **numbers), golden("digits-small", **numbers), cycles=False)


def test_a_reset_in_the_middle_is_told_and_hangs_nothing(seed: int) -> None:
    with board("digits-tiny", CYCLES, rng_for("reset", seed)) as plugged:
        with machine_on(plugged) as machine:
            plugged.to_board[plugged.sent + 2500] = "reset"
            with pytest.raises(DeviceError, match="the machine was reset, or another program took it over"):
                learn(machine, load_dataset(machine.config.data))
        with machine_on(plugged) as machine:  # opened anew, it is as good as before
            data = load_dataset(machine.config.data)
            assert_same(learn(machine, data, 5, 1), golden("digits-tiny", samples=5, judged=1), cycles=False)


def test_after_garbage_it_is_as_good_as_before(seed: int) -> None:
    rng = rng_for("garbage", seed)
    with board("digits-tiny", CYCLES, rng) as plugged:
        # much that looks like frames, reads of up to 255 words among them
        garbage = rng.choice([*range(6), 0x40, 0x41, 0x42, 0xFF], 1500).astype(np.uint8)
        with serial.Serial(plugged.path, BAUD) as port:
            port.write(garbage.tobytes())
            while plugged.sent < len(garbage):
                time.sleep(0.05)
        with machine_on(plugged) as machine:
            machine.clear_counters()
            data = load_dataset(machine.config.data)
            assert_same(learn(machine, data, 5, 1), golden("digits-tiny", samples=5, judged=1), cycles=False)


def test_unplugged(seed: int) -> None:
    with board("digits-tiny", CYCLES, rng_for("unplugged", seed)) as plugged, machine_on(plugged) as machine:
        plugged.to_board[plugged.sent + 1000] = "unplug"
        with pytest.raises(DeviceError, match=r"the port stopped working .* resume from the checkpoint"):
            learn(machine, load_dataset(machine.config.data))


# ---- LiteX's own tools


def test_litex_reads_and_writes_our_registers(seed: int) -> None:
    config = load("digits-tiny")
    with board("digits-tiny", CYCLES, rng_for("litex", seed), **WEAR) as plugged:
        comm = CommUART(plugged.path, BAUD)
        try:
            assert comm.read(0, 3) == [MAGIC, ABI_VERSION, build_hash(config)]
            assert comm.read(BRIDGE_BASE) == BRIDGE_MAGIC
            select = GLOBAL["MEMORY_SELECT"].offset
            comm.write(select, [0, 3])  # two registers, one frame
            comm.write(GLOBAL["MEMORY_DATA"].offset, [5, 2**32 - 7], burst="fixed")
            comm.write(select, [0, 3])
            assert comm.read(GLOBAL["MEMORY_DATA"].offset, 2, burst="fixed") == [5, 2**32 - 7]
            assert comm.read(GLOBAL["MEMORY_ADDRESS"].offset) == 5
        finally:
            comm.close()


@contextlib.contextmanager
def litex_server(path: str) -> Iterator[int]:
    """LiteX's server between a port and a socket; gives the socket's number."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        number = int(free.getsockname()[1])
    words = ["--uart", "--uart-port", path, "--uart-baudrate", str(BAUD), "--bind-port", str(number)]
    server = subprocess.Popen(
        [sys.executable, "-m", "litex.tools.litex_server", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield number
    finally:
        server.terminate()
        server.wait(30)


def test_litex_server(seed: int) -> None:
    with board("digits-tiny", CYCLES, rng_for("litex_server", seed)) as plugged, litex_server(plugged.path) as number:
        client = RemoteClient(port=number)
        deadline = time.monotonic() + patient(30)
        while not client.binded:
            assert time.monotonic() < deadline, "litex_server does not listen"
            with contextlib.suppress(OSError):
                client.open()
            time.sleep(0.1)
        try:
            assert client.read(0) == MAGIC
            client.write(GLOBAL["CONTROL"].offset, 1)
            assert client.read(GLOBAL["CONTROL"].offset, 2) == [1, 0]
            assert np.array_equal(client.read(0, 3), [MAGIC, ABI_VERSION, build_hash(load("digits-tiny"))])
        finally:
            client.close()
