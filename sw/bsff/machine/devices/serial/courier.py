"""Parcels over a port: each arrives once, whole and in order, or a sentence says why not.

Several writes are under way at a time; each is followed by a request for the reply, which tells what was carried out
last. What was damaged is sent again together with all that came after it (go-back-N), which the bridge refused meanwhile.
"""

import secrets
import time
from collections import deque
from dataclasses import dataclass, field

from bsff.contract.registers import (
    BRIDGE,
    BRIDGE_BASE,
    BRIDGE_MAGIC,
    BRIDGE_VERSION,
    EVENTS,
    PARCEL_BASE,
    RELEASE,
    REPLY_BASE,
    register_name,
)
from bsff.contract.serial import REPLY_HEAD, SILENCE, Code, Command, checksum, frame, parcel, parcel_header, words_of
from bsff.errors import DeviceError

from .port import Port

ANSWER_SECONDS = 1.0
"""How long an answer may take beyond the time that it and what is under way are on the line. A parcel waits a tenth of it."""
TRIES = 6
"""How often a parcel is sent before the line is given up; the pauses between double."""
_SEQUENCES = 1 << 16
_CHECKED = REPLY_HEAD + 1  # words of a reply to a parcel that reads nothing


@dataclass
class Flight:
    """A parcel under way."""

    words: list[int]
    reads: int
    sequence: int = 0
    size: int = 0
    """Bytes, with the request for its reply."""

    @property
    def reply_bytes(self) -> int:
        """Length of the reply that was asked for."""
        return 4 * (_CHECKED + self.reads)


@dataclass(frozen=True)
class Reply:
    """What the bridge says of the parcel that it carried out last."""

    code: int
    session: int
    sequence: int
    place: int
    words: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, data: bytes) -> "Reply | None":
        """The reply in some bytes; None if they were damaged."""
        if len(data) < 4 * _CHECKED or checksum(data[:-4]) != data[-4:]:
            return None
        head, extent, *words = words_of(data[:-4])
        return cls(head >> 28, head >> 16 & 0xFF, head & 0xFFFF, extent >> 16, words[: extent & 0xFFFF])


