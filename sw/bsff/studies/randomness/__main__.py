"""``python -m bsff.studies.randomness``."""

import argparse
from collections.abc import Sequence

from .measurements import measure
from .page import page


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(
        prog="python -m bsff.studies.randomness", description="Measure p-bits, print Markdown."
    )
    parser.add_argument("--seed", type=int, default=1, help="of every stream (default 1)")
    print(page(measure(parser.parse_args(arguments).seed)), end="")


if __name__ == "__main__":
    main()
