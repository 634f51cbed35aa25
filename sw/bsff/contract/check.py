"""Whether a configuration that parses is one that can be trained: shapes, widths and register values."""

from bsff.config import Config
from bsff.errors import ConfigError

from . import numerics
from .geometry import Geometry, geometry


def check(config: Config) -> Geometry:
    """Everything that can be wrong with a configuration short of running it.

    Returns
    -------
    Geometry
        The shapes of the network.

    Raises
    ------
    ConfigError
        For the first fault, naming layer, key and value.
    """
    shape = geometry(config)
    for number, layer in enumerate(shape.layers, 1):
        try:
            numerics.check_accumulator(layer)
            numerics.check_activity(layer)
            numerics.check_firing(layer)
            numerics.goodness_scale(layer)
            numerics.layer_step_register(layer.config.step, layer)
        except ConfigError as error:
            raise ConfigError(f"{config.name}: layer[{number}].{error}") from None
    try:
        numerics.step_register(config.head.step, config.head.fraction_bits)
        if shape.head is not None:
            numerics.check_head(shape.head)
    except ConfigError as error:
        raise ConfigError(f"{config.name}: head.{error}") from None
    return shape
