"""scikit-learn's base classes where it is installed, else what of them a `Classifier` needs, such as on a board."""

import inspect
from typing import Any

import numpy as np

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.exceptions import DataConversionWarning, NotFittedError
except ImportError:

    class NotFittedError(ValueError, AttributeError):  # type: ignore[no-redef]
        """The model has not learnt anything yet."""

    class DataConversionWarning(UserWarning):  # type: ignore[no-redef]
        """Data were taken in another form than they came in."""

    class BaseEstimator:  # type: ignore[no-redef]
        """Parameters of the constructor, by name."""

        @classmethod
        def _names(cls) -> list[str]:
            return sorted(name for name in inspect.signature(cls.__init__).parameters if name != "self")

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            """The parameters as they were given."""
            return {name: getattr(self, name) for name in self._names()}

        def set_params(self, **params: Any) -> Any:
            """Replace parameters; returns the model.

            Raises
            ------
            ValueError
                If there is no such parameter.
            """
            for name, value in params.items():
                if name not in self._names():
                    raise ValueError(f"parameter {name!r}: expected one of {', '.join(self._names())}")
                setattr(self, name, value)
            return self

        def __repr__(self) -> str:
            given = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
            return f"{type(self).__name__}({given})"

    class ClassifierMixin:  # type: ignore[no-redef]
        """The mean accuracy."""

        def score(self, X: Any, y: Any) -> float:  # noqa: N803  # as scikit-learn names it
            """Share of samples whose predicted label is `y`."""
            return float((np.asarray(self.predict(X)) == np.asarray(y)).mean())  # type: ignore[attr-defined]


__all__ = ["BaseEstimator", "ClassifierMixin", "DataConversionWarning", "NotFittedError"]
