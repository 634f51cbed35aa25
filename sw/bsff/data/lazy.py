"""Import what only some data sets need, when they need it."""

from importlib import import_module
from typing import Any

from bsff.errors import DataError


def require(module: str, *, package: str, purpose: str) -> Any:
    """Import `module`, or say how to install it.

    A board that only runs a trained network needs none of these packages, so they are an extra.

    Parameters
    ----------
    module : str
        Dotted name to import.
    package : str
        Name under which people install it.
    purpose : str
        What it is needed for; begins the error.

    Raises
    ------
    DataError
        If the module cannot be imported.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise DataError(
            f'{purpose} needs {package}, which cannot be imported ({error}); run: pip install "bsff[train]"'
        ) from None
