"""The golden model compiled with numba and pipelined over threads; equal to `bsff.golden.network` bit for bit.

The names are those of the plain modules in `bsff.golden`, which document what is computed; here stands how it is made
fast: active taps are listed once and used by the forward pass and the update, inner loops run over the contiguous
channels of a weight row so that they vectorise, and every intermediate has the narrowest type that holds it.
"""

from .cache import use_cache

use_cache()

from .pipeline import run  # noqa: E402 - the cache is chosen before anything is compiled

__all__ = ["run"]
