"""The rtl device over a small design with the machine's ports, in the real simulator."""

from __future__ import annotations

import gc
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rtl_helpers import (
    ACCEPTED,
    BEAT_HIGH,
    BEAT_LOW,
    BEATS,
    CONTROL,
    COUNT,
    FETCH,
    FINISH,
    HANG,
    MAGIC,
    RANDOM,
    SPACE,
    STATUS,
    WORK,
    FstHeader,
    spawn,
    stand_in,
)

from bsff.config import Config, load
from bsff.contract import registers
from bsff.contract.registers import register_name
from bsff.errors import DeviceError
from bsff.machine.devices import open_device
from bsff_hw.simulation import RtlDevice
from bsff_hw.simulation import device as module
from bsff_hw.simulation.device import count_toggles
from bsff_hw.simulation.toolchain import has_wave_headers

pytestmark = pytest.mark.slow  # the first test of each kind compiles
waves_need_headers = pytest.mark.skipif(not has_wave_headers(), reason="needs Debian's liblz4-dev and zlib1g-dev")

CONFIG = load("digits-small")
Open = Callable[..., RtlDevice]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all workers of pytest-xdist: the device's own lock sees to it that only one of them compiles."""
    root = tmp_path_factory.getbasetemp()
    return (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "verilated"


@pytest.fixture
def opened(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens devices, and closes them at the end."""
    monkeypatch.setenv("BSFF_CACHE", str(cache))
    monkeypatch.setattr(module, "generate", stand_in)
    devices: list[RtlDevice] = []

    def open_one(**options: Any) -> RtlDevice:
        devices.append(RtlDevice(CONFIG, **options))
        return devices[-1]

    yield open_one
    for device in devices:
        device.close()


def test_registers_are_read_and_written(opened: Open) -> None:
    device = opened()
    assert device.read(MAGIC) == registers.MAGIC
    for value in (0, 1, 0x89ABCDEF, 0xFFFFFFFF):
        device.write(CONTROL, value)
        assert device.read(CONTROL) == value
    device.write(CONTROL, -1)  # as everywhere, the lower 32 bits
    assert device.read(CONTROL) == 0xFFFFFFFF


def test_each_access_is_taken_once(opened: Open) -> None:
    device = opened()
    for number in range(10):
        device.write(CONTROL, number)
        for _ in range(2):
            assert device.read(CONTROL) == number
        device.run(number % 5)  # so that accesses begin at every phase of the design
    assert device.read(ACCEPTED) == 10 << 16 | 10 << 8 | 20  # addresses, words, reads


def test_cycles_count_from_the_end_of_the_reset(opened: Open) -> None:
    device = opened()
    assert device.cycles == 0
    device.run(250_000)
    assert device.cycles == 250_000
    device.run(0)
    device.read(MAGIC)
    assert 250_000 < device.cycles <= 250_006


def spent(device: RtlDevice, offset: int) -> int:
    """Cycles that a read takes."""
    before = device.cycles
    device.read(offset)
    return device.cycles - before


def test_time_passes_between_polls(opened: Open) -> None:
    device = opened()
    device.write(CONTROL, 0)
    device.write(WORK, 100_000)
    assert 2000 < spent(device, STATUS) <= 2006
    assert 500 < spent(device, SPACE) <= 506
    assert 500 < spent(device, COUNT) <= 506  # reads CONTROL here
    assert spent(device, CONTROL) <= 6
    device.write(CONTROL, 3)
    assert spent(device, COUNT) <= 6  # there is something to take, so the host takes it


def test_a_poll_ends_when_the_machine_does(opened: Open) -> None:
    device = opened()
    device.write(WORK, 1000)
    before = device.cycles
    assert device.read(STATUS) & 1
    assert device.cycles - before <= 1006
    assert device.read(STATUS) == 0
    for offset in (STATUS, SPACE, COUNT):
        assert spent(device, offset) <= 6


def test_bus_errors_name_the_register(opened: Open) -> None:
    device = opened()
    with pytest.raises(DeviceError) as caught:
        device.write(registers.GLOBAL["SAMPLES"].offset, 1)
    assert str(caught.value) == (
        "write to offset 0x004c (SAMPLES): the machine answered SLVERR; "
        "see `bsff registers` for what can be read and written"
    )
    with pytest.raises(DeviceError, match=r"read of offset 0x1210 \(STEP of block 2\): the machine answered DECERR"):
        device.read(registers.block_offset(2, "STEP"))
    assert device.read(MAGIC) == registers.MAGIC  # it goes on


def test_register_names() -> None:
    assert register_name(registers.GLOBAL["MEMORY_DATA"].offset) == "MEMORY_DATA"
    assert register_name(registers.block_offset(0, "LOSS_HIGH")) == "LOSS_HIGH of block 0"
    assert register_name(0x0FC) == register_name(0x10F0) == register_name(0x0F10) == "no register"


@pytest.mark.parametrize("offset", [-4, 2, 0x10000])
def test_offsets_outside_are_refused(opened: Open, offset: int) -> None:
    device = opened()
    for access in (device.read, lambda offset: device.write(offset, 0)):
        with pytest.raises(DeviceError, match="expected a multiple of 4 below 0x10000; see `bsff registers`"):
            access(offset)
    assert device.cycles == 0


def test_a_design_that_hangs_is_not_waited_for(opened: Open) -> None:
    device = opened()
    device.write(HANG, 1)
    with pytest.raises(DeviceError, match=r"read of offset 0x0000 \(MAGIC\): no answer within 100,000 clock cycles"):
        device.read(MAGIC)
    before = device.cycles
    assert before > 100_000
    with pytest.raises(DeviceError, match=r"write to offset 0x0040 \(CONTROL\): no answer .* open the device anew"):
        device.write(CONTROL, 1)
    assert device.cycles == before  # at once: a late answer could be taken for that of another access
    assert opened().read(MAGIC) == registers.MAGIC
    device = opened()
    device.write(HANG, 1)
    with pytest.raises(DeviceError, match=r"write to .* no answer"):
        device.write(CONTROL, 1)
    assert device.cycles > 100_000


def test_a_design_that_finishes_does_not_end_the_program(opened: Open) -> None:
    device = opened()
    with pytest.raises(DeviceError, match=r"\(MEMORY_DATA\): the simulator stopped: bsff\.v:\d+: \$finish"):
        device.write(FINISH, 1)


def test_two_devices_do_not_disturb_each_other(opened: Open) -> None:
    one, two = opened(), opened()
    one.write(CONTROL, 1)
    two.write(CONTROL, 2)
    two.write(WORK, 5000)
    two.run(100)
    cycles = one.cycles
    assert (one.read(CONTROL), two.read(CONTROL)) == (1, 2)
    assert (one.read(STATUS), two.read(STATUS)) == (0, 1)
    assert one.cycles < cycles + 20 < two.cycles
    one.write(HANG, 1)
    one.close()
    assert two.read(CONTROL) == 2


def test_devices_run_side_by_side_in_threads(opened: Open) -> None:
    devices = [opened(seed=number) for number in range(2)]

    def work(device: RtlDevice, value: int) -> None:
        for _ in range(2000):
            device.write(CONTROL, value)
            faults.extend([value] * (device.read(CONTROL) != value))

    faults: list[int] = []
    threads = [threading.Thread(target=work, args=(device, n)) for n, device in enumerate(devices)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert faults == []
    assert len({device.read(ACCEPTED) for device in devices}) == len({device.cycles for device in devices}) == 1


def test_registers_without_a_reset_start_as_the_seed_says(opened: Open) -> None:
    values = [opened(seed=seed).read(RANDOM) for seed in (0, 0, 1, 1, 2**31 - 2)]
    assert values[0] == values[1]
    assert values[2] == values[3]
    assert len(set(values)) == 3
    for seed in (-1, 2**31 - 1):
        with pytest.raises(DeviceError, match=rf"seed = {seed}: expected 0 to 2147483646"):
            opened(seed=seed)


def test_a_closed_device_says_so(opened: Open) -> None:
    device = opened()
    device.close()
    device.close()
    for use in (lambda: device.read(0), lambda: device.write(0, 0), lambda: device.run(1), lambda: device.cycles):
        with pytest.raises(DeviceError, match="the rtl device is closed: open it anew"):
            use()


def fetched(device: RtlDevice, address: int) -> tuple[int, int, int, int]:
    """What the design got when it read three beats: the last, how many beats, how many of them last ones, the response."""
    before = device.read(BEATS)
    device.write(FETCH, address)
    device.run(200)
    after, value = device.read(BEATS), device.read(BEAT_LOW) | device.read(BEAT_HIGH) << 32
    return value, ((after >> 8) - (before >> 8)) & 0xFFFF, (after >> 24) - (before >> 24), after & 3


def test_the_machine_reads_the_hosts_buffer(opened: Open) -> None:
    device = opened()
    first, second = device.allocate(10), device.allocate(8)
    assert not first.words.any()
    assert first.address % 4096 == second.address % 4096 == 0
    first.words[:10] = np.arange(100, 110)
    second.words[:] = np.arange(200, 208)
    assert fetched(device, first.address) == (105 << 32 | 104, 3, 1, 0)
    assert fetched(device, first.address + 16) == (109 << 32 | 108, 3, 1, 0)
    assert fetched(device, second.address + 8) == (207 << 32 | 206, 3, 1, 0)
    second.words[7] = 0xFFFFFFFF  # seen at once
    assert fetched(device, second.address + 8) == (0xFFFFFFFF << 32 | 206, 3, 1, 0)


def test_what_lies_beside_a_buffer_is_an_error(opened: Open) -> None:
    device = opened()
    for address in (0x1000_0000, 0, 0xFFFF_FFE0):
        assert fetched(device, address)[3] == 3
    buffer = device.allocate(7)  # 28 bytes, so that the fourth pair is half there: it reads as 0
    assert len(buffer.words) == 8
    assert fetched(device, buffer.address + 8)[3] == 0
    assert fetched(device, buffer.address + 16)[1:] == (3, 1, 3)
    assert fetched(device, buffer.address - 32)[3] == 3


def test_silent_memory(opened: Open) -> None:
    device = opened()
    buffer = device.allocate(8)
    device.silence(True)
    assert fetched(device, buffer.address)[1] == 0
    device.silence(False)
    device.run(200)
    assert device.read(BEATS) >> 8 & 0xFFFF == 3


def test_toggles_are_counted(opened: Open) -> None:
    device = opened(toggles=True)
    start = device.toggles()
    device.run(64)
    idle = device.toggles() - start
    assert 64 < idle < 640  # a counter of two bits runs, in two modules at most; the clock is left out
    device.write(CONTROL, 0)
    first = device.toggles()
    device.write(CONTROL, 0xFFFFFFFF)
    device.write(CONTROL, 0)
    assert device.toggles() - first >= 64  # at least the register's own bits, up and down
    with pytest.raises(DeviceError, match=r"built without counting toggles: .*; open the device with toggles=True"):
        opened().toggles()


def test_toggles_of_a_clock_do_not_count() -> None:
    lines = ["# SystemC::Coverage-3", *(f"C '\x01o\x02{name}[0]:0->1\x01h\x02TOP' {n}" for name, n in
             (("aclk", 500), ("clk", 300), ("bits", 7), ("more", 2)))]  # fmt: skip
    assert count_toggles("\n".join(lines)) == 9


def test_impossible_buffers_are_refused(opened: Open) -> None:
    device = opened()
    with pytest.raises(DeviceError, match=r"allocate\(0\): expected at least 1 word"):
        device.allocate(0)
    with pytest.raises(DeviceError, match=r"allocate\(2000000000\): only 1,006,632,960 words of the simulated memory"):
        device.allocate(2_000_000_000)
    device.close()
    for use in (lambda: device.allocate(1), lambda: device.silence(True)):
        with pytest.raises(DeviceError, match="the rtl device is closed: open it anew"):
            use()


def test_a_library_that_cannot_be_loaded_is_named(opened: Open, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = cache / "broken" / "libbsff.so"
    broken.parent.mkdir(parents=True, exist_ok=True)
    broken.write_text("not a library")
    monkeypatch.setattr("bsff_hw.simulation.device.build", lambda verilog, trace: broken)
    with pytest.raises(DeviceError, match=rf"{re.escape(str(broken))}: .* remove the folder {broken.parent}"):
        opened()


@waves_need_headers
def test_waves_are_complete_after_close(opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "waves.fst"
    device = opened(waves=path)
    device.write(CONTROL, 0x89ABCDEF)
    device.run(1000)
    cycles = device.cycles
    assert not path.exists()
    device.close()
    header = FstHeader.of(path)
    assert (header.kind, header.length, header.start) == (0, 329, 0)
    assert header.end == 10 * (16 + 1 + cycles) - 5  # ns: the last rising edge, reset included
    assert header.scopes >= 1
    assert header.variables >= 22  # the ports alone
    assert b"s_axi_awaddr" in path.read_bytes()  # the names are compressed, but the first of each kind is legible
    assert os.listdir(tmp_path) == ["waves.fst"]


@waves_need_headers
def test_waves_do_not_change_what_is_simulated(opened: Open, tmp_path: Path) -> None:
    recorded, plain = opened(waves=tmp_path / "waves.fst", seed=5), opened(seed=5)
    for device in (recorded, plain):
        device.write(WORK, 3000)
        device.read(STATUS)
    assert recorded.read(RANDOM) == plain.read(RANDOM)
    assert recorded.cycles == plain.cycles


@waves_need_headers
def test_waves_are_complete_if_the_device_is_forgotten(opened: Open, tmp_path: Path) -> None:
    RtlDevice(CONFIG, waves=tmp_path / "waves.fst").run(10)
    gc.collect()
    assert FstHeader.of(tmp_path / "waves.fst").end == 10 * 27 - 5


@waves_need_headers
def test_waves_are_complete_after_an_exception_and_a_stop(opened: Open, tmp_path: Path) -> None:
    opened(waves=tmp_path / "first.fst").close()  # compiles here, not there
    process = spawn(
        "from pathlib import Path\n"
        "from bsff.config import load\n"
        "from bsff_hw.simulation import RtlDevice, device as module\n"
        "from rtl_helpers import FINISH, stand_in\n"
        "module.generate = stand_in\n"
        f"device = RtlDevice(load('digits-small'), waves=Path({str(tmp_path / 'waves.fst')!r}))\n"
        "device.run(100)\n"
        "device.write(FINISH, 1)\n"
    )
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "$finish" in said.splitlines()[-1]
    assert FstHeader.of(tmp_path / "waves.fst").end > 10 * 117
    assert sorted(os.listdir(tmp_path)) == ["first.fst", "waves.fst"]


def test_a_waves_file_that_cannot_be_written_is_refused_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(config: Config) -> str:
        raise AssertionError("the name of the file is checked before anything else")

    monkeypatch.setattr(module, "generate", never)
    with pytest.raises(DeviceError, match=r"missing/waves\.fst: the folder .*/missing does not exist; make it"):
        RtlDevice(CONFIG, waves=tmp_path / "missing" / "waves.fst")
    with pytest.raises(DeviceError, match="this is a folder; name a file in it"):
        RtlDevice(CONFIG, waves=tmp_path)


def test_open_device_opens_it(opened: Open, tmp_path: Path) -> None:
    device = open_device("rtl", CONFIG)
    assert isinstance(device, RtlDevice)
    device.close()
    with pytest.raises(DeviceError, match="missing does not exist"):
        open_device("rtl", CONFIG, waves=tmp_path / "missing" / "waves.fst")
    with pytest.raises(DeviceError, match=r"waves file w\.fst: device emulated has no signals to record; use the rtl"):
        open_device("emulated", CONFIG, waves=Path("w.fst"))
