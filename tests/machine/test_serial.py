"""The serial device over a model of the bridge: equal bits whatever the line does, and a sentence for every end."""

from __future__ import annotations

import errno
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import serial as pyserial
from seeds import rng_for
from serial.tools import list_ports
from serial_learning import assert_same, learn
from serial_model import Model, NoMemory, model

from bsff.cli import main
from bsff.config import load
from bsff.contract.geometry import geometry
from bsff.contract.registers import GLOBAL, RELEASE
from bsff.contract.serial import FRAME_WORDS, PARCEL_WORDS, REPLY_WORDS, Command, Kind, frame, operation, parcel
from bsff.data import load_dataset
from bsff.errors import DeviceError
from bsff.golden.state import NetworkState
from bsff.machine import Accelerator
from bsff.machine.devices import open_device
from bsff.machine.devices.serial import courier, find
from bsff.machine.devices.serial.batch import Batch
from bsff.machine.devices.serial.device import parse
from bsff.machine.devices.serial.speed import samples_per_second
from bsff.tools.process import patient

NAME = "digits-tiny"
CONFIG = load(NAME)
DATA = load_dataset(CONFIG.data)
BAUD = 115_200
Open = Callable[..., Model]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model answers at once; what waits for a board a second waits a part of it."""
    monkeypatch.setattr(courier, "ANSWER_SECONDS", patient(0.3))


@pytest.fixture
def unhurried(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where bytes are counted nothing is asked twice, however slow this machine is."""
    monkeypatch.setattr(courier, "ANSWER_SECONDS", 30.0)


@pytest.fixture
def plugged(seed: int) -> Iterator[Open]:
    """Plugs in boards, and takes them away at the end."""
    with ExitStack() as stack:

        def plug(name: str = NAME, config: str = NAME) -> Model:
            return stack.enter_context(model(config, rng_for(name, seed)))

        yield plug


def place(board: Model) -> str:
    return f"serial:{board.path},{BAUD}"


def open_machine(board: Model) -> Accelerator:
    return Accelerator(open_device(place(board), CONFIG), CONFIG)


@pytest.fixture(scope="module")
def expected() -> tuple[NetworkState, Any, Any]:
    with Accelerator(NoMemory(CONFIG), CONFIG) as machine:
        return learn(machine, DATA)


# ---- bits


@pytest.mark.usefixtures("unhurried")
def test_it_learns_as_the_golden_model(plugged: Open, expected: Any) -> None:
    board = plugged()
    with open_machine(board) as machine:
        assert not machine.through_memory
        assert_same(learn(machine, DATA), expected)
    assert board.session == 0  # other tools may go on
    assert (board.counts["refused"], board.counts["unknown"], board.counts["locked_out"]) == (0, 0, 0)


@pytest.mark.parametrize("case", range(4))
def test_whatever_the_line_does_the_bits_are_the_same(plugged: Open, expected: Any, seed: int, case: int) -> None:
    rng, board = rng_for(f"faults {case}", seed), plugged()
    with open_machine(board) as machine:
        kinds = ["lose", "noise", "flip", "twice"]
        for faults, within in ((board.to_board, 8000), (board.to_host, 4000)):
            for at in rng.integers(100, within, 2):
                faults[int(at)] = str(rng.choice(kinds))
        print(board.to_board, board.to_host)
        assert_same(learn(machine, DATA), expected)


@pytest.mark.usefixtures("unhurried")
def test_parcels_are_under_way_together(plugged: Open) -> None:
    board = plugged()
    device = open_device(place(board), CONFIG)
    sent = board.sent
    for value in range(600):  # of one register: three parcels and some more
        device.write(GLOBAL["MEMORY_ADDRESS"].offset, value)
    assert device.read(GLOBAL["MEMORY_ADDRESS"].offset) == 599
    assert board.sent - sent == 4 * (600 + 4) + 20 * 3  # data, operations, what is around parcels
    device.close()


