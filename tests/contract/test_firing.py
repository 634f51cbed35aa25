"""The target of firing in the machine's numbers."""

from __future__ import annotations

import pytest

from bsff.config import parse
from bsff.contract.check import check
from bsff.contract.numerics import firing_count, firing_shift
from bsff.errors import ConfigError


def test_count_and_shift() -> None:
    """On 64 positions a tenth is 6 p-bits; 0.02 of a pre-activation in units of 2^-16, over 64, is next to 2^4."""
    layer = check(parse({"layer": [{"channels": 10, "firing": 0.1}]})).layers[0]
    assert firing_count(layer) == 6
    assert firing_shift(layer) == 4
    assert firing_shift(check(parse({"layer": [{"channels": 10}]})).layers[0]) is None


@pytest.mark.parametrize(("kind", "most"), [("dense", 1), ("conv", 64)])
def test_a_target_of_no_p_bit_is_refused(kind: str, most: int) -> None:
    """A channel whose target rounds to nothing would be driven down until it never fires."""
    layer = {"channels": 10, "kind": kind, "firing": 0.4 / most}
    with pytest.raises(ConfigError, match=rf"layer\[1\].firing = .*expected 0, or more than .* {most} p-bits"):
        check(parse({"layer": [layer]}))
