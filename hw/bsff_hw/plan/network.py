"""The plan of a whole machine."""

from dataclasses import dataclass

from bsff.config import Config
from bsff.contract.able import check
from bsff.contract.geometry import Geometry, geometry, planes
from bsff.contract.numerics import check_accumulator

from .fold import fold_layer
from .head import HeadPlan, plan_head
from .layer import LayerPlan


@dataclass(frozen=True)
class Plan:
    """The whole machine."""

    config: Config
    geometry: Geometry
    layers: tuple[LayerPlan, ...]
    head: HeadPlan | None

    def pbits(self, block: str | None = None) -> dict[str, int]:
        """P-bits that fire in a cycle, of each layer or of one block alone."""
        every = {f"layer{i}": layer.tiles * layer.tile for i, layer in enumerate(self.layers, 1)}
        return every if block is None else {name: count for name, count in every.items() if name == block}


def plan(config: Config) -> Plan:
    """Fold a network as its configuration says.

    Raises
    ------
    ConfigError
        If a folding does not fit the shape, or a layer is beyond what the gateware can be built for.
    DeviceError
        If the configuration asks for what the machine cannot do.
    """
    check(config)
    shape = geometry(config)
    beat = planes(config.data)
    layers = []
    for i, layer in enumerate(shape.layers):
        check_accumulator(layer)
        following = shape.layers[i + 1] if i + 1 < len(shape.layers) else None
        layers.append(fold_layer(i + 1, layer, beat, following))
        beat = layers[-1].tiles
    head = None
    if shape.head is not None:
        head = plan_head(shape.head, [layer.tile for layer in layers], [layer.tiles for layer in layers])
    return Plan(config, shape, tuple(layers), head)
