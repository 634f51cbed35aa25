"""What a worker does: train and test one cell."""

import dataclasses
import platform
import sys
import time
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bsff.config import OWN
from bsff.data import Dataset, load_dataset
from bsff.data.split import hold_out
from bsff.errors import ConfigError
from bsff.tools.provenance import processor, versions

from .cell import Cell, text
from .results import Row
from .unfinished import checkpoint_of

Measures = dict[str, object]


def run_cell(cell: Cell, data: str | None, commit: str, device: str = "cpu", unfinished: str | None = None) -> Row:
    """Train and test one cell on one core, or its float variant on a GPU.

    Parameters
    ----------
    data : str, optional
        Folder of the data sets, as `load_dataset` takes it.
    commit : str
        Commit of the sources, see `commit`.
    device : {"cpu", "cuda"}
        For the float variants; the golden model always runs on the CPU.
    unfinished : str, optional
        Folder of checkpoints, from one of which the training goes on (not with ``random = "perfect"``).

    Returns
    -------
    dict
        `Cell.describe`, what was measured, and where: one row of the results.
    """
    start = time.monotonic()
    keep = checkpoint_of(Path(unfinished), cell) if unfinished else None
    if keep is not None:
        keep.parent.mkdir(parents=True, exist_ok=True)
    dataset = _load(cell, Path(data) if data else None)
    measured: Measures = {"train_samples": len(dataset.train_labels), "test_samples": len(dataset.test_labels)}
    place = processor()
    if cell.options.variant != "golden":
        from . import floats

        measured |= floats.measure(cell, dataset, device, keep)
        place += f", {gpu()}" if device == "cuda" else ""
    elif cell.options.random == "perfect":
        from . import perfect

        measured |= perfect.measure(cell, dataset)
    else:
        from . import machine as golden

        measured |= golden.measure(cell, dataset, keep)
    measured |= {
        "seconds": round(time.monotonic() - start, 3),  # of this process: a cell that went on had others before
        "machine": place,
        "node": _node(),
        "finished": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%MZ"),
        "commit": commit,
        **{f"version.{name}": number for name, number in (versions() | _torch()).items()},
    }
    return cell.describe() | {key: text(value) for key, value in measured.items()}


def _load(cell: Cell, folder: Path | None) -> Dataset:
    chosen = cell.config.data
    if cell.options.split == "test":
        return load_dataset(chosen, folder=folder)
    whole = load_dataset(dataclasses.replace(chosen, train_samples=0), folder=folder)
    return hold_out(whole, train_samples=chosen.train_samples, by_class=chosen.dataset == OWN)


def _node() -> str:
    """Name of the computer, or of the Ray node."""
    ray = sys.modules.get("ray")  # imported where a Ray worker runs this
    if ray is not None and ray.is_initialized():
        return str(ray.get_runtime_context().get_node_id())[:12]
    return platform.node()


def _torch() -> dict[str, str]:
    try:
        return {"torch": version("torch")}
    except PackageNotFoundError:
        return {}


def gpu() -> str:
    """Name of the GPU on which ``--device cuda`` runs.

    Raises
    ------
    ConfigError
        If PyTorch sees none.
    """
    import torch  # seconds to import, and a sweep of the golden model needs none

    if not torch.cuda.is_available():
        raise ConfigError(
            f"--device cuda: PyTorch {torch.__version__} sees no CUDA GPU here; leave the option out, or install a build "
            "for CUDA and check `nvidia-smi`"
        )
    return str(torch.cuda.get_device_name())