def test_a_damaged_parcel_goes_again_with_those_after_it(plugged: Open) -> None:
    board = plugged()
    device = open_device(place(board), CONFIG)
    board.to_board[board.sent + 500] = "flip"
    for value in range(1, 500):
        device.write(GLOBAL["MEMORY_ADDRESS"].offset, value)
    assert device.read(GLOBAL["MEMORY_ADDRESS"].offset) == 499
    assert board.counts["refused"] >= 2
    device.close()


# ---- what is sent


def test_a_batch_joins_accesses() -> None:
    batch = Batch()
    for address, value in ((0x10, 1), (0x10, 2), (0x20, 3), (0x24, 4), (0x28, 5), (0x30, 6)):
        assert batch.write(address, value)
    assert batch.wait(0x50)
    assert not batch.read(0x10)
    assert batch.words == [
        operation(Kind.WRITE, 0x10, 2), 1, 2, operation(Kind.WRITE, 0x20, 3, increments=True), 3, 4, 5,
        operation(Kind.WRITE, 0x30), 6, operation(Kind.WAIT, 0x50),
    ]  # fmt: skip


def test_a_batch_is_full_where_a_frame_or_a_reply_is() -> None:
    batch = Batch()
    assert sum(batch.write(0x58, value) for value in range(300)) == PARCEL_WORDS - 1
    assert not batch.wait(0x50)
    assert len(parcel(0, batch.words, 0)) == 6 + 4 * FRAME_WORDS
    batch = Batch()
    assert sum(batch.read(0x58) for _ in range(300)) == REPLY_WORDS
    assert not batch.wait(0x50)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((Command.WRITE, 0, []), "a frame of 0 words: expected 1 to 255"),
        ((Command.WRITE, 0, [0] * 256), "a frame of 256 words"),
        ((Command.WRITE, 2, [0]), "address 0x2: expected a multiple of 4"),
    ],
)
def test_frames_that_cannot_be(arguments: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        frame(*arguments)


@pytest.mark.usefixtures("unhurried")
def test_the_rate_of_samples_is_what_is_sent(plugged: Open) -> None:
    board, samples = plugged(), 200
    with open_machine(board) as machine:
        machine.wait_idle()
        sent = board.sent
        machine.discard(DATA.train_images[:samples], DATA.train_labels[:samples])
        rate = samples_per_second(BAUD, geometry(CONFIG).sample_words)
        assert (board.sent - sent) * 10 / BAUD == pytest.approx(samples / rate, rel=0.03)


def test_the_page_has_those_rates() -> None:
    page = (Path(__file__).parents[2] / "docs" / "serial.md").read_text()
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.partition("| network | words |")[2].splitlines()[:4]
    ]
    bauds = [int(cell.removesuffix(" baud").replace(",", "")) for cell in head if cell]
    assert len(rows) == 2
    for name, words, *rates in rows:
        assert int(words) == geometry(load(name)).sample_words
        assert rates == [f"{samples_per_second(baud, int(words)):,.0f}" for baud in bauds]


# ---- sentences


def said_of(where: str) -> str:
    with pytest.raises(DeviceError) as caught:
        open_device(where, CONFIG)
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_where() -> None:
    assert parse("/dev/ttyUSB0") == ("/dev/ttyUSB0", 1_000_000)
    assert parse("COM3,9600") == ("COM3", 9600)
    assert said_of("serial:/dev/x,fast") == (
        "serial:/dev/x,fast: the rate is 'fast', expected bits a second, as in serial:/dev/x,115200"
    )
    assert said_of("emulated:there") == (
        "device = 'emulated:there': device emulated has no place to name; leave out what follows the colon"
    )


def test_there_is_no_such_port() -> None:
    assert said_of("serial:/dev/bsff-nothing").startswith("/dev/bsff-nothing: there is no such port; plug the board in")


def test_a_file_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert f"{tmp_path}/file: not a serial port" in said_of(f"serial:{tmp_path}/file")


