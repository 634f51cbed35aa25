"""A machine's whole state in one file, from which a run goes on as if it had never stopped."""

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.config import Config, parse
from bsff.contract.geometry import geometry
from bsff.contract.registers import build_hash
from bsff.errors import CheckpointError
from bsff.golden.state import NetworkState, blank
from bsff.tools.files import write_atomic

VERSION = 2
"""Version 1 had a leading axis of length 1 in every array; it is still read."""
NAME = "checkpoint.npz"
"""File name within a run directory."""


@dataclass
class Progress:
    """How far a run has come."""

    presentations: int = 0
    """Samples presented since the start; epoch and place in it follow from it."""
    epochs: list[dict[str, Any]] = field(default_factory=list)
    """The record of each epoch, as in ``metrics.json``."""
    partial: dict[str, Any] = field(default_factory=dict)
    """Sums of the epoch under way: see `train.Tally`."""


def save(path: Path, config: Config, state: NetworkState, progress: Progress) -> None:
    """Write a checkpoint; the one before stays until this one is whole on the disk."""
    write(path, config, state, progress, {}, {})


def write(
    path: Path,
    config: Config,
    state: NetworkState,
    progress: Progress,
    texts: Mapping[str, Any],
    others: Mapping[str, NDArray[Any]],
) -> None:
    """`save` with more in the file.

    Parameters
    ----------
    texts : mapping
        What else JSON can hold, by name.
    others : mapping
        Other arrays, by name.
    """
    own = {"version": VERSION, "build": build_hash(config), "config": config.to_dict(), "progress": asdict(progress)}
    arrays = {**others, **dict(state.arrays())}
    arrays["meta"] = np.frombuffer(json.dumps({**texts, **own}).encode(), np.uint8)
    write_atomic(path, lambda file: np.savez_compressed(file, **arrays))  # type: ignore[arg-type]


def load(path: Path, config: Config) -> tuple[NetworkState, Progress]:
    """Read a checkpoint of the network that `config` describes.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged, of another version, or of another network.
    """
    found = read(path)
    # not the hash in the file: it also tells apart versions of the registers, which the state does not depend on
    own, other = build_hash(config), build_hash(found.config)
    if other != own:
        raise CheckpointError(
            f"{path}: written by another network (build 0x{other:08x}, configuration {config.name} has 0x{own:08x}); "
            "use the config.json beside it"
        )
    return found.state, found.progress


@dataclass(frozen=True)
class Saved:
    """What a file holds."""

    config: Config
    state: NetworkState
    progress: Progress
    texts: dict[str, Any]
    """Everything that is told in JSON."""
    arrays: dict[str, NDArray[Any]]
    """Every array."""


def read(path: Path) -> Saved:
    """Read a file that `write` wrote.

    Raises
    ------
    CheckpointError
        If it is missing, damaged, or of another version.
    """
    try:
        # opened here because numpy leaves the file open when it is damaged
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        texts = json.loads(arrays.pop("meta").tobytes())
        version, written, progress = texts["version"], texts["config"], Progress(**texts["progress"])
    except FileNotFoundError:
        raise CheckpointError(
            f"{path}: no checkpoint there; train first, or give the run directory that holds one"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise CheckpointError(
            f"{path}: not a checkpoint, or damaged ({error}); restore the file or train again"
        ) from None
    if version not in (1, VERSION):
        raise CheckpointError(
            f"{path}: checkpoint version {version}, this program reads 1 and {VERSION}; use the release that wrote it"
        )
    if version == 1:
        arrays = {
            name: array.reshape(array.shape[1:]) if array.shape[:1] == (1,) else array for name, array in arrays.items()
        }
    config = parse(written, source=str(path))
    state = blank(geometry(config))
    try:
        state.assign(arrays)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None
    return Saved(config, state, progress, texts, arrays)
