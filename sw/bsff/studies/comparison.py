"""The machine beside scikit-learn's classifiers on tables: ``python -m bsff.studies.comparison``.

Prints a Markdown page: mean and standard deviation of the accuracy over the folds of a stratified split, the same folds for all.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bsff.estimator import Classifier
from bsff.tools.program import command
from bsff.tools.provenance import processor, versions

FOLDS = 5
SEED = 1
"""Of the folds. The scaling and the thresholds of tables were chosen on other folds, of seed 0."""
SETS = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
}
"""Data sets that come with scikit-learn."""


def models() -> dict[str, Any]:
    """The classifiers, by title."""
    return {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
        "random forest": RandomForestClassifier(random_state=SEED),
        "bsff, small": Classifier("small", device="emulated", seed=SEED),
        "bsff, medium": Classifier("medium", device="emulated", seed=SEED),
    }


def rows(name: str) -> tuple[str, dict[str, tuple[float, float]]]:
    """Size of a data set in words, and of each classifier mean and standard deviation of the accuracy over the folds."""
    data = SETS[name]()
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    found = {}
    for title, model in models().items():
        # the digits are images to the machine, and rows of 64 pixels to the others
        samples = data.images if name == "digits" and title.startswith("bsff") else data.data
        scores = [
            model.fit(samples[train], data.target[train]).score(samples[test], data.target[test])
            for train, test in folds.split(data.data, data.target)
        ]
        found[title] = (float(np.mean(scores)), float(np.std(scores)))
    return f"{len(data.target)} samples, {data.data.shape[1]} features, {len(set(data.target))} classes", found


@command("comparison")
def main(words: Sequence[str] | None = None, /) -> int:
    """Print the page."""
    argparse.ArgumentParser(
        prog="python -m bsff.studies.comparison", description=str(__doc__).splitlines()[0]
    ).parse_args(words)
    titles = list(models())
    print("# The machine beside scikit-learn on tables\n")
    print(
        f"Accuracy in per cent, mean ± standard deviation over {FOLDS} stratified folds (seed {SEED}), the same folds for all. Made by\n"
        f"`python -m bsff.studies.comparison`, with {', '.join(f'{k} {v}' for k, v in versions().items())}, on {processor()}.\n"
        "The machine is the bit-exact model; its architectures are made for the data, all settings at their defaults. How tables are\n"
        "scaled and into how many bits was chosen among twelve settings on five other folds (seed 0) of wine and breast cancer, so their\n"
        "figures may be a little too good; nothing was chosen on iris. Digits are images to the machine.\n"
    )
    print(f"| data | {' | '.join(titles)} |\n|---|{'---|' * len(titles)}")
    for name in SETS:
        size, found = rows(name)
        cells = [f"{100 * mean:.1f} ± {100 * spread:.1f}" for mean, spread in found.values()]
        print(f"| {name} ({size}) | {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
