"""Power of a board while a machine works on it: sensors, protocol, uncertainty. It needs numpy alone, smbus2 for I2C."""

from .estimate import Interval, Result, estimate
from .protocol import STATES, Record, Window, measure
from .scan import scan
from .sensor import Accuracy, Sensor

__all__ = ["STATES", "Accuracy", "Interval", "Record", "Result", "Sensor", "Window", "estimate", "measure", "scan"]
