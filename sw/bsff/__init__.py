"""bsff: a network that trains itself with binary stochastic forward-forward, in software, simulation and on an FPGA."""

from typing import Any

__all__ = ["Classifier"]


def __getattr__(name: str) -> Any:
    """`Classifier`, imported when it is asked for: a program that only reads registers needs none of it."""
    if name in __all__:
        from bsff.estimator import Classifier

        return Classifier
    raise AttributeError(f"module 'bsff' has no attribute {name!r}")
