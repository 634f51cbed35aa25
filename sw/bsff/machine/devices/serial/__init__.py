"""The machine behind a serial port. It needs pyserial beside numpy; docs/serial.md says what travels over the line."""

from .device import SerialDevice, open_serial

__all__ = ["SerialDevice", "open_serial"]
