"""A learning curve that is drawn again after every epoch, in a notebook."""

from typing import Any


class LiveCurve:
    """A callback for `Classifier` that shows the accuracies of all blocks so far.

    Needs matplotlib and IPython, as a notebook has them.
    """

    def __init__(self) -> None:
        self._records: list[dict[str, Any]] = []
        self._shown: Any = None

    def __call__(self, record: dict[str, Any]) -> None:
        """Take the record of an epoch and draw."""
        from IPython.display import display
        from matplotlib.figure import Figure

        self._records = [*(self._records if record["epoch"] > 1 else []), record]
        figure = Figure(figsize=(7, 3), layout="constrained")
        axes = figure.subplots()
        epochs = [entry["epoch"] for entry in self._records]
        for number, name in enumerate(record["train"]):
            axes.plot(
                epochs, [100 * entry["train"][name]["accuracy"] for entry in self._records], f"C{number}-", label=name
            )
            if record["test"]:
                axes.plot(epochs, [100 * entry["test"][name] for entry in self._records], f"C{number}--")
        axes.set(xlabel="epoch", ylabel="accuracy (%)", ylim=(0, 100), title="while learning (line), kept out (dashes)")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25, linewidth=0.6)
        axes.legend(frameon=False, fontsize=9)
        picture = _Picture(figure)
        if record["epoch"] == 1 or self._shown is None:
            self._shown = display(picture, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._shown.update(picture)


class _Picture:
    """A figure as a notebook shows it, whichever backend is active."""

    def __init__(self, figure: Any) -> None:
        self._figure = figure

    def _repr_png_(self) -> bytes:
        import io

        file = io.BytesIO()
        self._figure.savefig(file, format="png", dpi=100)
        return file.getvalue()
