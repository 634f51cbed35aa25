"""Where the cache is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bsff.errors import BsffError
from bsff.tools.cache import cache_folder


@pytest.mark.parametrize(
    ("own", "system", "expected"),
    [("/a", "/b", "/a"), ("", "/b", "/b/bsff"), ("", "", "/h/.cache/bsff"), ("a/b", "", f"{Path.cwd()}/a/b")],
)
def test_where_the_cache_is(own: str, system: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("BSFF_CACHE", own), ("XDG_CACHE_HOME", system), ("HOME", "/h")):
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(expected)


def test_a_system_whose_folders_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BSFF_CACHE", raising=False)
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    with pytest.raises(BsffError, match=r"pip install platformdirs .* or name a folder with BSFF_CACHE"):
        cache_folder()
