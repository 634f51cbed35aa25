"""``bsff diff RUN RUN``."""

import argparse
from pathlib import Path
from typing import Any

from bsff.contract.geometry import geometry
from bsff.contract.registers import build_hash
from bsff.errors import CheckpointError
from bsff.machine.diff import differences
from bsff.training.run import RunDirectory


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "diff",
        help="compare the machine states of two runs bit by bit",
        description="Compare the machine states of two runs bit by bit; exit status 0 only if equal.",
    )
    parser.add_argument("first", type=Path, metavar="RUN")
    parser.add_argument("second", type=Path, metavar="RUN")
    parser.add_argument("--most", type=int, default=10, metavar="N", help="differences to name (default: 10)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 if every bit is equal, 1 if not."""
    (config, state, progress), (other, second, others) = (
        RunDirectory(p).load() for p in (arguments.first, arguments.second)
    )
    if build_hash(config) != build_hash(other):
        raise CheckpointError(
            f"{arguments.first} and {arguments.second} hold different networks ({config.name}, {other.name}); "
            "only runs of one network can be compared"
        )
    count, lines = differences(state, second, geometry(config), most=arguments.most)
    note = f"after {progress.presentations:,} and {others.presentations:,} presentations"
    if count == 0:
        bits = sum(array.size * array.itemsize * 8 for _, array in state.arrays())
        print(f"equal: all {bits:,} bits, {note}")
        return 0
    print(f"{count:,} words differ, {note}:")
    for line in lines:
        print(f"  {line}")
    if count > len(lines):
        print(f"  and {count - len(lines):,} more")
    return 1
