"""``python -m bsff_hw.boards.ecp5`` in a folder that `bsff build` prepared."""

import sys
from pathlib import Path

from bsff.errors import BsffError

from .flow import build

try:
    build(Path.cwd())
except (BsffError, OSError, ValueError) as error:  # a folder without build.json, or a full disk, too
    sys.exit(f"bsff: {error}")
