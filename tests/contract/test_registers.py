"""The register table is sound, and the committed page is the one that it makes."""

from pathlib import Path

import pytest

from bsff.config import load, parse
from bsff.contract import registers
from bsff.contract.registers import BLOCK, BLOCK_STRIDE, GLOBAL, block_offset, build_hash, reference_page


@pytest.mark.parametrize(("table", "size"), [(GLOBAL, registers.BLOCK_BASE), (BLOCK, BLOCK_STRIDE)])
def test_offsets_are_aligned_distinct_and_inside(table: dict[str, registers.Register], size: int) -> None:
    offsets = [r.offset for r in table.values()]
    assert all(o % 4 == 0 and 0 <= o < size for o in offsets)
    assert len(set(offsets)) == len(offsets)


def test_fields_do_not_overlap() -> None:
    for register in (*GLOBAL.values(), *BLOCK.values()):
        assert sum(f.mask for f in register.fields) == register.mask or not register.fields
        taken = 0
        for entry in register.fields:
            assert not taken & entry.mask, f"{register.name}.{entry.name}"
            assert entry.low + entry.width <= 32
            taken |= entry.mask


def test_committed_page_is_the_generated_one() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "registers.md"
    assert page.read_text() == reference_page(), "run `make docs`"


def test_build_hash_follows_the_hardware_and_not_the_schedule() -> None:
    base = load("digits")
    plain = base.to_dict()
    for section, key, value in (("training", "epochs", 99), ("training", "seed", 5), ("head", "step", 0.5)):
        changed = load("digits").to_dict()
        changed[section][key] = value
        assert build_hash(parse(changed)) == build_hash(base), key
    for key, value in (("channels", 50), ("tile", 2), ("weight_bits", 10), ("boxcar", 1.0), ("centre", False)):
        changed = load("digits").to_dict()
        changed["layer"][0][key] = value
        assert build_hash(parse(changed)) != build_hash(base), key
    assert plain["layer"][0]["step"] != 0.123
    plain["layer"][0]["step"] = 0.123
    assert build_hash(parse(plain)) == build_hash(base)


def test_blocks_end() -> None:
    with pytest.raises(ValueError, match="block = 240: expected 0 to 239"):
        block_offset(240, "STEP")
    assert block_offset(239, "STEP") < registers.WINDOW
    with pytest.raises(KeyError, match="STATUS has no field idle; it has busy, fault"):
        GLOBAL["STATUS"].field("idle")
