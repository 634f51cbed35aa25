"""Every program ends in one of the same ways."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bsff.errors import BsffError
from bsff.tools.program import command

ROOT = Path(__file__).parents[2]
STARTED = [
    path
    for path in (*sorted((ROOT / "sw/bsff/studies").rglob("*.py")), ROOT / "tests/support/random_steps.py")
    if 'if __name__ == "__main__"' in path.read_text()
]
"""Programs beside `bsff` that a user starts."""


def ending(error: BaseException) -> int:
    @command("some")
    def main(words: Sequence[str] | None = None, /) -> int:
        raise error

    return main([])


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (KeyboardInterrupt(), 130, "some: stopped by SIGINT\n"),
        (BsffError("seed 3: expected 1 to 2"), 2, "some: seed 3: expected 1 to 2\n"),
        (BrokenPipeError(), 0, ""),
        (FileNotFoundError(2, "No such file", "x"), 2, "some: x: No such file; make it, or name another place\n"),
    ],
)
def test_an_end_has_its_status_and_sentence(
    error: BaseException, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(error) == status
    assert capsys.readouterr().err == said


def test_a_fault_of_the_program_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        ending(ZeroDivisionError())


@pytest.mark.parametrize("path", STARTED, ids=lambda path: str(path.relative_to(ROOT)))
def test_programs_end_so(path: Path) -> None:
    assert "@command(" in path.read_text()
