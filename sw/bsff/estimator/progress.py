"""Progress where somebody looks: a bar where tqdm is installed, else a line now and then."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from bsff.config import Config
from bsff.training.progress import show

Interval = Callable[[Any, Any], None]


def watched() -> bool:
    """Whether somebody may be looking: standard error is a terminal, or this is a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return sys.stderr.isatty() or type(shell).__name__ == "ZMQInteractiveShell"


@contextmanager
def bar(config: Config, predictors: tuple[str, ...], samples: int, verbose: bool | None) -> Iterator[Interval]:
    """What to call after every interval of a training with its progress and tally; it shows them.

    Parameters
    ----------
    predictors : tuple of str
        Names of the blocks; the last one's accuracy is shown.
    samples : int
        Training samples.
    verbose : bool, optional
        None: if `watched`.
    """
    if not (watched() if verbose is None else verbose):
        yield lambda progress, tally: None
        return
    if find_spec("tqdm") is None:
        print("bsff: no progress bar, as tqdm is not installed (pip install tqdm)", file=sys.stderr)
    shown = show(config.name, samples * config.training.epochs, 0, bar=True)

    def move(progress: Any, tally: Any) -> None:
        row = tally.row(predictors)[predictors[-1]]
        shown.update(progress.presentations, f"accuracy {100 * row['accuracy']:.1f} %, loss {row['loss']:.3f}")

    try:
        yield move
    finally:
        shown.close()
