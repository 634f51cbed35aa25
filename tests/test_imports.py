"""Who may import whom: no circle at any level of packages, no door from inside, no gateware from the software.

At every package level its children, modules and sub-packages, are taken as one node each; lazy imports, those for type
checkers and ``import_module`` of a constant count like any other.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
Tree = dict[str, str]
"""Source of each module by its dotted name; a package's is that of its door, ``__init__``."""
Edges = dict[str, set[str]]


def read_tree(*folders: Path) -> Tree:
    """The modules below some packages."""
    tree = {}
    for folder in folders:
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder.parent).with_suffix("").parts
            tree[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text()
    return tree


def packages_of(tree: Tree) -> set[str]:
    """Modules that contain others."""
    return {name.rpartition(".")[0] for name in tree if "." in name}


def imported(name: str, tree: Tree) -> Iterator[str]:
    """Names that a module imports, most of them its own; of ``from a import b`` it is ``a.b`` where that is a module."""
    around = name if name in packages_of(tree) else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(tree[name])):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(around.split(".")[: len(around.split(".")) + 1 - node.level]) if node.level else ""
            source = ".".join(part for part in (base, node.module) if part)
            yield from (f"{source}.{a.name}" if f"{source}.{a.name}" in tree else source for a in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == "import_module":
                yield str(node.args[0].value)


def edges_of(tree: Tree) -> Edges:
    """Which modules of the tree each one imports."""
    return {name: {found for found in imported(name, tree) if found in tree} - {name} for name in tree}


def child(package: str, name: str) -> str:
    """The child of a package in which a module lies."""
    return ".".join(name.split(".")[: package.count(".") + 2])


def circle(graph: Edges) -> list[str] | None:
    """The nodes of a shortest circle, the first again at the end."""
    best: list[str] | None = None
    for start in sorted(graph):
        ways, seen = [[start]], {start}
        for way in ways:  # grows while it is walked: breadth first
            for target in sorted(graph[way[-1]]):
                if target == start and (best is None or len(way) < len(best) - 1):
                    best = [*way, start]
                if target not in seen:
                    seen.add(target)
                    ways.append([*way, target])
    return best


def circles(edges: Edges, package: str) -> Iterator[str]:
    """A circle among the children of a package, by the modules of which it is made; one a pair of children removed."""
    graph: Edges = {}
    reasons: dict[tuple[str, str], str] = {}
    for name, targets in edges.items():
        for target in targets:
            if name.startswith(f"{package}.") and target.startswith(f"{package}."):
                ends = child(package, name), child(package, target)
                if ends[0] != ends[1]:
                    graph.setdefault(ends[0], set()).add(ends[1])
                    graph.setdefault(ends[1], set())
                    reasons.setdefault(ends, f"{name} -> {target}")
    while found := circle(graph):
        steps = list(itertools.pairwise(found))
        yield f"circle in {package}: " + "; ".join(reasons[step] for step in steps)
        graph[steps[-1][0]].discard(steps[-1][1])


def faults(tree: Tree) -> list[str]:
    """Everything that is against the rules."""
    edges = edges_of(tree)
    found = [fault for package in sorted(packages_of(tree)) for fault in circles(edges, package)]
    for name, targets in sorted(edges.items()):
        for target in sorted(targets):
            if name.startswith(f"{target}."):
                found.append(f"{name} imports from the door of its own package {target}")
    for name in sorted(tree):
        if name.partition(".")[0] == "bsff":
            found += [f"{name} imports {other}" for other in imported(name, tree) if other.startswith("bsff_hw")]
    return found


def test_the_code_keeps_the_rules() -> None:
    tree = read_tree(ROOT / "sw" / "bsff", ROOT / "hw" / "bsff_hw")
    assert len(tree) > 200
    edges = edges_of(tree)
    assert edges["bsff.contract.formats"] == set(), "the ground floor stands on nothing"
    assert sum("bsff.contract.formats" in targets for targets in edges.values()) > 20
    found = faults(tree)
    assert not found, "\n" + "\n".join(found)


MADE_UP = {
    "bsff": "",
    "bsff.a": "",
    "bsff.a.one": "from ..b.two import x",
    "bsff.a.other": "from . import one\nfrom .one import y",
    "bsff.b": "",
    "bsff.b.two": "import numpy",
    "bsff.b.three": "from bsff.c import z",
    "bsff.c": "",
}


def test_a_sound_tree_has_no_fault() -> None:
    assert faults(MADE_UP) == []


def test_faults_are_found_and_named() -> None:
    for lazy in (
        "def f():\n    from bsff.a.other import q",
        "import importlib\nimportlib.import_module('bsff.a.other')",
    ):
        assert faults({**MADE_UP, "bsff.c": lazy}) == [
            "circle in bsff: bsff.a.one -> bsff.b.two; bsff.b.three -> bsff.c; bsff.c -> bsff.a.other"
        ]
    assert faults({**MADE_UP, "bsff.a.one": "from .other import q"}) == [
        "circle in bsff.a: bsff.a.one -> bsff.a.other; bsff.a.other -> bsff.a.one"
    ]
    for door in ("from bsff.b import x", "from . import x", "import bsff.b"):
        assert faults({**MADE_UP, "bsff.b.two": door}) == ["bsff.b.two imports from the door of its own package bsff.b"]
    for gateware in ("import bsff_hw.plan", "if TYPE_CHECKING:\n    from bsff_hw.plan import plan"):
        assert faults({**MADE_UP, "bsff.b.two": gateware}) == ["bsff.b.two imports bsff_hw.plan"]
