"""A progress bar where somebody looks, and where tqdm is installed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bsff.config import Config

Interval = Callable[[Any, Any], None]


def watched() -> bool:
    """Whether somebody may be looking: standard error is a terminal, or this is a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return sys.stderr.isatty() or type(shell).__name__ == "ZMQInteractiveShell"


@contextmanager
def bar(config: Config, predictors: tuple[str, ...], samples: int, verbose: bool | None) -> Iterator[Interval]:
    """What to call after every interval of a training with its progress and tally; it moves a bar.

    Parameters
    ----------
    predictors : tuple of str
        Names of the blocks; the last one's accuracy is shown.
    samples : int
        Training samples.
    verbose : bool, optional
        None: if `watched`.
    """
    show = watched() if verbose is None else verbose
    if not show:
        yield lambda progress, tally: None
        return
    try:
        from tqdm import tqdm
    except ImportError:
        print("bsff: no progress bar, as tqdm is not installed (pip install tqdm)", file=sys.stderr)
        yield lambda progress, tally: None
        return
    with tqdm(total=samples * config.training.epochs, unit=" samples", desc=config.name) as shown:

        def move(progress: Any, tally: Any) -> None:
            row = tally.row(predictors)[predictors[-1]]
            shown.set_postfix_str(f"accuracy {100 * row['accuracy']:.1f} %, loss {row['loss']:.3f}", refresh=False)
            shown.update(progress.presentations - shown.n)

        yield move
