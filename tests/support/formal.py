"""Proofs by SymbiYosys, from the packages that pip installs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from amaranth.back import rtlil
from amaranth.hdl import Const, Value

SECONDS = 300
SCRIPT = """
[options]
mode {mode}
depth {depth}
multiclock off

[engines]
smtbmc boolector

[script]
read_rtlil top.il
{models}
prep {flatten} -top top

[files]
top.il
"""
YOSYS = """
import sys
from pyosys import libyosys

quiet, log, script = sys.argv[1:]
assert quiet == "-ql", sys.argv
libyosys.run_pass(f"tee -q -o {log} script {script}", libyosys.Design())
"""
"""As SymbiYosys calls it; native, since the packaged one is WebAssembly that compiles for a minute when it first runs."""


def prove(
    component: Any, folder: Path, *, mode: str, depth: int, models: str = "", inputs: Sequence[Value] | None = None
) -> tuple[bool, str]:
    """Whether it holds, and what the tool said; `models` is a command of yosys that reads what it instantiates.

    By default every port is seen; with `inputs` these alone are free, and what no assertion depends on is left out.
    """
    values = inputs or [Value.cast(value) for _, _, value in component.signature.flatten(component)]
    ports = [value for value in values if not isinstance(value, Const)]
    text = rtlil.convert(component, name="top", ports=ports, platform="formal")
    (folder / "top.il").write_text(text)
    (folder / "top.sby").write_text(
        SCRIPT.format(mode=mode, depth=depth, models=models, flatten="-flatten" if inputs else "")
    )
    tools = folder / "bin"  # SymbiYosys asks for them by their plain names
    tools.mkdir()
    home = Path(sys.executable).parent
    (tools / "yosys").write_text(f"#!{sys.executable}\n{YOSYS}")
    (tools / "yosys").chmod(0o755)
    for name in ("yosys-smtbmc", "yosys-witness", "boolector"):
        link = tools / name
        link.symlink_to(home / f"yowasp-{name}")
    # the first run after an installation compiles, and says so where an answer is expected
    subprocess.run([tools / "boolector", "--version"], capture_output=True, check=True, timeout=SECONDS)
    done = subprocess.run(
        [str(home / "yowasp-sby"), "-f", "top.sby"], cwd=folder, capture_output=True, text=True, timeout=SECONDS,
        env={**os.environ, "PATH": f"{tools}:/usr/bin:/bin"},
    )  # fmt: skip
    return done.returncode == 0, done.stdout + done.stderr
