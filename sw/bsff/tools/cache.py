"""The folder for everything that can be made again: downloads, decoded images, the compiled engine, built simulators."""

import os
from pathlib import Path

from bsff.errors import BsffError

VARIABLE = "BSFF_CACHE"
"""Environment variable that names the folder; by default it is ``bsff`` in the user's cache (``~/.cache/bsff``)."""


def cache_folder() -> Path:
    """The cache folder of this user, absolute; it may not exist yet, and may be deleted at any time.

    Raises
    ------
    BsffError
        If `VARIABLE` is not set, and the package that knows the system's folders is not installed.
    """
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen).absolute()
    try:
        from platformdirs import user_cache_path  # a board has no need of a cache
    except ModuleNotFoundError:
        raise BsffError(
            f"the cache folder: pip install platformdirs (the extra bsff[train] has it), or name a folder with {VARIABLE}"
        ) from None
    return user_cache_path("bsff", appauthor=False)
