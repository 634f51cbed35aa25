"""When each layer and the head learn, and how their step sizes fall."""

from dataclasses import dataclass

from .schema import Config

FALLS = {"constant": False, "linear": True, "staggered": True}
"""Schedules, and whether step sizes fall to zero where a part stops."""


@dataclass(frozen=True)
class Span:
    """The epochs in which a part learns, from 0."""

    start: int
    stop: int
    """The first one in which it does not."""

    def learns(self, epoch: int) -> bool:
        """Whether it learns in this epoch."""
        return self.start <= epoch < self.stop


def spans(config: Config) -> dict[str, Span]:
    """The epochs in which layers and head learn, by name; see `Config.blocks`.

    What ``start_epoch`` and ``stop_epoch`` of a part say holds in every schedule. Where they say nothing, a part learns from first
    to last with ``linear`` and ``constant``. With ``staggered`` the layers stop one after another between half and three quarters of
    the epochs, the first one first, and the head learns from where the last one stops: on maps that stand still. Either has an
    epoch at least, whatever the other's keys say.
    """
    epochs = config.training.epochs
    staggered = config.training.schedule == "staggered" and epochs > 1
    count = len(config.layers)
    found: dict[str, Span] = {}
    last = 0
    for number, (name, part) in enumerate(config.blocks.items(), 1):
        stop = epochs
        if staggered and name != "head":
            stop = max(1, min(round(epochs * (2 * count + number) / (4 * count)), epochs - 1))
        stop = min(part.stop_epoch or max(stop, part.start_epoch + 1), epochs)
        start = part.start_epoch
        if staggered and name == "head" and not start:
            start = min(last, stop - 1)
        last = max(last, stop)
        found[name] = Span(start, stop)
    return found


def share(schedule: str, span: Span, place: float) -> float:
    """The share of its configured step size that a part has at `place`, in epochs since the start.

    ``linear`` and ``staggered``: it falls from 1 to 0 over the epochs in which the part learns.
    """
    if not span.start <= place < span.stop:
        return 0.0
    return (span.stop - place) / (span.stop - span.start) if FALLS[schedule] else 1.0
