"""What every room uses and nothing of the network is in: files written whole, outside tools, locks, the cache folder.

Modules are imported by name (``from bsff.tools import process``), since each needs something else.
"""
