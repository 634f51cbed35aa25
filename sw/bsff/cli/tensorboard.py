"""The log for TensorBoard, without which a training goes on."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .say import say


@contextmanager
def _without(package: str) -> Iterator[None]:
    """Imports find `package` only if it is loaded already: tensorboardX imports all of PyTorch, for seconds, where it is installed."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[package]


class Log:
    """Scalars in a folder; where they cannot be written, one line says so, and no more are.

    The events are written here and now: the thread of tensorboardX's own writer dies with a traceback on a full disk, and
    who then closes it waits for ever.
    """

    def __init__(self, folder: Path) -> None:
        self._writer: Any = None
        try:
            with _without("torch"):
                from tensorboardX.event_file_writer import EventsWriter

            folder.mkdir(exist_ok=True)
            self._writer = EventsWriter(str(folder / "events"), f".{os.getpid()}")
        except ModuleNotFoundError:
            pass  # the command has told
        except OSError as error:
            self._give_up(error)

    def add(self, values: Mapping[str, float], step: int) -> None:
        """Write scalars."""
        if self._writer is None:
            return
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.summary import scalar

        try:
            for name, value in values.items():
                self._writer.write_event(Event(wall_time=time.time(), step=step, summary=scalar(name, value)))
            self._writer.flush()
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            try:
                self._writer.close()
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._writer = None
        say(f"bsff: no TensorBoard log from here on: {error.strerror or error}")
