"""Checks for the first owner of a board, one after the other, each with a verdict."""

from .report import Check, Report
from .run import selftest

__all__ = ["Check", "Report", "selftest"]
