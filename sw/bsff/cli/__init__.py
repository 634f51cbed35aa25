"""The command line: ``bsff COMMAND``; one module a command."""

from .main import main

__all__ = ["main"]
