"""`Classifier`: the machine behind the interface of scikit-learn, which it does not need."""

from .classifier import Classifier

__all__ = ["Classifier"]
