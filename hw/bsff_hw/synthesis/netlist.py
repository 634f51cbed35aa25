"""The netlist of a design as Verilog that a simulator runs: what synthesis made of it, to compare with what was meant."""

import hashlib
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bsff.tools.cache import cache_folder
from bsff.tools.files import part
from bsff_hw import yosys

from .families import FAMILIES
from .flow import CHECKED, SECONDS
from .models import models
from .owners import DESIGN
from .tools import run

WRITTEN = "netlist.v"
# Wires of a bit, for a simulator takes a bus whose bits depend on each other for a loop; numbers for names, which would be
# most of the text.
_WRITE = ("opt_clean -purge", "splitnets", "rename -hide", "opt_clean -purge", f"write_verilog -noattr {WRITTEN}")
_INSTANCE = re.compile(r"^  ([A-Z]\w*) (?:#\(|\S+ +\()", re.MULTILINE)


@dataclass(frozen=True)
class Netlist:
    """Primitives and wires."""

    text: str
    """Verilog of the top module, with the ports of the design."""
    family: str
    """A key of `FAMILIES`."""

    @property
    def cells(self) -> dict[str, int]:
        """How many there are of each primitive."""
        return dict(sorted(Counter(_INSTANCE.findall(self.text)).items()))

    def simulated(self) -> str:
        """The text with the models of its primitives, which a simulator takes in place of the design.

        Raises
        ------
        SynthesisError
            If there is no model of a primitive.
        """
        return self.text + "\n" + models(self.cells, self.family)


def script(family: str, top: str) -> str:
    """What yosys does: as for `bsff synth` and `bsff build` (but see `Family.learns`), and the netlist is written as Verilog."""
    known = FAMILIES[family]
    begin = [f"read_verilog {DESIGN}", f"hierarchy -top {top}", "proc", *known.prepare]
    return "\n".join([*begin, (known.learns or known.synthesis).format(top=top), *CHECKED, *_WRITE]) + "\n"


def netlist(verilog: str, family: str, *, top: str = "bsff", seconds: float = SECONDS) -> Netlist:
    """Synthesise a design, unless an earlier call did: netlists are kept in the cache folder.

    Parameters
    ----------
    verilog : str
        The whole design.
    family : str
        A key of `FAMILIES`.
    top : str
        Its top module.
    seconds : float
        Limit of yosys' run.

    Raises
    ------
    SynthesisError
        If yosys fails.
    """
    command, commands = yosys.command(), script(family, top)

    def make(folder: Path) -> str:
        (folder / DESIGN).write_text(verilog, encoding="utf-8")
        (folder / "synth.ys").write_text(commands, encoding="utf-8")
        run("yosys", [*command, "synth.ys"], folder, log=folder / "yosys.log", seconds=seconds)
        return (folder / WRITTEN).read_text(encoding="utf-8")

    return Netlist(made_once("netlist", [verilog, commands, yosys.version()], make), family)


def made_once(kind: str, depends: list[str], make: Callable[[Path], str]) -> str:
    """A netlist of the cache folder, which `make` makes in an empty folder unless it is there.

    Parameters
    ----------
    kind : str
        The file's name begins so.
    depends : list of str
        All on which the text depends.
    make : callable
        Its text, from the folder in which it may work.
    """
    key = hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:16]
    kept = cache_folder() / f"{kind}-{key}.v"
    if kept.is_file():
        return kept.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix=f"bsff-{kind}-") as name:
        text = make(Path(name))
    kept.parent.mkdir(parents=True, exist_ok=True)
    work = part(kept)
    work.write_text(text, encoding="utf-8")
    work.replace(kept)
    return text
