"""Links from pages to folders of the repository, which are right on a forge and have no page in the site.

With ``BSFF_SOURCE_URL`` (such as ``https://example.org/bsff/blob/main``) they lead there; else their text stands without a
link. A link that leads to nothing at all stays, and Sphinx warns. Files outside the site are downloads, by MyST.
"""

import os
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
INCLUDED = {"machine": ROOT / "hw" / "bsff_hw"}
"""Pages that include a text from another folder, from which its links start."""


def folder_of(docname: str, target: str) -> Path | None:
    """The file or folder of the repository outside docs/ that a link leads to, seen from a page or from what it includes."""
    starts = [(ROOT / "docs" / docname).parent, *([INCLUDED[docname]] if docname in INCLUDED else [])]
    for start in starts:
        path = (start / target.partition("#")[0]).resolve()
        if path.exists() and path.is_relative_to(ROOT) and path != start:
            return path
    return None


def replace_links(app: Sphinx, document: nodes.document) -> None:
    """Turn links to folders into links to the repository, or into text."""
    url = os.environ.get("BSFF_SOURCE_URL", "").rstrip("/")
    for node in list(document.findall(addnodes.pending_xref)):
        if node.get("reftype") != "myst" or node.get("refdomain"):
            continue
        path = folder_of(app.env.docname, node["reftarget"])
        if path is None:
            continue
        inner = node[0].deepcopy()
        if url:
            inner = nodes.reference("", "", inner, refuri=f"{url}/{path.relative_to(ROOT)}")
        node.replace_self(inner)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("doctree-read", replace_links)
    return {"version": "1", "parallel_read_safe": True}
