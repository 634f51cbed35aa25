"""Which sources run."""

import os
from pathlib import Path

from . import process

_GIT_SECONDS = 30.0


def commit(folder: Path | None = None) -> str:
    """Git commit of the sources that run, with ``+`` if they were changed since.

    Outside a repository, or without git, what ``BSFF_COMMIT`` says: for sources that were copied to the machine. Else empty.

    Parameters
    ----------
    folder : Path, optional
        Of the package whose changes count; by default `bsff`.
    """
    git = ["git", "-C", str(folder or Path(__file__).resolve().parents[1])]
    try:
        changed = process.run([*git, "status", "--porcelain", "--untracked-files=no", "--", "."], timeout=_GIT_SECONDS)
        head = process.run([*git, "rev-parse", "--short=12", "HEAD"], timeout=_GIT_SECONDS)
    except OSError:  # no git
        return os.environ.get("BSFF_COMMIT", "")
    if changed.status != 0 or head.status != 0:  # no repository
        return os.environ.get("BSFF_COMMIT", "")
    return head.output.strip() + ("+" if changed.output else "")
