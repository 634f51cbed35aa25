"""Presenting samples: through memory where the device reads it, else word by word; and taking the logits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.contract import registers
from bsff.contract.geometry import Geometry
from bsff.errors import DeviceError

from .link import Link
from .protocol import Buffer, Bursts


class Presenter:
    """Sends samples to a machine.

    Attributes
    ----------
    through_memory : bool
        Whether samples go through memory; see `Accelerator.through_memory`.
    """

    def __init__(self, link: Link, geometry: Geometry) -> None:
        self._link = link
        self._geometry = geometry
        self._buffer: Buffer | None = None
        self.through_memory = link.bit("FEATURES", "buffers")

    def present(
        self, pixels: NDArray[np.uint8], labels: NDArray[Any], *, learn: bool, results: bool
    ) -> NDArray[np.int32] | None:
        """See `Accelerator.present`."""
        self._check(pixels, labels)
        link = self._link
        link.wait_idle()
        link.write("CONTROL", registers.GLOBAL["CONTROL"].join(learn=learn, results=results))
        taken = _Results(link, (len(labels) if results else 0, len(self._geometry.predictors), self._geometry.classes))
        records = self._records(pixels, labels)
        self._send(records, taken)
        taken.finish()
        link.wait_idle()
        return taken.logits() if results else None

    def discard(self, pixels: NDArray[np.uint8], labels: NDArray[Any]) -> None:
        """See `Accelerator.discard`."""
        self._check(pixels, labels)
        link = self._link
        link.wait_idle()
        link.write("CONTROL", registers.GLOBAL["CONTROL"].join(discard=1))
        try:
            records = self._records(pixels, labels)
            self._send(records, _Results(link, (0, 0, 0)))
            link.wait(lambda: not link.bit("STATUS", "busy"), lambda: link.read("BUFFER_SAMPLES"), "waiting for memory")
            link.check_fault()
        finally:
            link.write("CONTROL", 0)

    def _check(self, pixels: NDArray[Any], labels: NDArray[Any]) -> None:
        """Refuse samples of another shape, type or range with a `ValueError`."""
        if pixels.dtype != np.uint8 or pixels.shape[1:] != self._geometry.pixels:
            raise ValueError(
                f"pixels have shape {pixels.shape} and type {pixels.dtype}, expected (N, "
                f"{', '.join(map(str, self._geometry.pixels))}) and uint8"
            )
        if labels.shape != pixels.shape[:1]:
            raise ValueError(f"labels have shape {labels.shape}, expected {pixels.shape[:1]}, one a sample")
        classes = self._geometry.classes
        if labels.size and not (labels.min() >= 0 and labels.max() < classes):
            raise ValueError(f"labels run from {labels.min()} to {labels.max()}, expected 0 to {classes - 1}")

    def _records(self, pixels: NDArray[np.uint8], labels: NDArray[Any]) -> NDArray[np.uint32]:
        """Sample records as `registers.reference_page` describes them, shape (N, words)."""
        count = self._geometry.pixel_count
        raw = np.zeros((len(labels), 4 * self._geometry.record_words), np.uint8)
        raw[:, 0] = labels
        raw[:, 4 : 4 + count] = pixels.reshape(len(labels), count)
        return raw.view("<u4").astype(np.uint32)

    def _send(self, records: NDArray[np.uint32], taken: _Results) -> None:
        if self.through_memory:
            self._send_buffer(records)
        else:
            self._send_words(records, taken)

    def _send_buffer(self, records: NDArray[np.uint32]) -> None:
        if records.size == 0:
            return
        if self._buffer is None or len(self._buffer.words) < records.size:
            self._buffer = self._link.device.allocate(records.size)
        self._buffer.words[: records.size] = records.reshape(-1)
        self._buffer.flush()
        self._link.write_wide("BUFFER_ADDRESS", self._buffer.address)
        self._link.write("BUFFER_SAMPLES", len(records))

    def _send_words(self, records: NDArray[np.uint32], taken: _Results) -> None:
        link = self._link
        label, data = registers.GLOBAL["SAMPLE_LABEL"].offset, registers.GLOBAL["SAMPLE_DATA"].offset
        words = self._geometry.sample_words
        device = link.device
        if isinstance(device, Bursts) and not taken.wanted:
            gate = registers.GLOBAL["SAMPLE_SPACE"].offset
            for record in records.tolist():
                device.write_when(gate, [(label, record[:1]), (data, record[1 : 1 + words])])
            return
        write = device.write
        space = 0
        for record in records.tolist():
            if space == 0:
                # a machine whose result FIFO is full makes no room: take results while waiting
                def room() -> bool:
                    taken.drain()
                    return link.read("SAMPLE_SPACE") > 0

                link.wait(room, link.samples, "waiting for room in the sample FIFO")
                space = link.read("SAMPLE_SPACE")
            write(label, record[0])
            for word in record[1 : 1 + words]:
                write(data, word)
            space -= 1


class _Results:
    """Collects the words of RESULT_DATA while samples are presented."""

    def __init__(self, link: Link, shape: tuple[int, int, int]) -> None:
        self._link = link
        self._shape = shape
        self.wanted = shape[0] * shape[1] * shape[2]
        self._words: list[int] = []

    def drain(self) -> None:
        """Take what is there, so that the machine does not wait for room."""
        if len(self._words) == self.wanted:
            return
        count = self._link.read("RESULT_COUNT")
        self._words += self._link.read_many([registers.GLOBAL["RESULT_DATA"].offset] * count)

    def finish(self) -> None:
        """Take the rest."""

        def ready() -> bool:
            self.drain()
            if len(self._words) < self.wanted:
                self._link.check_fault()  # what cannot be read will not come
            return len(self._words) >= self.wanted

        self._link.wait(ready, lambda: len(self._words), "waiting for results")
        if len(self._words) != self.wanted:
            raise DeviceError(
                f"{len(self._words)} result words came, expected {self.wanted}: results of an earlier run were left; "
                "clear them with COMMAND.clear_results"
            )

    def logits(self) -> NDArray[np.int32]:
        """What came, as signed numbers."""
        return np.array(self._words, np.uint32).astype(np.int32).reshape(self._shape)
