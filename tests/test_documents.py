"""What the documents say is what the program does: results, commands, links."""

import json
import re
from pathlib import Path

import pytest

from bsff.cli.main import parser
from bsff.config import load, names
from bsff.contract.geometry import geometry

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def results() -> list[Path]:
    return sorted((ROOT / "docs" / "results").glob("*.json"))


@pytest.mark.parametrize("path", results(), ids=lambda p: p.stem)
def test_the_readme_states_what_the_results_file_holds(path: Path) -> None:
    metrics = json.loads(path.read_text())
    final = metrics["final"]
    row = next(line for line in README.splitlines() if line.startswith(f"| `{path.stem}`"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == f"{geometry(load(metrics['config'])).weights:,}"
    assert cells[2] == f"{100 * final['test_accuracy_head']:.2f} %"
    assert cells[3] == f"{100 * final['test_accuracy_goodness']:.2f} %"
    assert cells[4] == f"{final['presentations']:,}"
    assert cells[5] == f"{final['samples_per_second']:,.0f}"
    assert metrics["config"] in names()


def test_there_are_results() -> None:
    assert {"digits", "mnist-small", "mnist"} <= {path.stem for path in results()}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("name", ["README.md", "docs/results/accuracy/README.md"])
def test_figures_stand_on_the_pages_that_they_link(name: str) -> None:
    path = ROOT / name
    found = re.findall(r"\[(\d[\d,.]*(?: ± [\d,.]+)? \(\d+\))\]\(([^)]+)\)", path.read_text())
    assert len(found) >= 3
    for text, page in found:
        assert f"| {text} |" in (path.parent / page).read_text(), (text, page)


def test_the_readmes_commands_are_known() -> None:
    lines = re.findall(r"^    \.venv/bin/bsff (.*?)(?:  +#.*)?$", README, re.MULTILINE)
    assert len(lines) >= 5
    for line in lines:
        parser().parse_args(line.split())


def test_the_readmes_python_runs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    five_lines, driver = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(five_lines, "README.md", "exec"), {})
    assert float(capsys.readouterr().out) > 0.9
    exec(compile(driver, "README.md", "exec"), {})
    assert "1437" in capsys.readouterr().out  # samples counted


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^    make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
