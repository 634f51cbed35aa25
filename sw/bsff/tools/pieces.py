"""Long work in pieces that add up: a line of JSON for each piece that is done, so that a run goes on where another ended."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bsff.errors import BsffError

Record = dict[str, Any]


def done(log: Path) -> dict[int, Record]:
    """What a log holds, by the number of the piece.

    A line that was not written to its end, since its run was ended, counts for nothing. A log that is not there is empty.

    Raises
    ------
    BsffError
        If it cannot be read.
    """
    try:
        text = log.read_text()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BsffError(f"{log}: cannot be read ({error})") from None
    found = {}
    for line in text.splitlines():
        try:
            record = json.loads(line)
            found[int(record["piece"])] = record
        except (ValueError, TypeError, LookupError):
            continue
    return found


def work(log: Path, numbers: Iterable[int], do: Callable[[int], Record]) -> dict[int, Record]:
    """Do the pieces that a log lacks, and write each down as soon as it is done.

    Several processes may work at one log if they are given other numbers.

    Returns
    -------
    dict
        What the log holds then.

    Raises
    ------
    BsffError
        If the log cannot be written.
    """
    known = done(log)
    for number in numbers:
        if number not in known:
            _append(log, {"piece": number, **do(number)})
    return done(log)


def _append(log: Path, record: Record) -> None:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab+") as file:
            size = file.seek(0, 2)
            if size:
                file.seek(size - 1)
            broken = size and file.read(1) != b"\n"
            file.write((b"\n" if broken else b"") + json.dumps(record).encode() + b"\n")
    except OSError as error:
        raise BsffError(f"{log}: cannot be written ({error.strerror})") from None
