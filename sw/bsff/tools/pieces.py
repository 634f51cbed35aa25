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
        If it cannot be read, or is no file: a device may have no end.
    """
    if log.exists() and not log.is_file():
        raise BsffError(f"{log}: cannot be read (not a file)")
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


def work(log: Path, seed: int, numbers: Iterable[int], do: Callable[[int], Record]) -> list[Record]:
    """Do the pieces of a seed that a log lacks, and write each down as soon as it is done.

    Several processes may work at one log if they are given other numbers.

    Returns
    -------
    list
        What the log holds then, by rising number; at least one piece.

    Raises
    ------
    BsffError
        If the log cannot be read or written, has pieces of another seed, or holds none in the end.
    """
    known = done(log)
    others = {record.get("seed") for record in known.values()} - {seed}
    if others:
        raise BsffError(f"{log}: has pieces of seed {others.pop()}; name another log for seed {seed}")
    for number in numbers:
        if number not in known:
            _append(log, {"piece": number, "seed": seed, **do(number)})
    records = done(log)
    if not records:
        raise BsffError(f"{log}: holds no piece; ask for at least one")
    return [records[number] for number in sorted(records)]


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
