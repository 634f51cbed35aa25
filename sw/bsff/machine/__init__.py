"""The driver: `Accelerator` over any device that has the register table. It needs numpy alone."""

from .driver import COUNTER_NAMES, Accelerator

__all__ = ["COUNTER_NAMES", "Accelerator"]
