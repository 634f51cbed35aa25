"""``python -m bsff_hw.boards.ecp5`` in a folder that `bsff build` prepared."""

import sys
from pathlib import Path

from bsff.errors import BsffError

from .flow import build

try:
    build(Path.cwd())
except BsffError as error:
    sys.exit(f"bsff: {error}")
