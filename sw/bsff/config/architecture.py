"""Networks by size: a configuration for samples of any shape and any number of classes.

The widths and steps were chosen on held-out parts of training sets; docs/decisions/041-architectures.md shows the trials.
"""

from typing import Any

from bsff.errors import ConfigError

from .check import parse
from .schema import Config

Shape = tuple[int, int, int]

CHANNELS: dict[str, tuple[int, ...]] = {"small": (40, 80), "medium": (40, 120, 240)}
"""Channels of the convolutions of each size, before they are rounded up to a multiple of the classes."""
UNITS: dict[str, tuple[int, ...]] = {"small": (120,), "medium": (240,)}
"""Channels of the dense layers of each size, for tables."""
SIZES = tuple(CHANNELS)
"""Names that `architecture` knows."""

PIXEL_LEVELS = (32, 96, 160)
"""Thresholds of the bits of a pixel."""
FEATURE_LEVELS = (32, 64, 96, 128, 160, 192, 224)
"""Thresholds of the bits of a feature, or of a value of a signal."""
TEMPERATURE = 20.0
MOVE = 0.4
"""Step of a convolution times the positions of its map: the update adds up over the positions."""
STEP_MOST = 0.03
STEP_DENSE = 0.01
PRESENTATIONS = 60_000
"""Presentations that a training aims at; small sets are presented more often."""
EPOCHS = (8, 60)
"""Least and most epochs."""
DRAWS = 16


def architecture(size: str, shape: Shape, classes: int, *, table: bool = False, samples: int = 0) -> Config:
    """A network of a size for some data, called by the size's name.

    Parameters
    ----------
    size : str
        One of `SIZES`.
    shape : tuple of int
        Height, width and colours of a sample; a signal has height 1.
    classes : int
        2 to 256.
    table : bool
        The values of a sample are features without an order: dense layers instead of convolutions.
    samples : int
        Training samples, which decide on the epochs; 0: as few epochs as there can be.

    Returns
    -------
    Config
        Its data set is "own". Convolutions halve the map while its sides have at least eight positions, so that the last
        map is a few positions wide; on a signal they have one row.

    Raises
    ------
    ConfigError
        If the size is unknown.
    """
    if size not in SIZES:
        raise ConfigError(f"architecture = {size!r}: expected one of {', '.join(SIZES)}, or a configuration")
    dense = table or shape[0] * shape[1] == 1
    widths = UNITS[size] if dense else CHANNELS[size]
    layers: list[dict[str, Any]] = []
    sides = [side for side in shape[:2] if side > 1]
    for number, width in enumerate(widths):
        layer: dict[str, Any] = {"channels": -(-width // classes) * classes, "temperature": TEMPERATURE}
        if dense:
            layer |= {"kind": "dense", "step": STEP_DENSE}
        else:
            wide = (number == 0 and min(sides) >= 14) or shape[0] == 1
            pool = 2 if min(sides) >= 8 else 1
            sides = [side // pool for side in sides]
            positions = sides[0] * sides[-1] if len(sides) == 2 else sides[0]
            layer |= {"kernel": 5, "padding": 2} if wide else {"kernel": 3, "padding": 1}
            layer |= {"pool": pool, "step": min(STEP_MOST, MOVE / positions)}
        layers.append(layer)
    coarse = not dense and shape[0] > 1
    least, most = EPOCHS
    return parse(
        {
            "name": size,
            "data": {
                "dataset": "own",
                "classes": classes,
                "input": list(shape),
                "encoding": "thermometer",
                "levels": list(PIXEL_LEVELS if coarse else FEATURE_LEVELS),
            },
            "layer": layers,
            "head": {"step": 0.02 if dense else 0.01},
            "training": {
                "epochs": min(most, max(least, -(-PRESENTATIONS // samples))) if samples else least,
                "test_draws": DRAWS,
            },
        },
        source=size,
    )
