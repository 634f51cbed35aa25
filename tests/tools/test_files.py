"""Files written whole: their permissions, what stays of the old one, and what is no file."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bsff.config import load
from bsff.contract.geometry import geometry
from bsff.golden.state import blank
from bsff.machine import checkpoint
from bsff.machine.checkpoint import Progress
from bsff.tools import files


@pytest.fixture(params=[0o000, 0o022, 0o027, 0o077], ids=oct)
def mask(request: pytest.FixtureRequest) -> Iterator[int]:
    kept = os.umask(request.param)
    yield request.param
    os.umask(kept)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_mode_follows_the_umask(mask: int, tmp_path: Path) -> None:
    files.write_text(tmp_path / "text", "new")
    files.write_text(tmp_path / "text", "newer")
    config = load("digits-small")
    checkpoint.save(tmp_path / "checkpoint.npz", config, blank(geometry(config)), Progress())
    own = tmp_path / "own"
    own.touch(0o600)
    files.follow_umask(own)
    assert [oct(mode(path)) for path in tmp_path.iterdir()] == 3 * [oct(0o666 & ~mask)]
    assert os.umask(mask) == mask, "the umask is as it was"


def test_no_file_or_folder_is_made_by_tempfile_where_others_shall_read_it() -> None:
    """mkstemp and mkdtemp give their owner alone the right to read, and the mode stays with the name."""
    root = Path(files.__file__).parents[3]
    makers = ("mkstemp", "mkdtemp", "NamedTemporaryFile")
    found = [
        path.name
        for folder in ("sw/bsff", "hw/bsff_hw")
        for path in (root / folder).rglob("*.py")
        if any(f"{maker}(" in path.read_text() for maker in makers)
    ]
    assert found == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_leaves_the_old_file_and_names_it(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    files.write_text(path, "old")

    def full(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=os.strerror(code)) as found:
        files.write_text(path, "new")
    assert found.value.filename == str(path)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"


def test_a_link_stays_and_its_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there/file")
    for text in ("one", "two"):
        files.write_text(tmp_path / "link", text)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "there" / "file").read_text() == text


def test_what_is_no_file_is_written_to_as_it_is(tmp_path: Path) -> None:
    """As root, `bsff verilog digits -o /dev/null` would otherwise put a file in place of the device."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    files.write_text(pipe, "text")
    assert os.read(reader, 100) == b"text"
    os.close(reader)
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    files.write_text(Path("/dev/null"), "text")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_parts_have_names_of_their_own(tmp_path: Path) -> None:
    names = {files.part(tmp_path / "x") for _ in range(100)}
    assert len(names) == 100
    assert {each.parent for each in names} == {tmp_path}
