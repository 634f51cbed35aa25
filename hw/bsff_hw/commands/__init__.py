"""The commands of the gateware, one module each; ``bsff`` finds them by the entry points of ``pyproject.toml``.

Importing one imports no Amaranth, so that ``bsff --help`` is fast; each imports what generates when it runs.
"""
