"""``bsff report SWEEP``."""

import argparse
from pathlib import Path
from typing import Any

from .options import add_out, make_output


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "report",
        help="tables and plots of a sweep",
        description="Write a page of tables and plots from the finished cells of a sweep.",
    )
    parser.add_argument("spec", type=Path, metavar="SWEEP", help="the sweep's TOML file, see docs/sweeps.md")
    parser.add_argument("--results", type=Path, metavar="FILE", help="results (default: SWEEP with the ending .csv)")
    add_out(parser, "folder of the page (default: that of SWEEP)")
    parser.add_argument("--format", choices=("svg", "png"), default="svg", help="of the plots (default: svg)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the page."""
    from bsff.studies.report import write_page  # imports pandas
    from bsff.studies.sweep import Results, load_spec

    spec = load_spec(arguments.spec)
    results = Results(arguments.results or spec.results)
    folder = arguments.out or spec.path.parent
    make_output("--out", folder)
    for path in write_page(spec, results, folder, picture=arguments.format):
        print(path)
    return 0
