"""Where numba keeps the compiled engine.

numba notices a change of the file that holds a cached function, but not of what that function calls or of constants
that it took from other modules: it would go on running old code. Here the folder's name is a hash of every source that
can matter, so a change of any of them compiles anew.
"""

import hashlib
import os
from pathlib import Path

import numba

from bsff.tools.cache import cache_folder


def source_hash() -> str:
    """Hash of the golden model's sources, of the constants it shares with the host, and of numba's version."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted([*root.glob("golden/**/*.py"), *root.glob("config/*.py"), *root.glob("contract/*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def use_cache() -> None:
    """Point numba at that folder; to be called before any function is decorated."""
    root = os.environ.get("NUMBA_CACHE_DIR") or cache_folder()
    numba.config.CACHE_DIR = os.path.join(root, f"engine-{source_hash()}")
