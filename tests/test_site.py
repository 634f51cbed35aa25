"""The documentation site builds without a warning, and what it shows is what the program does."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
DOORS = ["Classifier", "config", "data", "machine", "golden", "contract", "training", "instruments"]

pytest.importorskip("sphinx", reason="pip install '.[docs]'")
pytest.importorskip("myst_nb", reason="pip install '.[docs]'")


def sphinx(source: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Build a site as `make docs` does, without executing notebooks."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", f"{out}-cache"]
    return subprocess.run(
        [*command, *options, str(source), str(out)],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"BSFF_SITE_NOTEBOOKS": "off"},
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site") / "html"
    done = sphinx(DOCS, out)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return out


@pytest.mark.long
def test_every_page_is_in_the_site(site: Path) -> None:
    for page in DOCS.rglob("*.md"):
        assert (site / page.relative_to(DOCS)).with_suffix(".html").is_file(), page
    for notebook in (DOCS / "notebooks").glob("*.ipynb"):
        assert (site / "notebooks" / f"{notebook.stem}.html").is_file(), notebook


@pytest.mark.long
@pytest.mark.parametrize("door", DOORS)
def test_the_reference_shows_each_door(site: Path, door: str) -> None:
    text = (site / "api" / f"{door.lower()}.html").read_text()
    module = importlib.import_module("bsff" if door == "Classifier" else f"bsff.{door}")
    names = [door] if door == "Classifier" else getattr(module, "__all__", [])
    for name in names:
        if callable(getattr(module, name)):
            assert f'id="{module.__name__}.{name}"' in text, name
    assert text.count('class="sig sig-object py"') >= 5


@pytest.mark.long
def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        for tag in re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", page.read_text()):
            assert not re.search(r'(?:src|href)="(?:https?:)?//', tag), (page, tag)


@pytest.mark.long
def test_links_of_the_site_lead_somewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        for target in re.findall(r'(?:href|src)="([^"#?:]+)[#?"]', page.read_text()):
            assert (page.parent / target).exists(), (page, target)


def small_site(folder: Path, text: str) -> Path:
    """A site of one page with our configuration, in a checkout of its own."""
    docs = folder / "docs"
    docs.mkdir()
    (docs / "extensions").symlink_to(DOCS / "extensions")
    (docs / "static").mkdir()
    (docs / "static" / "site.css").touch()
    (docs / "conf.py").write_text((DOCS / "conf.py").read_text())
    (docs / "index.md").write_text(f"# Page\n\n{text}\n")
    return docs


@pytest.mark.slow
@pytest.mark.parametrize("target", ["../nowhere", "missing.md"])
def test_a_link_to_nothing_is_an_error(tmp_path: Path, target: str) -> None:
    done = sphinx(small_site(tmp_path, f"[text]({target})"), tmp_path / "out")
    assert done.returncode == 1
    assert f"target not found: '{target}'" in done.stderr


@pytest.mark.slow
def test_the_tutorial_prints_what_it_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("numba")
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "tutorial.md").read_text()
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    exec(compile(code, "tutorial.md", "exec"), {})
    stated, right, count = re.findall(r"prints `([\d.]+)`: (\d+) of (\d+)", text)[0]
    assert stated in capsys.readouterr().out
    assert stated == f"{int(right) / int(count):.4f}"
    assert (tmp_path / "digits.bsff").is_file()


def test_pictures_of_the_algorithm_are_those_of_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS / "pictures"))
    script = importlib.import_module("algorithm")
    monkeypatch.setattr(script, "HERE", tmp_path)
    for draw in (script.flow, script.index, script.pbit, script.goodness, script.update):
        draw()
    made = sorted(tmp_path.glob("*.svg"))
    assert len(made) == 5
    for path in made:
        assert path.read_text() == (DOCS / "pictures" / path.name).read_text(), path.name


@pytest.mark.parametrize("page", sorted(DOCS.glob("decisions/0*.md")), ids=lambda p: p.stem)
def test_every_decision_is_in_the_list(page: Path) -> None:
    title = page.read_text().splitlines()[0].removeprefix("# ")
    number, _, subject = title.partition(": ")
    assert f"| [{number}]({page.name}) | {subject} |" in (DOCS / "decisions" / "README.md").read_text()
