"""`SerialDevice`: the four operations, and bursts, over a serial port."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn

from bsff.config import Config
from bsff.contract.registers import WINDOW
from bsff.contract.serial import BAUD
from bsff.errors import DeviceError

from .batch import Batch
from .courier import Courier
from .find import find
from .port import Port

_WORD = 0xFFFFFFFF


class SerialDevice:
    """`Device`, with bursts (`protocol.Bursts`), behind a serial port.

    A write is kept until there are enough of them for a parcel, or something is read; so an error of a write may come with
    a later call. Order is kept.

    Parameters
    ----------
    port : Port
    stall : float
        Seconds that a burst may wait for the machine without any progress.

    Raises
    ------
    DeviceError
        If no machine of ours answers.
    """

    def __init__(self, port: Port, *, stall: float = 30.0) -> None:
        self._port = port
        try:
            self._courier: Courier | None = Courier(port, stall=stall)
        except BaseException:
            port.close()
            raise
        self._batch = Batch()
        self._failed = False

    def read(self, offset: int) -> int:
        """See `Device.read`."""
        return self.read_many([offset])[0]

    def write(self, offset: int, value: int) -> None:
        """See `Device.write`."""
        self._check(offset)
        if not self._batch.write(offset, value & _WORD):
            self._post()
            self._batch.write(offset, value & _WORD)

    def read_many(self, offsets: Sequence[int]) -> list[int]:
        """See `Bursts.read_many`."""
        values: list[int] = []
        for offset in offsets:
            self._check(offset)
            if not self._batch.read(offset):
                values += self._ask()
                self._batch.read(offset)
        return values + self._ask()

    def write_when(self, gate: int, writes: Sequence[tuple[int, Sequence[int]]]) -> None:
        """See `Bursts.write_when`."""
        self._check(gate)
        if not self._batch.wait(gate):
            self._post()
            self._batch.wait(gate)
        for offset, values in writes:
            for value in values:
                self.write(offset, value)

    def allocate(self, words: int) -> NoReturn:
        """See `Device.allocate`: there is no memory that both ends share."""
        raise DeviceError(f"allocate({words}): the serial device shares no memory (FEATURES.buffers is 0)")

    def close(self) -> None:
        """See `Device.close`; what was written is carried out, and other tools may use the machine afterwards."""
        courier, self._courier = self._courier, None
        try:
            # a fault now concerns nothing that anybody waits for
            with suppress(DeviceError):
                if courier is None:
                    return
                if self._failed:
                    courier.abandon()
                    return
                if self._batch.words:
                    courier.post(self._batch.words)
                courier.finish()
        finally:
            self._port.close()

    def _check(self, offset: int) -> None:
        if offset % 4 or not 0 <= offset < WINDOW:
            raise DeviceError(
                f"offset 0x{offset:04x}: expected a multiple of 4 below 0x{WINDOW:x}; see `bsff registers`"
            )

    def _post(self) -> None:
        """Send what there is."""
        with self._sending() as (courier, batch):
            if batch.words:
                courier.post(batch.words)

    def _ask(self) -> list[int]:
        """Send what there is, and return what it reads."""
        with self._sending() as (courier, batch):
            if batch.reads:
                return courier.ask(batch.words, batch.reads)
            if batch.words:
                courier.post(batch.words)
            return []

    @contextmanager
    def _sending(self) -> Iterator[tuple[Courier, Batch]]:
        """What was gathered, and who carries it; after a fault the session is no more."""
        if self._courier is None:
            raise DeviceError("the serial device is closed: open it anew")
        batch, self._batch = self._batch, Batch()
        try:
            yield self._courier, batch
        except BaseException:
            self._failed = True
            raise


def open_serial(config: Config, *, where: str | None = None) -> SerialDevice:
    """Open the machine behind a serial port.

    Parameters
    ----------
    config : Config
        Not looked at: the driver compares it with what the machine says of itself.
    where : str, optional
        Port and rate, as in ``/dev/ttyUSB0,115200``; without a rate it is `BAUD`. Without a port it is the only one at
        which a machine answers.

    Raises
    ------
    DeviceError
        If pyserial is missing, or no machine answers.
    """
    path, baud = parse(where or "")
    return SerialDevice(Port(path, baud) if path else find(baud))


def parse(where: str) -> tuple[str, int]:
    """Port and rate; the port is empty where none is named.

    Raises
    ------
    DeviceError
        If the rate is no number above 0.
    """
    path, _, rate = where.partition(",")
    if not rate:
        return path, BAUD
    if not rate.isdecimal() or int(rate) == 0:
        raise DeviceError(f"serial:{where}: the rate is {rate!r}, expected bits a second, as in serial:{path},115200")
    return path, int(rate)
