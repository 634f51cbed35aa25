"""``python -m bsff.studies.energy_estimate``."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from bsff.tools.files import write_text
from bsff.tools.program import command

from .estimate import count_all, rows
from .page import PICTURE, page
from .plot import plot

NAME = "energy-estimate.md"


@command("energy_estimate")
def main(words: Sequence[str] | None = None, /) -> int:
    """Count, draw, write the page and its picture."""
    parser = argparse.ArgumentParser(
        prog="python -m bsff.studies.energy_estimate",
        description="The energy saving with its assumptions: counts of trained networks, several processes, shares of the uncertainty.",
    )
    parser.add_argument("networks", nargs="*", default=["digits", "mnist-small"], metavar="NETWORK")
    parser.add_argument("--tiles", type=int, nargs="+", default=[1, 2, 3, 7], metavar="M", help="p-bits a unit")
    parser.add_argument(
        "--presentations", type=int, default=10_000, metavar="N", help="training before counting (default: %(default)s)"
    )
    parser.add_argument(
        "--draws", type=int, default=8192, metavar="N", help="of the assumptions (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the draws (default: %(default)s)")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="folder with the data sets (default: BSFF_DATA, else download)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("docs/results"),
        metavar="DIR",
        help="folder of the page (default: %(default)s)",
    )
    chosen = parser.parse_args(words)
    for option, value, least in (("--presentations", chosen.presentations, 1), ("--draws", chosen.draws, 100)):
        if value < least:
            parser.error(f"{option} {value}: expected at least {least}")
    given = sys.argv[1:] if words is None else list(words)
    kept = [word for k, word in enumerate(given) if "--data" not in (word, given[k - 1] if k else "")]
    asked = shlex.join(["python", "-m", "bsff.studies.energy_estimate", *kept])
    found = count_all(chosen.networks, chosen.tiles, chosen.presentations, chosen.data)
    savings = list(rows(found, chosen.seed, chosen.draws))
    chosen.out.mkdir(parents=True, exist_ok=True)
    plot(savings, chosen.out / PICTURE)
    write_text(chosen.out / NAME, page(found, savings, asked, chosen.presentations, chosen.draws))
    print(f"{chosen.out}: {NAME}, {PICTURE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
