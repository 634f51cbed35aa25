"""Layers, networks and inputs of the float reference for the tests.

Statistical tests use z-scores below `Z`, two-sided confidence 1 - 6e-7 for each normal score. Every random number
follows from `SEED`, which each module sets to that of ``--seed``.
"""

import torch

from bsff.config import LayerConfig, parse
from bsff.reference import Layer, Network, Rule

Z = 5.0
DRAWS = 40_000
A = torch.linspace(-4, 5, 10, dtype=torch.float64)
SEED = 1


def generator():
    return torch.Generator().manual_seed(SEED)


def layer(shape=(2, 6, 6), *, variant="bsff", loss_before_norm=False, **keys):
    return Layer(
        LayerConfig(**{"channels": 20, **keys}),
        shape,
        10,
        variant=variant,
        generator=generator(),
        rule=Rule(learning_rate=0.01, loss_before_norm=loss_before_norm),
    )


def network(*layers, shape=(8, 8, 1), head=None, variant="bsff", data=None, epochs=4):
    config = parse({"data": data or {}, "layer": list(layers), "head": head or {}, "training": {"epochs": epochs}})
    return Network(config, shape, variant=variant, seed=SEED)


def pixels(n, shape=(8, 8, 1)):
    return torch.randint(256, (n, *shape), generator=generator(), dtype=torch.uint8)
