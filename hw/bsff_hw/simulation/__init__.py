"""The generated Verilog in a simulator: slow, and bit for bit what the fabric does."""

from .device import RtlDevice

__all__ = ["RtlDevice"]
