"""``bsff config show|check|list``."""

import argparse
from typing import Any

from bsff.config import Config, dumps, load, names
from bsff.contract.check import check
from bsff.contract.geometry import Geometry, geometry

from .options import add_config, chosen_config


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "config", help="show, check or list configurations", description="Show, check or list configurations."
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="show|check|list")
    for name, text in (
        ("show", "print every key with its documentation, and the shapes that follow"),
        ("check", "say whether a file is good"),
    ):
        action = actions.add_parser(name, help=text, description=text.capitalize() + ".")
        add_config(action)
    actions.add_parser("list", help="the built-in configurations")
    parser.set_defaults(run=run)


def table(config: Config, shape: Geometry) -> str:
    """The shapes of a network, a line a layer."""
    lines = [f"{'':8}{'input':>12} {'output':>12} {'taps':>6} {'rows':>7} {'weights':>9} {'bits':>5}"]
    for number, layer in enumerate(shape.layers, 1):
        lines.append(
            f"layer{number:<3}{'x'.join(map(str, layer.inputs)):>12} {'x'.join(map(str, layer.output)):>12} {layer.taps:>6} "
            f"{layer.rows:>7} {layer.weights:>9,} {layer.config.weight_bits:>5}"
        )
    if shape.head is not None:
        for i, source in enumerate(shape.head.sources):
            lines.append(
                f"{'head' if i == 0 else '':8}{'x'.join(map(str, source.inputs)):>12} {shape.classes:>12} {source.rows:>6} "
                f"{source.rows:>7} {source.rows * shape.classes:>9,} {config.head.weight_bits:>5}"
            )
    lines.append(f"{shape.weights:,} weights in the layers")
    return "\n".join(lines)


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for."""
    if arguments.action == "list":
        for name in names():
            config = load(name)
            shape = geometry(config)
            maps = "-".join(str(layer.channels) for layer in config.layers)
            print(
                f"{name:<16}{config.data.dataset:<9}{maps:<18}{shape.weights:>9,} weights, {config.training.epochs} epochs"
            )
        return 0
    config = chosen_config(arguments)
    shape = check(config)
    if arguments.action == "show":
        print(dumps(config))
        print("\n".join(f"# {line}" for line in table(config, shape).splitlines()))
    else:
        print(f"{config.name}: good")
        print(table(config, shape))
    return 0
