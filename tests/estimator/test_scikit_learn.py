"""The checks that scikit-learn makes of every estimator."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from bsff import Classifier

EXPECTED = {
    "check_methods_subset_invariance": "p-bits draw in the order of the samples, so a sample's neighbours matter",
    "check_methods_sample_order_invariance": "p-bits draw in the order of the samples",
}
"""Checks that a machine of random bits cannot pass, with the reason."""
MODEL = Classifier(device="emulated", epochs=20)
CHECKS = list(estimator_checks_generator(MODEL, legacy=True, expected_failed_checks=EXPECTED, mark="xfail"))


def name_of(check: Any) -> str:
    return str(getattr(getattr(check, "func", check), "__name__", "estimator"))


@pytest.mark.filterwarnings("ignore")  # several checks warn on purpose, and look for it themselves
@pytest.mark.parametrize(("model", "check"), CHECKS, ids=name_of)
def test_check(model: Any, check: Any) -> None:
    check(model)