def test_a_port_that_another_program_has_open(plugged: Open) -> None:
    board = plugged()
    with open_machine(board):
        assert said_of(place(board)) == (
            f"{board.path}: another program has this port open; end it (litex_server, a terminal), then try again"
        )
    with open_machine(board):
        pass


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            pyserial.SerialException(errno.EACCES, "could not open port"),
            "no permission to open it; join its group (sudo",
        ),
        (ValueError("Failed to set custom baud rate"), "this port has no rate of 5 baud (Failed to set custom"),
        (
            pyserial.SerialException(errno.EIO, "broken"),
            "cannot be opened (broken); unplug the board and plug it in again",
        ),
    ],
)
def test_a_port_that_does_not_open(error: Exception, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(pyserial, "Serial", refuse)
    assert said in said_of("serial:/dev/x,5")


@pytest.mark.parametrize("there", [None, types.ModuleType("serial")])
def test_pyserial_is_missing(there: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "serial", there)
    for where in ("serial", "serial:/dev/x"):
        assert said_of(where) == (
            "the serial device needs pyserial, which is not installed: pip install 'bsff[serial]'"
        )


def test_nobody_answers(plugged: Open) -> None:
    board = plugged()
    board.mute = True
    assert said_of(place(board)).startswith(
        f"{board.path}: no answer at 115200 baud; load the bitstream, and name the port"
    )


def test_something_else_answers(plugged: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    board = plugged()
    monkeypatch.setattr(Model, "take", lambda self, byte, event: byte)  # an echo
    assert "it answers 02 03 00 00 40 00, expected 0x55415254 first; another rate, or another device" in said_of(
        place(board)
    )


def test_a_bridge_of_another_release(plugged: Open) -> None:
    board = plugged()
    board.version = 9
    assert "the bridge has version 9, this bsff speaks 1; build the bitstream and install" in said_of(place(board))


def test_another_network(plugged: Open) -> None:
    board = plugged(config="digits-small")
    with pytest.raises(DeviceError, match="the device was built for another network"):
        open_machine(board)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("unplug", "the port stopped working|no whole answer"),
        ("reset", r"the machine was reset, or another program took it over, while it was in use \(session 0"),
    ],
)
def test_what_ends_a_session(event: str, said: str, plugged: Open) -> None:
    board = plugged()
    with open_machine(board) as machine:
        board.to_board[board.sent + 3000] = event
        with pytest.raises(DeviceError, match=said) as caught:
            learn(machine, DATA)
    assert "resume from the checkpoint" in str(caught.value)


def test_a_register_that_is_none(plugged: Open) -> None:
    board = plugged()
    device = open_device(place(board), CONFIG)
    device.write(0x7F0, 1)
    with pytest.raises(
        DeviceError, match=r"access to offset 0x07f0 \(no register\): the machine answered with an error"
    ):
        device.read(0)
    with pytest.raises(DeviceError, match="offset 0x0002: expected a multiple of 4 below 0x10000"):
        device.read(2)
    with pytest.raises(DeviceError, match="allocate\\(4\\): the serial device shares no memory"):
        device.allocate(4)
    device.close()
    device.close()
    with pytest.raises(DeviceError, match="the serial device is closed: open it anew"):
        device.read(0)


