"""Long work in pieces: what is done is not done again, and what was not written to its end is."""

from __future__ import annotations

from pathlib import Path

import pytest

from bsff.errors import BsffError
from bsff.tools import pieces


def test_a_run_goes_on_where_another_ended(tmp_path: Path) -> None:
    log, did, ends = tmp_path / "new" / "log.jsonl", [], [2]

    def do(number: int) -> pieces.Record:
        if number in ends:
            raise KeyboardInterrupt
        did.append(number)
        return {"square": number**2}

    assert pieces.done(log) == {}
    with pytest.raises(KeyboardInterrupt):
        pieces.work(log, 5, range(4), do)
    assert list(pieces.done(log)) == [0, 1]  # nothing that was done is lost
    ends.clear()
    found = pieces.work(log, 5, range(4), do)
    assert did == [0, 1, 2, 3]
    assert [record["square"] for record in found] == [0, 1, 4, 9]


def test_a_line_that_was_cut_counts_for_nothing_and_harms_none(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"piece": 0, "seed": 5, "n": 1}\n{"piece": 1, "n"')
    assert pieces.work(log, 5, range(2), lambda number: {"n": number}) == [
        {"piece": 0, "seed": 5, "n": 1},
        {"piece": 1, "seed": 5, "n": 1},
    ]
    assert log.read_text().count("\n") == 3


def test_a_log_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BsffError, match=r"file/log: cannot be (read|written)"):
        pieces.work(tmp_path / "file" / "log", 5, [0], lambda number: {})
    for no_file in (tmp_path, Path("/dev/zero")):
        with pytest.raises(BsffError, match=r"cannot be read \(not a file\)"):
            pieces.done(no_file)


def test_seeds_are_not_mixed_and_nothing_is_not_shown(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with pytest.raises(BsffError, match="holds no piece; ask for at least one"):
        pieces.work(log, 5, [], lambda number: {})
    pieces.work(log, 5, [0], lambda number: {})
    with pytest.raises(BsffError, match="has pieces of seed 5; name another log for seed 6"):
        pieces.work(log, 6, [0], lambda number: {})
