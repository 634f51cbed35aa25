"""``python -m bsff.studies.power_coverage``."""

import argparse
import sys
from collections.abc import Sequence

from bsff.tools.program import command

from .page import page


@command("power_coverage")
def main(arguments: Sequence[str] | None = None, /) -> int:
    """Print the page."""
    parser = argparse.ArgumentParser(
        prog="python -m bsff.studies.power_coverage",
        description="Simulate measurements of power, print how often their intervals hold the truth as Markdown.",
    )
    parser.add_argument("--seed", type=int, default=1, help="of every board (default: %(default)s)")
    parser.add_argument(
        "--experiments", type=int, default=1000, help="measurements of each case (default: %(default)s)"
    )
    chosen = parser.parse_args(arguments)
    if chosen.experiments < 1:
        parser.error(f"--experiments {chosen.experiments}: expected at least 1")
    print(page(chosen.seed, chosen.experiments), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
