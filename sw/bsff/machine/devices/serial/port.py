"""A serial port whose every fault is a sentence, and whose every wait ends."""

import errno
import time
from contextlib import suppress
from importlib import import_module
from typing import Any

from bsff.errors import DeviceError

_WRITE_SECONDS = 10.0  # the system takes bytes at the line's pace
_POLL_SECONDS = 0.05
_BITS = 10
"""Bits of a byte on the line: start, eight, stop."""


def pyserial() -> Any:
    """The package, imported when a port is wanted.

    Raises
    ------
    DeviceError
        If it is not installed, or another package has taken its name.
    """
    try:
        package = import_module("serial")
    except ModuleNotFoundError:
        package = None
    if not hasattr(package, "Serial"):
        raise DeviceError("the serial device needs pyserial, which is not installed: pip install 'bsff[serial]'")
    return package


class Port:
    """An open port, 8N1, that no other program of ours may open meanwhile.

    Parameters
    ----------
    path : str
        Such as ``/dev/ttyUSB0`` or ``COM3``.
    baud : int
        Bits a second.

    Raises
    ------
    DeviceError
        If it cannot be opened; the sentence says why, and what to do.
    """

    def __init__(self, path: str, baud: int) -> None:
        self.path, self.baud = path, baud
        self._serial: Any = None
        package = pyserial()
        try:
            self._serial = package.Serial(
                path, baud, timeout=_POLL_SECONDS, write_timeout=_WRITE_SECONDS, exclusive=True
            )
            self._serial.reset_input_buffer()
        except (OSError, ValueError, OverflowError) as error:  # SerialException is an OSError
            raise DeviceError(_why_not(path, baud, error)) from None
        with suppress(OSError, ValueError, AttributeError, NotImplementedError):  # not on every system, nor every port
            self._serial.set_low_latency_mode(True)  # else some adapters keep bytes back for 16 ms

    def seconds(self, count: int) -> float:
        """How long that many bytes are on the line."""
        return count * _BITS / self.baud

    def send(self, data: bytes) -> None:
        """Hand over bytes.

        Raises
        ------
        DeviceError
            If the port is gone, or takes nothing.
        """
        try:
            self._open().write(data)
        except OSError as error:
            raise self._lost(error) from None

    def receive(self, count: int, patience: float) -> bytes:
        """Take bytes, fewer than wanted if none came for `patience` seconds.

        Raises
        ------
        DeviceError
            If the port is gone.
        """
        taken, port = bytearray(), self._open()
        deadline = time.monotonic() + patience
        while len(taken) < count and time.monotonic() < deadline:
            try:
                came = port.read(max(1, min(count - len(taken), port.in_waiting)))
            except (OSError, TypeError) as error:  # TypeError: what pyserial makes of a port closed meanwhile
                raise self._lost(error) from None
            if came:
                taken += came
                deadline = time.monotonic() + patience
        return bytes(taken)

    def hush(self, seconds: float, *, limit: float = 10.0) -> None:
        """Send nothing and throw away what comes, until nothing has come for some seconds; `limit` seconds at most."""
        end = time.monotonic() + limit
        while self.receive(4096, seconds) and time.monotonic() < end:
            pass

    def close(self) -> None:
        """Give the port back; it may be called twice."""
        port, self._serial = self._serial, None
        if port is not None:
            with suppress(OSError):  # it is gone, which is as good
                port.close()

    def _open(self) -> Any:
        if self._serial is None:
            raise DeviceError("the serial device is closed: open it anew")
        return self._serial

    def _lost(self, error: Exception) -> DeviceError:
        return DeviceError(
            f"{self.path}: the port stopped working ({_cause(error)}); was the board unplugged or switched off? Plug it in, "
            "load its bitstream, and resume from the checkpoint"
        )


def _why_not(path: str, baud: int, error: Exception) -> str:
    number = getattr(error, "errno", None)
    text = _cause(error)
    if number == errno.ENOENT:
        return f"{path}: there is no such port; plug the board in, or name the port that `python -m serial.tools.list_ports` shows"
    if number == errno.EACCES:
        return f"{path}: no permission to open it; join its group (sudo usermod -aG dialout $USER) and log in again"
    if number in (errno.EBUSY, errno.EAGAIN) or "lock" in text:
        return f"{path}: another program has this port open; end it (litex_server, a terminal), then try again"
    if number in (errno.ENOTTY, errno.EISDIR) or "configure port" in text:
        return f"{path}: not a serial port ({text}); name one that `python -m serial.tools.list_ports` shows"
    if isinstance(error, ValueError | OverflowError):
        return f"{path}: this port has no rate of {baud} baud ({text}); name another, as in serial:{path},115200"
    return f"{path}: cannot be opened ({text}); unplug the board and plug it in again, or name another port"


def _cause(error: Exception) -> str:
    """What went wrong, in one line, without what pyserial repeats."""
    return " ".join(str(getattr(error, "strerror", None) or error or type(error).__name__).split())
