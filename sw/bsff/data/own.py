"""The user's own data, by what lies where ``data.path`` points."""

from pathlib import Path

from bsff.config import DataConfig
from bsff.errors import DataError

from .arrays import Shape
from .dataset import Dataset
from .idx_folder import is_idx, load_idx_folder
from .image_folder import load_image_folder
from .npz import load_npz
from .resolve import check_numbers
from .table import load_table

TABLES = (".csv", ".tsv", ".txt")
FORMS = "an .npz, a .csv, a folder of images CLASS/*.png or train/CLASS/*.png, or a folder of IDX files"


def load_own(config: DataConfig) -> Dataset:
    """Read the user's data.

    Parameters
    ----------
    config : DataConfig
        ``path``, relative to the working directory; ``classes`` and ``input`` where they are given.

    Raises
    ------
    DataError
        If nothing readable is there, if it is damaged, or if it has other classes or another shape.
    """
    if not config.path:
        raise DataError(f'data.path = "": expected {FORMS}; or pass arrays to bsff.data.from_arrays')
    path = Path(config.path).expanduser()
    try:
        dataset = _read(path, config.shape)
    except OSError as error:  # no such file, one that may not be opened, a disk that fails
        raise DataError(
            f"{error.filename or path}: cannot be read ({error.strerror or error}); expected data.path to name {FORMS}"
        ) from None
    check_numbers(config.classes, config.input, dataset)
    return dataset


def _read(path: Path, shape: Shape | None) -> Dataset:
    if path.is_dir():
        if any(is_idx(entry.name) for entry in path.iterdir()):
            return load_idx_folder(path, shape)
        return load_image_folder(path, shape)
    if path.exists() and not path.is_file():
        raise DataError(f"{path}: neither a file nor a folder; expected data.path to name {FORMS}")
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return load_npz(path, shape)
    if suffix in TABLES:
        return load_table(path, shape)
    path.stat()  # that there is no such file is said first
    raise DataError(f"{path}: unknown kind of file, expected data.path to name {FORMS}")