class Courier:
    """A session with the bridge at the other end of a port.

    Parameters
    ----------
    port : Port
    stall : float
        Seconds that a parcel may wait for the machine without any progress.

    Raises
    ------
    DeviceError
        If no bridge of ours answers.
    """

    def __init__(self, port: Port, *, stall: float = 30.0) -> None:
        self._port, self._stall = port, stall
        self._inbox = probe(port)
        self._session = 1 + secrets.randbelow(255)
        self._sequence = secrets.randbelow(_SEQUENCES)
        self._flying: deque[Flight] = deque()
        self._tries = 0
        self._moved = time.monotonic()
        self._open()

    def post(self, words: list[int]) -> None:
        """Send a parcel that reads nothing; it may still be under way afterwards.

        Raises
        ------
        DeviceError
            If an earlier one could not be carried out, or the line is too bad.
        """
        self._begin(Flight(words, 0))

    def ask(self, words: list[int], reads: int) -> list[int]:
        """Send a parcel, wait until all are carried out, and return the words that this one read.

        Raises
        ------
        DeviceError
            As `post`.
        """
        self._begin(Flight(words, reads))
        taken: list[int] = []
        while self._flying:
            taken = self._settle()
        return taken

    def finish(self) -> None:
        """Wait until all are carried out, and close the session, so that other tools reach the machine.

        Raises
        ------
        DeviceError
            As `post`.
        """
        while self._flying:
            self._settle()
        header = parcel_header((self._sequence + 1) % _SEQUENCES, self._session, closes=True, resumes=True)
        self._port.send(parcel(header, (), PARCEL_BASE) + frame(Command.READ, REPLY_BASE, count=_CHECKED))
        self._port.receive(4 * _CHECKED, ANSWER_SECONDS)

    def abandon(self) -> None:
        """Close the session though not all were carried out.

        Raises
        ------
        DeviceError
            If the port is gone.
        """
        self._port.hush(1.5 * SILENCE)
        self._port.send(frame(Command.WRITE, BRIDGE_BASE + BRIDGE["BRIDGE_RELEASE"].offset, [RELEASE]))

    # ---- one parcel

    def _begin(self, flight: Flight) -> None:
        if not self._flying:
            self._moved = time.monotonic()
        self._launch(flight)

    def _launch(self, flight: Flight, *, resumes: bool = False) -> None:
        request = frame(Command.READ, REPLY_BASE, count=_CHECKED + flight.reads)
        flight.size = len(parcel(0, flight.words, PARCEL_BASE)) + len(request)
        # the oldest may be carried out just now; all that follow it must find room in the inbox
        while self._flying and sum(f.size for f in list(self._flying)[1:]) + flight.size > self._inbox:
            self._settle()
        self._sequence = flight.sequence = (self._sequence + 1) % _SEQUENCES
        header = parcel_header(flight.sequence, self._session, resumes=resumes)
        self._flying.append(flight)
        self._port.send(parcel(header, flight.words, PARCEL_BASE) + request)

    def _settle(self) -> list[int]:
        """Learn what became of the oldest parcel; the words that it read."""
        oldest = self._flying[0]
        under_way = sum(flight.size for flight in self._flying) + oldest.reply_bytes
        reply = Reply.of(self._port.receive(oldest.reply_bytes, ANSWER_SECONDS + self._port.seconds(under_way)))
        if reply is None:
            return self._resume(self._recover())
        if reply.session == self._session and reply.sequence == oldest.sequence and reply.code == Code.DONE:
            return self._landed(reply)
        for flight in list(self._flying)[1:]:  # refused, and said so
            if len(self._port.receive(flight.reply_bytes, ANSWER_SECONDS)) < flight.reply_bytes:
                return self._resume(self._recover())
        return self._resume(reply)

    def _landed(self, reply: Reply) -> list[int]:
        self._flying.popleft()
        self._tries, self._moved = 0, time.monotonic()
        return reply.words

    # ---- when something is not as it should be

    def _recover(self) -> Reply:
        """Let the line be silent, so that both ends agree where a frame begins, and ask what was carried out last."""
        count = _CHECKED + self._flying[-1].reads
        for attempt in range(TRIES):
            self._port.hush(1.5 * SILENCE * 2**attempt)
            self._port.send(frame(Command.READ, REPLY_BASE, count=count))
            reply = Reply.of(self._port.receive(4 * count, ANSWER_SECONDS + self._port.seconds(4 * count)))
            if reply is not None:
                return reply
        raise DeviceError(
            f"{self._port.path}: no whole answer in {TRIES} tries at {self._port.baud} baud; is the board still on, and the "
            "cable good? Load the bitstream anew and resume from the checkpoint"
        )

    def _resume(self, reply: Reply) -> list[int]:
        """Go on after the parcel of a reply, with all that was not carried out; the words that the last parcel read."""
        if reply.session != self._session:
            raise DeviceError(
                f"{self._port.path}: the machine was reset, or another program took it over, while it was in use (session "
                f"{reply.session}, expected {self._session}), and its state is lost; resume from the checkpoint"
            )
        taken: list[int] = []
        numbers = [flight.sequence for flight in self._flying]
        resumes = False
        if reply.sequence in numbers:
            for _ in range(numbers.index(reply.sequence)):
                self._flying.popleft()
            if reply.code == Code.DONE:
                taken = self._landed(reply)
            elif reply.code == Code.NOT_READY:
                self._stand_by(reply)
                resumes = True
            else:
                raise self._failed(reply)
        elif reply.sequence != (numbers[0] - 1) % _SEQUENCES:
            raise DeviceError(
                f"{self._port.path}: the bridge carried out parcel {reply.sequence}, which was never sent (those under way are "
                f"{numbers[0]} to {numbers[-1]}); load the bitstream anew and resume from the checkpoint"
            )
        else:
            self._tries += 1
            if self._tries == TRIES:
                raise DeviceError(
                    f"{self._port.path}: a parcel was refused {TRIES} times at {self._port.baud} baud, since it came damaged "
                    f"({faults(self._port)}); take a shorter cable or a lower rate, and resume from the checkpoint"
                )
        self._sequence = reply.sequence
        again, self._flying = self._flying, deque()
        for place, flight in enumerate(again):
            self._launch(flight, resumes=resumes and place == 0)
        return taken

    def _stand_by(self, reply: Reply) -> None:
        """The machine was not ready within the time that a parcel may wait: what is left goes on from there."""
        oldest, now = self._flying[0], time.monotonic()
        waited_for = oldest.words[reply.place] >> 16
        oldest.words = oldest.words[reply.place :]
        if reply.place:
            self._moved = now
        elif now - self._moved > self._stall:
            raise DeviceError(
                f"waiting for {register_name(waited_for)}: it stayed 0 for {self._stall:g} s; the machine hangs or its clock is "
                "off. Load the bitstream anew and resume from the checkpoint"
            )

    def _failed(self, reply: Reply) -> DeviceError:
        address = self._flying[0].words[reply.place] >> 16
        why = {
            Code.ERROR: "the machine answered with an error; see `bsff registers` for what can be read and written",
            Code.SILENT: "the machine did not answer the bridge; load the bitstream anew and resume from the checkpoint",
        }.get(
            Code(reply.code),
            "the bridge could not read the parcel; build the bitstream and install bsff from one release",
        )
        return DeviceError(f"{self._port.path}: access to offset 0x{address:04x} ({register_name(address)}): {why}")

    def _open(self) -> None:
        """Begin a session; whoever had one has none any more."""
        header = parcel_header(self._sequence, self._session, opens=True, resumes=True)
        for attempt in range(TRIES):
            self._port.send(parcel(header, (), PARCEL_BASE) + frame(Command.READ, REPLY_BASE, count=_CHECKED))
            reply = Reply.of(self._port.receive(4 * _CHECKED, ANSWER_SECONDS))
            if reply is not None and (reply.session, reply.sequence) == (self._session, self._sequence):
                return
            self._port.hush(1.5 * SILENCE * 2**attempt)
        raise DeviceError(
            f"{self._port.path}: the bridge takes no parcels at {self._port.baud} baud ({faults(self._port)}); take a shorter "
            "cable or a lower rate"
        )


