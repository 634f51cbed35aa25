"""What travels over a serial line: frames as LiteX's UARTBone speaks them, and the parcels that our driver puts into them.

docs/serial.md describes both; `bsff_hw.uart` understands them, `bsff.machine.devices.serial` speaks them.

Sources
-------
LiteX, ``litex/soc/cores/uart.py`` (``Stream2Wishbone``) and ``litex/tools/remote/comm_uart.py``, release 2024.12.
"""

import enum
import zlib
from collections.abc import Sequence

BAUD = 1_000_000
"""Bits a second where nothing else is said: FTDI's chips make it exactly, and clocks of whole MHz too."""
SILENCE = 0.1
"""Seconds without a byte after which a frame that is not complete is given up; LiteX's bridge takes as long for a whole frame."""
FRAME_WORDS = 255
"""Words of a frame at most."""
HEAD_BYTES = 6
"""Command, length, and four bytes of address."""
PARCEL_WORDS = FRAME_WORDS - 2
"""Words of a parcel at most, its header and checksum not counted."""
REPLY_HEAD = 2
"""Words of a reply before those that were read."""
REPLY_WORDS = FRAME_WORDS - REPLY_HEAD - 1
"""Words that a parcel may read at most."""


class Command(enum.IntEnum):
    """First byte of a frame."""

    WRITE = 1
    READ = 2
    WRITE_FIXED = 3
    READ_FIXED = 4


class Kind(enum.IntEnum):
    """What an operation in a parcel does."""

    WRITE = 0
    READ = 1
    WAIT = 2


class Code(enum.IntEnum):
    """How a parcel ended."""

    DONE = 0
    NOT_READY = 1
    """A register that was waited for stayed 0 until the time was up."""
    ERROR = 2
    """The machine answered with an error."""
    SILENT = 3
    """The machine did not answer."""
    MALFORMED = 4
    """An operation lacks words, or reads more than a reply holds."""


def frame(command: Command, address: int, words: Sequence[int] = (), *, count: int | None = None) -> bytes:
    """A frame.

    Parameters
    ----------
    command : Command
    address : int
        In bytes, a multiple of 4.
    words : sequence of int
        What is written, 1 to 255 words of 32 bits.
    count : int, optional
        Of a read: the words that are wanted, 1 to 255.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    length = len(words) if count is None else count
    if not 1 <= length <= FRAME_WORDS:
        raise ValueError(f"a frame of {length} words: expected 1 to {FRAME_WORDS}")
    if address % 4 or not 0 <= address < 1 << 34:
        raise ValueError(f"address 0x{address:x}: expected a multiple of 4 below 2**34")
    head = bytes([command, length]) + (address // 4).to_bytes(4, "big")
    return head + b"".join(word.to_bytes(4, "big") for word in words)


def words_of(data: bytes) -> list[int]:
    """The 32-bit words that bytes are, the first byte of each the highest."""
    return [int.from_bytes(data[place : place + 4], "big") for place in range(0, len(data), 4)]


def operation(kind: Kind, address: int, count: int = 1, *, increments: bool = False) -> int:
    """The word that begins an operation: ``count`` words of data follow a write.

    Parameters
    ----------
    address : int
        Byte address in the machine's window.
    count : int
        Words, 1 to 255; a wait has one.
    increments : bool
        Each word has its own register, not all the same.
    """
    return address << 16 | count << 8 | increments << 2 | kind


def parcel_header(
    sequence: int, session: int, *, opens: bool = False, closes: bool = False, resumes: bool = False
) -> int:
    """The first word of a parcel.

    Parameters
    ----------
    sequence : int
        Of this parcel; a parcel is carried out only in its turn, and once.
    session : int
        1 to 255, of the session that is open.
    opens, closes : bool
        It opens the session, with whatever sequence; it closes it afterwards.
    resumes : bool
        It goes on after a parcel that ended before its end.
    """
    return opens << 24 | closes << 25 | resumes << 26 | session << 16 | sequence


def reply_header(code: int, session: int, sequence: int, *, halted: bool = False) -> int:
    """The first word of a reply: of the parcel that was carried out last."""
    return code << 28 | halted << 24 | session << 16 | sequence


def reply_extent(place: int, count: int) -> int:
    """The second word of a reply: the operation at which the parcel ended, as a place in its words, and how many words were read."""
    return place << 16 | count


def checksum(data: bytes) -> bytes:
    """CRC-32 of bytes as it follows them, lowest byte first; over both together it is the same for all data."""
    return zlib.crc32(data).to_bytes(4, "little")


def parcel(header: int, words: Sequence[int], address: int) -> bytes:
    """The frame that carries a parcel: header, operations, checksum, all written to one address."""
    body = b"".join(word.to_bytes(4, "big") for word in (header, *words))
    return frame(Command.WRITE_FIXED, address, words_of(body + checksum(body)))
