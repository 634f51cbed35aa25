"""A cell that is stopped goes on from its checkpoint, and its row is that of one that was not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sweep_helpers import QUICK, write_spec

from bsff.errors import CheckpointError
from bsff.reference import train as reference
from bsff.studies.sweep import Cell, load_spec
from bsff.studies.sweep.unfinished import checkpoint_of, folder_of, forget, tidy
from bsff.studies.sweep.work import run_cell
from bsff.training import train as golden

SAME = ("accuracy", "accuracy_one_draw", "accuracy_goodness", "accuracy_layer1", "presentations", "additions")


class LostError(Exception):
    """The machine is gone."""


def cell_of(folder: Path, variant: str, keys: str) -> Cell:
    spec = write_spec(folder, QUICK.replace("epochs = 1", keys).replace('"real"', f'"{variant}"'))
    (cell,) = load_spec(spec).cells
    return cell


def stopped_after(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, saves: int) -> None:
    """From now on `name` of `module` saves, and the machine is lost after `saves` of them."""
    save, done = getattr(module, name), [0]

    def counted(*arguments: Any, **keywords: Any) -> None:
        save(*arguments, **keywords)
        done[0] += 1
        if done[0] == saves:
            raise LostError

    monkeypatch.setattr(module, name, counted)


@pytest.mark.parametrize("variant", ["golden", "bsff", "real"])
def test_a_lost_cell_goes_on(variant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bsff.machine import checkpoint

    cell = cell_of(tmp_path, variant, 'epochs = 3\n"training.interval" = 50')
    whole = run_cell(cell, None, "")
    folder = folder_of(tmp_path / "spec.csv")
    monkeypatch.setattr(golden, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(reference, "SAVE_SECONDS", 0.0)
    for saves in (2, 3):  # lost twice
        with monkeypatch.context() as patched:
            stopped_after(patched, *((checkpoint, "save") if variant == "golden" else (reference, "save")), saves)
            with pytest.raises(LostError):
                run_cell(cell, None, "", "cpu", str(folder))
    assert checkpoint_of(folder, cell).exists()
    again = run_cell(cell, None, "", "cpu", str(folder))
    assert {key: again[key] for key in SAME if key in whole} == {key: whole[key] for key in SAME if key in whole}
    tidy(folder)
    assert folder.exists()  # something is unfinished
    forget(folder, cell)
    tidy(folder)
    assert not folder.exists()


@pytest.mark.parametrize("variant", ["golden", "bsff"])
def test_a_damaged_checkpoint_is_named(variant: str, tmp_path: Path) -> None:
    cell = cell_of(tmp_path, variant, "epochs = 1")
    path = checkpoint_of(tmp_path, cell)
    path.write_bytes(b"PK\3\4 not one")
    with pytest.raises(CheckpointError, match=f"{path.name}: .*damaged"):
        run_cell(cell, None, "", "cpu", str(tmp_path))
