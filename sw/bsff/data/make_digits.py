"""``python -m bsff.data.make_digits``: copies scikit-learn's digits into this package; needs scikit-learn."""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from bsff.tools.files import write_atomic

from .digits import COPY

SOURCE = (
    'E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998, '
    "doi:10.24432/C50P49, CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). The test set, unchanged, in the copy "
    "of scikit-learn's load_digits."
)


def write(path: Path) -> None:
    """Write the copy: grey levels 0 to 16 and labels, as they are, in bytes."""
    bunch = load_digits()
    levels, labels = bunch.images.astype(np.uint8), bunch.target.astype(np.uint8)
    write_atomic(path, lambda file: np.savez_compressed(file, levels=levels, labels=labels, source=np.array(SOURCE)))


if __name__ == "__main__":
    write(COPY)
    print(f"{COPY}: {COPY.stat().st_size:,} bytes")
