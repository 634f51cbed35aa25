"""Power of a board while a machine works on it: sensors, protocol, uncertainty. It needs numpy alone, smbus2 for I2C."""

from .estimate import Result, estimate
from .interval import Interval
from .probe import probe
from .protocol import STATES, Record, Window, measure
from .response import Response, block
from .scan import choose, scan
from .sensor import Accuracy, Sensor
from .timing import Timing, fit
from .verify import verify

__all__ = [
    "STATES",
    "Accuracy",
    "Interval",
    "Record",
    "Response",
    "Result",
    "Sensor",
    "Timing",
    "Window",
    "block",
    "choose",
    "estimate",
    "fit",
    "measure",
    "probe",
    "scan",
    "verify",
]
