"""`Classifier`: the machine behind the interface of scikit-learn, which it does not need."""

from .classifier import Classifier
from .live import LiveCurve

__all__ = ["Classifier", "LiveCurve"]
