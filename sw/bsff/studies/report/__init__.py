"""Pages of Markdown and plots from a sweep's results; no number in them is typed by hand."""

from .page import write_page

__all__ = ["write_page"]
