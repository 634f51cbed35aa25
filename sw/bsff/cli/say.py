"""A line for the user on standard error, which may be gone: a terminal that was closed ends nothing."""

import sys
from contextlib import suppress


def say(text: str) -> None:
    """Print a line on standard error, if there is one."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)
