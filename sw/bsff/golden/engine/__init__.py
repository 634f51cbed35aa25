"""The golden model compiled with numba and pipelined over threads; equal to `bsff.golden.network` bit for bit."""

from .pipeline import run

__all__ = ["run"]
