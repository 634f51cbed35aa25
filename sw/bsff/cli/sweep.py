"""``bsff sweep SPEC``."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bsff.errors import ConfigError
from bsff.tools.interrupt import Stopped, status_of

from .options import add_data, add_results

if TYPE_CHECKING:  # pandas is imported only where it is used
    from bsff.studies.sweep import Cell, Spec


_NOWHERE_TO_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "sweep",
        help="train many networks into one results file",
        description="Train every cell of a specification that its results file does not hold yet; Ctrl-C loses no "
        "finished row and at most two minutes of the others, and the same command goes on from there.",
    )
    parser.add_argument("spec", type=Path, metavar="SPEC", help="TOML file, see docs/sweeps.md")
    add_results(parser, "SPEC with the ending .csv")
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: one a core)")
    parser.add_argument("--ray", metavar="ADDRESS", help="run on this Ray cluster instead of here")
    parser.add_argument(
        "--device",
        choices=("cpu", "cuda"),
        default="cpu",
        help="where the float variants train (default: cpu); the workers share one GPU",
    )
    parser.add_argument("--cells", type=int, metavar="N", help="stop after N cells")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="only cells with this value, such as data.dataset=mnist or training.seed=0; may be repeated",
    )
    parser.add_argument("--list", action="store_true", help="list the cells and which are done; train nothing")
    add_data(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run what is missing; exit status 1 if a cell failed, 130 after Ctrl-C (see `main`)."""
    from bsff.studies.sweep import Results, load_spec  # imports pandas
    from bsff.studies.sweep.pool import run_here, run_on_ray
    from bsff.studies.sweep.unfinished import folder_of, forget, tidy
    from bsff.studies.sweep.work import gpu
    from bsff.tools.commit import commit

    for name in ("workers", "cells"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            raise ConfigError(f"--{name} {value}: expected 1 or more")
    if arguments.device == "cuda" and arguments.ray:
        raise ConfigError("--device cuda: expected without --ray, whose nodes give each cell one core and no GPU")
    spec = load_spec(arguments.spec)
    results = Results(arguments.results or spec.results)
    wanted = _only(spec, arguments.only)
    if arguments.list:
        for number, cell in enumerate(wanted, 1):
            row = results.find(cell)
            print(f"{number:4} {'done   ' if row else 'missing'} {_name(cell)}{_found(row) if row else ''}")
        return 0
    data = str(arguments.data) if arguments.data else None
    if arguments.device == "cuda":
        print(f"float variants on {gpu()}", flush=True)
    failed = 0
    with results.locked():
        results = Results(results.path)  # as it is now that nobody else writes it
        missing = [cell for cell in wanted if results.find(cell) is None]
        done = len(wanted) - len(missing)
        missing.sort(
            key=lambda cell: cell.config.training.seed
        )  # a sweep that is stopped early has a seed of everything
        chosen = missing[: arguments.cells]
        print(f"{results.path}: {done} of {len(wanted)} cells are there, {len(chosen)} to do", flush=True)
        unfinished = folder_of(results.path.resolve())
        if arguments.ray:
            outcomes = run_on_ray(chosen, data, commit(), address=arguments.ray, unfinished=str(unfinished))
        else:
            workers = min(arguments.workers or os.cpu_count() or 1, max(len(chosen), 1))
            outcomes = run_here(
                chosen, data, commit(), workers=workers, device=arguments.device, unfinished=str(unfinished)
            )
        try:
            for cell, outcome in outcomes:
                if isinstance(outcome, OSError) and outcome.errno in _NOWHERE_TO_WRITE:
                    raise outcome  # every other cell would end so, and the row of none could be written
                if isinstance(outcome, BaseException):
                    failed += 1
                    print(f"failed: {_name(cell)}: {type(outcome).__name__}: {outcome}", file=sys.stderr, flush=True)
                    continue
                results.add(outcome)
                forget(unfinished, cell)
                done += 1
                print(f"{done}/{len(wanted)} {_name(cell)}{_found(outcome)}", flush=True)
        except KeyboardInterrupt as stop:
            print(f"Stopped; {done} of {len(wanted)} cells are in {results.path}; go on with the same command")
            return status_of(stop.number if isinstance(stop, Stopped) else signal.SIGINT)
        finally:
            outcomes.close()
        tidy(unfinished)
        results.sort(spec)
    return 1 if failed else 0


def _only(spec: Spec, settings: list[str]) -> tuple[Cell, ...]:
    """The cells that have every ``COLUMN=VALUE``."""
    cells = spec.cells
    for setting in settings:
        column, sign, value = setting.partition("=")
        columns = {name for cell in spec.cells for name in cell.describe()}
        if not sign or column not in columns:
            raise ConfigError(f"--only {setting}: expected COLUMN=VALUE with one of {', '.join(sorted(columns))}")
        cells = tuple(cell for cell in cells if cell.describe().get(column) == value)
    return cells


def _name(cell: Cell) -> str:
    options, training = cell.options, cell.config.training
    label = f" {options.label!r}" if options.label else ""
    return f"{options.network} {options.variant}{label} seed {training.seed}, {training.epochs} epochs"


def _found(row: dict[str, str]) -> str:
    return f": {100 * float(row['accuracy']):.2f} % ({row['split']}), {float(row['seconds']):,.0f} s"