def test_a_machine_that_makes_no_room(plugged: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    board = plugged()
    with open_machine(board) as machine:
        board.stuck = {GLOBAL["SAMPLE_SPACE"].offset}
        monkeypatch.setattr(machine._link.device._courier, "_stall", 0.3)
        with pytest.raises(DeviceError, match=r"waiting for SAMPLE_SPACE: it stayed 0 for 0\.3 s; the machine hangs"):
            machine.present(DATA.train_images[:50], DATA.train_labels[:50], learn=True)


def test_a_machine_that_is_slow_to_make_room(plugged: Open, expected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    board = plugged()
    calls, read = 0, NoMemory.read

    def sometimes(self: NoMemory, offset: int) -> int:
        nonlocal calls
        if offset == GLOBAL["SAMPLE_SPACE"].offset:
            calls += 1
            if calls % 7 == 0:
                return 0  # the parcel ends here, and resumes
        return read(self, offset)

    with open_machine(board) as machine:
        monkeypatch.setattr(NoMemory, "read", sometimes)
        assert_same(learn(machine, DATA), expected)
    assert calls > 30


def test_a_host_that_was_killed_leaves_a_session_which_the_next_one_ends(plugged: Open) -> None:
    board = plugged()
    device = open_device(place(board), CONFIG)
    device._port.close()
    assert board.session != 0
    with open_machine(board):
        pass
    assert board.session == 0
    assert int.from_bytes(b"FREE", "big") == RELEASE


# ---- found by itself


def ports(monkeypatch: pytest.MonkeyPatch, *paths: str) -> None:
    listed = [types.SimpleNamespace(device=path, vid=1) for path in paths]
    listed.append(types.SimpleNamespace(device="/dev/ttyS0", vid=None))  # never asked
    monkeypatch.setattr(list_ports, "comports", lambda: listed)
    monkeypatch.setattr(courier, "BAUD", BAUD, raising=False)


def test_the_only_port_that_answers(plugged: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    board, silent = plugged(), plugged("silent")
    silent.mute = True
    ports(monkeypatch, silent.path, "/dev/bsff-nothing", board.path)
    with Accelerator(open_device("serial", CONFIG), CONFIG) as machine:
        assert machine.geometry == geometry(CONFIG)


def test_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    ports(monkeypatch)
    assert said_of("serial").startswith("serial: no USB serial port is there; plug the board in, or name its port")


def test_no_port_that_answers(plugged: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = plugged()
    silent.mute = True
    ports(monkeypatch, silent.path, "/dev/bsff-nothing")
    said = said_of("serial")
    assert said.startswith("serial: none of 2 ports answers as a machine at 1000000 baud. ")
    assert "/dev/bsff-nothing: there is no such port" in said
    assert f"{silent.path}: no answer" in said


def test_several_ports_that_answer(plugged: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    boards = [plugged("one"), plugged("two")]
    ports(monkeypatch, *(board.path for board in boards))
    paths = sorted(board.path for board in boards)
    assert said_of("serial") == (
        f"serial: 2 machines answer, at {paths[0]}, {paths[1]}; name one, as in serial:{paths[0]}"
    )
    assert find.candidates() == paths


# ---- as a user does


def run(*words: Any) -> int:
    return main([str(word) for word in words])


def test_a_training_as_a_command(plugged: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    board = plugged()
    for device in (place(board), "emulated"):
        out = tmp_path / device.partition(":")[0]
        assert (
            run("train", NAME, "--device", device, "--samples", 60, "--out", out, "--set", "training.test_draws=1") == 0
        )
    assert run("diff", tmp_path / "serial", tmp_path / "emulated") == 0
    assert f"--device {place(board)}" in capsys.readouterr().out  # how to go on


def test_what_was_saved_survives_an_unplugged_board(
    plugged: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    board, out = plugged(), tmp_path / "run"
    train = ["train", NAME, "--set", "training.test_draws=1"]
    assert run(*train, "--device", place(board), "--samples", 30, "--out", out) == 0
    saved = (out / "checkpoint.npz").read_bytes()
    board.to_board[board.sent + 6000] = "unplug"
    assert run("train", "--resume", "--out", out, "--device", place(board), "--samples", 60) == 2
    said = capsys.readouterr().err
    assert said.startswith("bsff: ")
    assert "Traceback" not in said
    assert said.count("\n") == 1
    assert (out / "checkpoint.npz").read_bytes() == saved
    assert run("train", "--resume", "--out", out, "--device", place(plugged("again")), "--samples", 60) == 0
    assert run(*train, "--samples", 60, "--out", tmp_path / "other") == 0
    assert run("diff", out, tmp_path / "other") == 0


def test_selftest(plugged: Open, tmp_path: Path) -> None:
    assert run("selftest", NAME, "--device", place(plugged()), "--out", tmp_path / "selftest.json") == 0
