"""``python -m bsff.studies.randomness``."""

import argparse
import sys
from collections.abc import Sequence

from bsff.tools.program import command

from .measurements import measure
from .page import page


@command("randomness")
def main(arguments: Sequence[str] | None = None, /) -> int:
    """Print the page."""
    parser = argparse.ArgumentParser(
        prog="python -m bsff.studies.randomness", description="Measure p-bits, print Markdown."
    )
    parser.add_argument("--seed", type=int, default=1, help="of every stream (default 1)")
    print(page(measure(parser.parse_args(arguments).seed)), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
