"""Options that several commands of the gateware share."""

import argparse


def add_no_reader(parser: argparse.ArgumentParser) -> None:
    """``--no-reader``: the machine without its AXI master."""
    parser.add_argument(
        "--no-reader",
        action="store_true",
        help="leave out the AXI master that reads samples from memory, for a device without a processor beside it",
    )
