"""A picture of a recording: watts against time, states in colour."""

from pathlib import Path

from bsff.tools.files import write_atomic

from .estimate import Result
from .protocol import STATES, Record

NAME = "power.png"
_COLOURS = dict(zip(STATES, ("0.7", "tab:blue", "tab:orange", "tab:red"), strict=True))


def plot(record: Record, result: Result, path: Path) -> None:
    """Draw it; needs matplotlib.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    begin = record.times[0]
    axes.plot(record.times - begin, record.watts, color="0.3", linewidth=0.7)
    named: set[str] = set()
    for window in record.windows:
        label = window.state if window.state not in named else None
        named.add(window.state)
        axes.axvspan(
            window.start - begin, window.end - begin, color=_COLOURS.get(window.state, "0.9"), alpha=0.25, label=label
        )
    axes.set_xlabel("seconds")
    axes.set_ylabel("watts")
    axes.set_title(f"{1e3 * result.total.value:.4g} mJ a sample in all, {1e3 * result.dynamic.value:.4g} above idle")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=len(named), frameon=False)
    write_atomic(path, lambda file: figure.savefig(file, dpi=120, format="png"))
