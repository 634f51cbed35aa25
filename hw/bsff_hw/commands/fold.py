"""``bsff fold CONFIG``."""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

from bsff.cli.options import add_config, add_out, chosen_config, write_output
from bsff.config import dumps
from bsff.errors import ConfigError
from bsff.instruments.activity import Activity
from bsff_hw.plan.folding import DENSITY, Densities, settle, solve, table
from bsff_hw.targets import BUDGETS

KEYS = [field.name for field in dataclasses.fields(Activity)]


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "fold",
        help="choose the folding of a network for a device",
        description="Choose lanes, banks and the like for a device, and print cycles and estimated resources of each layer. "
        "The estimates compare foldings; `bsff synth` counts.",
    )
    add_config(parser)
    parser.add_argument("--target", default="xc7z020", metavar="DEVICE", help="default: xc7z020")
    parser.add_argument("--rate", type=float, metavar="N", help="training samples a second (default: as many as fit)")
    parser.add_argument("--clock", type=float, default=100.0, metavar="MHZ", help="for --rate (default: 100)")
    taps = parser.add_mutually_exclusive_group()
    taps.add_argument(
        "--density",
        default=(DENSITY,),
        type=_shares,
        metavar="P[,P...]",
        help=f"share of active taps, of all blocks or one a layer and one for the head (default: {DENSITY:g})",
    )
    taps.add_argument(
        "--bench",
        type=Path,
        metavar="FILE",
        help="what `bsff bench --json FILE` saw of the active taps: how they are spread over the maps as well",
    )
    parser.add_argument("--keep", action="store_true", help="only print the folding that the configuration has")
    add_out(parser, "write the folded configuration there (TOML)", kind="FILE")
    parser.set_defaults(run=run)


def _shares(text: str) -> tuple[float, ...]:
    """Numbers of a list with commas."""
    try:
        shares = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: expected a number, or several with commas between them") from None
    if not all(0 < share <= 1 for share in shares):
        raise argparse.ArgumentTypeError(f"{text}: expected more than 0, at most 1")
    return shares


def _benched(file: Path, blocks: list[str]) -> list[Activity]:
    """What a measurement saw of the active taps of each block."""
    again = "`bsff bench CONFIG --json FILE` makes one"
    try:
        measured = json.loads(file.read_text())["blocks"]
        seen = [Activity(**{key: tuple(map(float, block["activity"][key])) for key in KEYS}) for block in measured]
        names = [block["name"] for block in measured]
        for name, each in zip(names, seen, strict=True):
            counted = each.taps and (each.sites or name == "head")
            if not counted or not all(0 <= share <= 1 for share in each.taps + each.sites):
                raise ValueError
    except OSError as error:
        raise ConfigError(f"--bench {file}: cannot be read ({error.strerror})") from None
    except (ValueError, LookupError, TypeError):
        raise ConfigError(f"--bench {file}: not a measurement that counted active taps; {again}") from None
    if names != blocks:
        raise ConfigError(
            f"--bench {file}: measured {', '.join(map(str, names))}; this network has {', '.join(blocks)}; {again}"
        )
    return seen


def run(arguments: argparse.Namespace) -> int:
    """Solve, print the table, write the configuration."""
    if arguments.target not in BUDGETS:
        raise ConfigError(f"--target {arguments.target}: expected one of {', '.join(BUDGETS)}")
    if arguments.rate is not None and arguments.rate <= 0:
        raise ConfigError(f"--rate {arguments.rate:g}: expected more than 0")
    config = chosen_config(arguments)
    density: Densities = arguments.density[0] if len(arguments.density) == 1 else arguments.density
    if arguments.bench:
        density = _benched(arguments.bench, list(config.blocks))
    device = BUDGETS[arguments.target]
    if arguments.keep:
        found = settle(config, density)
    else:
        cycles = None if arguments.rate is None else arguments.clock * 1e6 / arguments.rate
        found = solve(config, device, cycles=cycles, density=density)
    print(table(found, device, density=density, clock=arguments.clock * 1e6))
    if arguments.out:
        write_output("--out", arguments.out, dumps(found.config))
        print(f"{arguments.out}: the folded configuration")
    return 0
