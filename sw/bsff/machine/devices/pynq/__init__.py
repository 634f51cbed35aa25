"""The machine on a PYNQ board. It needs the package pynq, which PYNQ's images bring, and numpy."""

from .device import PynqBuffer, PynqDevice
from .overlay import open_overlay

__all__ = ["PynqBuffer", "PynqDevice", "open_overlay"]