def probe(port: Port, *, tries: int = 3) -> int:
    """Ask who is there; returns the bytes that may wait in the bridge.

    Raises
    ------
    DeviceError
        If nobody answers, or no bridge of ours.
    """
    count = BRIDGE["BRIDGE_INBOX"].offset // 4 + 1
    heard = b""
    for attempt in range(tries):
        port.hush(1.5 * SILENCE * 2**attempt)
        port.send(frame(Command.READ, BRIDGE_BASE, count=count))
        heard = port.receive(4 * count, ANSWER_SECONDS) or heard
        if len(heard) == 4 * count and words_of(heard)[0] == BRIDGE_MAGIC:
            _, version, inbox = words_of(heard)
            if version == BRIDGE_VERSION:
                return inbox
            raise DeviceError(
                f"{port.path}: the bridge has version {version}, this bsff speaks {BRIDGE_VERSION}; build the bitstream and "
                "install bsff from the same release"
            )
    if not heard:
        raise DeviceError(
            f"{port.path}: no answer at {port.baud} baud; load the bitstream, and name the port and the rate for which it was "
            f"built, as in serial:{port.path},115200"
        )
    raise DeviceError(
        f"{port.path}: at {port.baud} baud it answers {heard[:12].hex(' ')}, expected 0x{BRIDGE_MAGIC:08x} first; another rate, "
        f"or another device: name the rate for which the bitstream was built, as in serial:{port.path},115200"
    )


def faults(port: Port) -> str:
    """What the bridge counted, for a sentence; it tells as much as the line lets through."""
    port.hush(1.5 * SILENCE)
    port.send(frame(Command.READ, BRIDGE_BASE + BRIDGE[f"COUNT_{EVENTS[0].upper()}"].offset, count=len(EVENTS)))
    counts = words_of(port.receive(4 * len(EVENTS), ANSWER_SECONDS))
    if len(counts) < len(EVENTS):
        return "the bridge does not say how"
    return ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in zip(EVENTS, counts, strict=True))
