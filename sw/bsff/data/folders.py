"""Where data files are looked for, and what to say when they are not there."""

import os
from collections.abc import Iterable
from pathlib import Path

from bsff.errors import DataError

VARIABLE = "BSFF_DATA"
NEXT = f"or name the folder that has them with the option --data DIR or the variable {VARIABLE}"


class MissingFilesError(DataError):
    """Files of a data set are not in the folder; they may be downloaded if that folder is our own."""


def given_folder(argument: Path | None) -> Path | None:
    """The folder that the user named: the argument, else ``BSFF_DATA``, else none.

    Raises
    ------
    DataError
        If that folder does not exist.
    """
    value = argument if argument is not None else os.environ.get(VARIABLE) or None
    if value is None:
        return None
    folder = Path(value).expanduser()
    if not folder.is_dir():
        origin = "option --data" if argument is not None else f"variable {VARIABLE}"
        raise DataError(
            f"{folder}: no such folder (from the {origin}); expected the folder that holds the data sets, "
            "for example one with mnist/, fashion-mnist/ or cifar-10-batches-py/ inside"
        )
    return folder


def missing(label: str, files: Iterable[str], looked: Iterable[Path], put: Path) -> MissingFilesError:
    """The error for files that are not there: which, where they were looked for, where to put them."""
    return MissingFilesError(
        f"{label}: missing {', '.join(files)}; looked in {', '.join(map(str, looked))}; put them into {put}, {NEXT}"
    )
