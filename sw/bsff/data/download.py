"""Fetch the public data sets, each file checked against its published checksum."""

from __future__ import annotations

from pathlib import Path

from bsff.errors import DataError

from .folders import MissingFilesError
from .lazy import require

MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/"
FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
CIFAR = "https://www.cs.toronto.edu/~kriz/"

# (address, MD5) per file, as torchvision publishes them; the archives' authors give no stronger checksum.
FILES = {
    "mnist": (
        (MNIST + "train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        (MNIST + "train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        (MNIST + "t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        (MNIST + "t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ),
    "fashion": (
        (FASHION + "train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        (FASHION + "train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        (FASHION + "t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        (FASHION + "t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ),
    "cifar10": ((CIFAR + "cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a"),),
}
SUBFOLDERS = {"mnist": "mnist", "fashion": "fashion-mnist", "cifar10": "."}


def fetch(name: str, root: Path, reason: MissingFilesError) -> None:
    """Download the files of a data set that `root` lacks.

    A file gets its name only once it is whole and its checksum is right; until then it has a temporary
    one, which goes away with the attempt.

    Parameters
    ----------
    name : str
        ``"mnist"``, ``"fashion"`` or ``"cifar10"``.
    root : Path
        Our own cache folder; created when needed.
    reason : MissingFilesError
        Why a download is needed: what is missing, where to put it. Ends the error if the download fails.

    Raises
    ------
    DataError
        If an address is out of reach, a checksum is wrong, or the folder cannot be written.
    """
    pooch = require("pooch", package="pooch", purpose=f'downloading data.dataset = "{name}"')
    for url, md5 in FILES[name]:
        try:
            pooch.retrieve(url, known_hash=f"md5:{md5}", fname=url.rpartition("/")[2], path=root / SUBFOLDERS[name])
        except (OSError, ValueError) as error:  # requests' errors are OSErrors; a wrong checksum is a ValueError
            raise DataError(f"{url}: download failed ({type(error).__name__}: {error}). {reason}") from None
