"""The page of a sweep: what was run, tables, plots."""

from pathlib import Path
from typing import Any

import pandas

from bsff.studies.sweep import Results, Spec
from bsff.tools.files import write_text

from .groups import prepare
from .tables import table


def write_page(spec: Spec, results: Results, folder: Path, *, picture: str = "svg") -> list[Path]:
    """Write ``NAME.md`` and ``NAME-1.svg``, ... from the finished cells of a sweep.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    picture : {"svg", "png"}

    Returns
    -------
    list of Path
        The files written, the page first.

    Raises
    ------
    ConfigError
        If a table or plot of the specification does not fit the results.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = spec.path.stem
    frame = results.frame(spec)
    lines = [f"# {spec.title}", "", spec.text, "", _state(spec, frame), ""]
    written = [folder / f"{name}.md"]
    if not frame.empty:
        frame = prepare(frame)
        for number, wanted in enumerate(spec.tables, 1):
            lines += _titled(wanted)
            lines += [*table(frame, wanted, where=f"{spec.path}, table {number}"), ""]
        for number, wanted in enumerate(spec.plots, 1):
            from .plots import plot  # imports matplotlib

            path = folder / f"{name}-{number}.{picture}"
            if plot(frame, wanted, path, where=f"{spec.path}, plot {number}"):
                lines += [f"![{wanted.get('title', name)}]({path.name})", ""]
                written.append(path)
        lines += [_provenance(frame), ""]
    write_text(written[0], "\n".join(lines).rstrip() + "\n")
    return written


def _titled(wanted: dict[str, Any]) -> list[str]:
    lines = [f"## {wanted['title']}", ""] if "title" in wanted else []
    return lines + ([str(wanted["text"]).strip(), ""] if "text" in wanted else [])


def _state(spec: Spec, frame: pandas.DataFrame) -> str:
    done = len(frame)
    if not done:
        return f"`bsff sweep {spec.path.name}` trains its {len(spec.cells)} cells; **none was run**."
    lines = [
        f"Made by `bsff sweep {spec.path.name}` and `bsff report {spec.path.name}`; every row with its whole "
        f"configuration, commit and machine: [{spec.results.name}]({spec.results.name}). Mean ± standard deviation, in brackets the number "
        "of seeds; accuracies are those after the last epoch."
    ]
    if done < len(spec.cells):
        lines.append(f"**{done} of {len(spec.cells)} cells were run**; `bsff sweep {spec.path.name}` runs the others.")
    return " ".join(lines)


def _provenance(frame: pandas.DataFrame) -> str:
    seconds = pandas.to_numeric(frame["seconds"]).sum()
    machines = "; ".join(sorted(set(frame["machine"])))
    splits = " and ".join(
        sorted(
            {"the held-out tenth of the training set" if s == "validation" else "the test set" for s in frame["split"]}
        )
    )
    return (
        f"Tested on {splits}. {len(frame)} cells, one core each, {seconds / 60:,.0f} minutes of their clocks on a shared machine: {machines}. "
        f"Commits: {', '.join(sorted(set(frame['commit'])))}."
    )
