"""The cases of the update."""

from __future__ import annotations

import pytest
from update_maps import CASES

import bsff_hw.plan.layer
from bsff_hw.plan import LayerPlan


@pytest.fixture
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> LayerPlan:
    """The plan of a name, with chunks as small as it asks for."""
    plan, sites = CASES[request.param]
    monkeypatch.setattr(bsff_hw.plan.layer, "CHUNK_SITES", sites)
    assert (plan.chunks > 1) == (sites < plan.shape.positions // plan.site_bits)
    return plan
