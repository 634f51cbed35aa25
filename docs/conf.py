"""The documentation site, built by ``make docs`` into build/site; decision 042 says why it is made so."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "extensions"))

project = "bsff"
author = "bsff contributors"
copyright = "bsff contributors, Apache-2.0"
html_title = "bsff"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "numpydoc", "folders", "repository_links"]
exclude_patterns = ["extensions", "pictures", "static", "notebooks/__pycache__", "**/networks"]

# ---- Markdown and notebooks
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
nb_execution_mode = os.environ.get("BSFF_SITE_NOTEBOOKS", "off")  # "cache" executes what has changed: a minute or two
nb_execution_cache_path = str(HERE.parent / "build" / "notebooks")
nb_execution_in_temp = True  # one of them writes a file
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_output_stderr = "remove"
suppress_warnings = ["mystnb.unknown_mime_type"]

# ---- API
autodoc_mock_imports = [
    name for name in ("torch", "numba", "pynq", "pandas", "matplotlib", "pooch", "PIL") if find_spec(name) is None
]
autodoc_typehints = "none"  # the docstrings state types, and shapes with them
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
highlight_language = "none"  # blocks without a language are commands and drawings
default_role = "py:obj"  # `name` in a docstring links to it where it has a page

# ---- looks: everything lies in the site itself, so that it can be read offline
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}
