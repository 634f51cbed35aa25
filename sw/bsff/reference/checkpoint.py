"""The whole state of a float training in one file, from which it goes on as if it had never stopped."""

import pickle
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from bsff.config import Config
from bsff.errors import CheckpointError
from bsff.tools.files import write_atomic

from .network import Network


@dataclass
class Place:
    """How far a training has come."""

    epoch: int = 0
    sample: int = 0
    """Samples of the epoch that were presented."""
    order: torch.Tensor | None = None
    """The order in which the epoch presents its samples; None before it begins."""
    seconds: float = 0.0
    """Spent in the epoch."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """The records of the epochs that are over."""


def save(path: Path, config: Config, network: Network, generator: torch.Generator, place: Place) -> None:
    """Write a checkpoint; the one before stays until this one is whole on the disk."""
    whole = {
        "config": config.to_dict(),
        "network": network.state_dict(),
        "optimisers": [part.optimiser.state_dict() for part in network.learners()],
        "generator": generator.get_state(),
        "place": asdict(place),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, lambda file: torch.save(whole, file))


def load(path: Path, config: Config, network: Network, generator: torch.Generator) -> Place:
    """Put a training where a checkpoint says.

    Raises
    ------
    CheckpointError
        If the file is damaged, or of another configuration.
    """
    device = network.layers[0].taps.weight.device
    try:
        whole = torch.load(path, map_location=device, weights_only=True)
        if whole["config"] != config.to_dict():
            raise CheckpointError(f"{path}: of another configuration; move it away")
        network.load_state_dict(whole["network"])
        for part, state in zip(network.learners(), whole["optimisers"], strict=True):
            part.optimiser.load_state_dict(state)
        generator.set_state(whole["generator"].cpu())
        return Place(**whole["place"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, pickle.UnpicklingError) as error:
        raise CheckpointError(
            f"{path}: not a checkpoint, or damaged ({str(error).splitlines()[0]}); remove it to begin anew"
        ) from None
