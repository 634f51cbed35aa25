"""The notebooks run from top to bottom on the emulated and on the verilated machine, and are committed without output."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import pytest

import bsff.notebooks
from bsff.config import load
from bsff.errors import DeviceError
from bsff.machine.devices import best
from bsff.machine.devices.best import open_best

FOLDER = Path(__file__).resolve().parents[1] / "sw" / "notebooks"
NOTEBOOK = FOLDER / "train_on_pynq.ipynb"
SAID = {
    "train_on_pynq": ("equal: ", "(estimate)", "measured: "),
    "learn_your_data": ("accuracy: ", "label ", "after 20 more samples: "),
    "learn_a_new_class": ("digits 0 to 8: ", "nines: "),
    "learn_a_signal": ("accuracy: ", "layer 1: ", "broken"),
}
"""What each notebook prints, whatever the device."""
PICTURES = {"train_on_pynq": 3, "learn_your_data": 5, "learn_a_new_class": 1, "learn_a_signal": 2}


def test_every_notebook_is_here() -> None:
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(SAID) == set(PICTURES)


@pytest.mark.parametrize("name", SAID)
def test_it_is_committed_clean(name: str) -> None:
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
            compile(cell.source, "cell", "exec")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")  # of the kernel's own packages
@pytest.mark.parametrize("device", ["emulated", pytest.param("rtl", marks=pytest.mark.long)])
@pytest.mark.parametrize("name", SAID)
def test_it_runs(name: str, device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbclient import NotebookClient

    monkeypatch.setenv("BSFF_NOTEBOOK_DEVICE", device)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    notebook.metadata.kernelspec.name = "python3"
    client = NotebookClient(notebook, timeout=400, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    text = "".join(
        output.get("text", "") for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    )
    assert f"device: {device}" in text
    for words in SAID[name]:
        assert words in text
    pictures = [
        o for c in notebook.cells if c.cell_type == "code" for o in c.outputs if "image/png" in o.get("data", {})
    ]
    assert len(pictures) == PICTURES[name] or name == "train_on_pynq"
    assert len(pictures) >= PICTURES[name]


def test_the_best_device_and_why_not_another(monkeypatch: pytest.MonkeyPatch) -> None:
    config = load("digits-small")
    monkeypatch.setitem(sys.modules, "pynq", None)
    said: list[str] = []
    name, device = open_best(config, order=("pynq", "emulated"), report=said.append)
    device.close()
    assert name == "emulated"
    assert said[0].startswith("not pynq: the package pynq cannot be imported")
    assert said[1] == "device: emulated"
    assert best.ORDER == ("pynq", "rtl", "emulated")
    with pytest.raises(DeviceError, match=r"no device can be opened\. pynq: the package pynq"):
        open_best(config, order=("pynq",), report=said.append)


def test_the_link_leads_to_the_package() -> None:
    assert NOTEBOOK.resolve() == Path(bsff.notebooks.__file__).with_name("train_on_pynq.ipynb")
