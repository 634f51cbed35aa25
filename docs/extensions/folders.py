"""The README.md of a folder is the first page of its section: the folder's other pages hang below it, without a list to keep.

So the Markdown stays free of directives, and people who read it on a forge see nothing odd.
"""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

TREE = "\n\n```{{toctree}}\n:hidden:\n:maxdepth: 1\n\n{pages}\n```\n"


def pages_below(folder: Path) -> list[str]:
    """Names of the pages of a folder and of the sections below it, sorted, without suffix."""
    pages = [path.stem for path in folder.glob("*.md") if path.stem != "README"]
    sections = [f"{path.parent.name}/README" for path in folder.glob("*/README.md")]
    return sorted(pages) + sorted(sections)


def add_tree(app: Sphinx, docname: str, source: list[str]) -> None:
    """Append the tree of a section's pages to its first page."""
    folder, _, name = docname.rpartition("/")
    if name == "README":
        source[0] += TREE.format(pages="\n".join(pages_below(Path(app.srcdir) / folder)))


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("source-read", add_tree)
    return {"version": "1", "parallel_read_safe": True}
