"""Stop when the accuracy on the kept part no longer rises, and remember the best machine."""

from collections.abc import Callable
from typing import Any

from bsff.golden.state import NetworkState


class Best:
    """The best epoch so far.

    Parameters
    ----------
    patience : int
        Epochs without a better one after which to stop.
    predictor : str
        The block whose accuracy counts.

    Attributes
    ----------
    state : NetworkState or None
        The machine after the best epoch.
    """

    def __init__(self, patience: int, predictor: str) -> None:
        self._patience, self._predictor = patience, predictor
        self._accuracy, self._waited = -1.0, 0
        self.state: NetworkState | None = None

    def seen(self, record: dict[str, Any], state: Callable[[], NetworkState]) -> bool:
        """Take note of an epoch; returns whether to stop.

        Parameters
        ----------
        state : callable
            Reads the machine; called only if this epoch is the best.
        """
        accuracy = record["test"][self._predictor]
        if accuracy > self._accuracy:
            self._accuracy, self._waited, self.state = accuracy, 0, state()
        else:
            self._waited += 1
        return self._waited >= self._patience
