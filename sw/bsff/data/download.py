"""Fetch the public data sets, each file checked against its published checksum."""

import sys
from pathlib import Path

from bsff.config import DataSet
from bsff.errors import DataError
from bsff.tools.files import follow_umask

from .folders import MissingFilesError
from .lazy import require


def fetch(chosen: DataSet, root: Path, reason: MissingFilesError) -> None:
    """Download the files of a data set that `root` lacks.

    A file gets its name only once it is whole and its checksum is right; until then it has a temporary
    one, which goes away with the attempt.

    Parameters
    ----------
    chosen : DataSet
        Of the catalogue.
    root : Path
        Our own cache folder; created when needed.
    reason : MissingFilesError
        Why a download is needed: what is missing, where to put it. Ends the error if the download fails.

    Raises
    ------
    DataError
        If an address is out of reach, a checksum is wrong, or the folder cannot be written.
    """
    pooch = require("pooch", package="pooch", purpose=f'downloading data.dataset = "{chosen.name}"')
    folder = root / chosen.folders[0]
    print(f"bsff: downloading {chosen.title} into {folder} ({chosen.source})", file=sys.stderr, flush=True)
    for url, md5 in chosen.files:
        try:
            follow_umask(Path(pooch.retrieve(url, known_hash=f"md5:{md5}", fname=url.rpartition("/")[2], path=folder)))
        except (OSError, ValueError) as error:  # requests' errors are OSErrors; a wrong checksum is a ValueError
            raise DataError(f"{url}: download failed ({type(error).__name__}: {error}). {reason}") from None
