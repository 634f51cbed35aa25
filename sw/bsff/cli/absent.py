"""One line about what a command goes on without."""

from __future__ import annotations

from importlib.util import find_spec

from .say import say

BRINGS = {"tqdm": "progress bar", "matplotlib": "pictures", "tensorboardX": "TensorBoard log"}
"""What each optional package is for."""


def tell(*packages: str) -> None:
    """Say on standard error, in one line, which of some optional packages are not installed, and what is left out."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        without = ", no ".join(BRINGS[name] for name in missing)
        say(f"bsff: without {', '.join(missing)}: no {without} (the extra bsff[train] has them)")
