"""The float reference as a workload for a power meter: idle, batches that are moved and thrown away, batches that are learnt from."""

import dataclasses
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

from bsff.config import Config
from bsff.errors import ConfigError, DeviceError

from .backpropagation import Backpropagation
from .network import Network
from .train import CALIBRATION

VARIANTS = ("bsff", "real", "backpropagation")
"""p-bits; real-valued CwC-FF; the same layers with ReLU, trained by one loss through all of them."""
_CHUNK_SECONDS = 0.5
"""Work is waited for about so often: a GPU works on after a call has returned."""


class ReferenceWorkload:
    """Presents batches as `bsff.instruments.power` asks for it.

    Traffic moves batches to the device and encodes them, at the rate of training, so that the two differ by the network's work.

    Parameters
    ----------
    config : Config
        All layers and the head learn all the time, whatever its schedule says.
    pixels : ndarray of uint8
        [samples, height, width, colours], presented again and again.
    labels : ndarray of int
        [samples]
    variant : {"bsff", "real", "backpropagation"}
    batch : int
        Samples of a step.
    device : {"cpu", "cuda"}

    Raises
    ------
    ConfigError
        If the batch is empty or larger than the data.
    DeviceError
        If PyTorch sees no GPU.
    """

    states: tuple[str, ...] = ("idle", "traffic", "training")

    def __init__(
        self, config: Config, pixels: npt.NDArray[np.uint8], labels: npt.NDArray[np.generic], *, variant: str, batch: int, device: str,
        clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        if not 1 <= batch <= len(labels):
            raise ConfigError(f"--batch {batch}: expected 1 to {len(labels)}, the training samples")
        if device == "cuda" and not torch.cuda.is_available():
            raise DeviceError(
                "--device cuda: PyTorch sees no GPU; see whether `nvidia-smi` shows one and this PyTorch was built for CUDA"
            )
        self._device, self._clock, self._sleep = torch.device(device), clock, sleep
        self._batch, self._at, self._rate = batch, 0, 0.0
        self._pixels = torch.from_numpy(np.ascontiguousarray(pixels))
        self._labels = torch.from_numpy(labels.astype(np.int64))
        steady = dataclasses.replace(config, training=dataclasses.replace(config.training, schedule="constant"))
        self._generator = torch.Generator(self._device).manual_seed(config.training.seed)
        _, height, width, colours = pixels.shape
        shape, seed = (height, width, colours), config.training.seed
        self._network: Network | Backpropagation
        if variant == "backpropagation":
            self._network = Backpropagation(steady, shape, seed=seed).to(self._device)
        else:
            self._network = Network(steady, shape, variant=variant, seed=seed).to(self._device)
            self._network.calibrate(self._pixels[:CALIBRATION].to(self._device), self._generator)

    @property
    def machine(self) -> str | None:
        """Name of the GPU, None without one."""
        return torch.cuda.get_device_name(self._device) if self._device.type == "cuda" else None

    def run(self, state: str, seconds: float) -> int:
        """See `bsff.instruments.power.protocol.Workload.run`."""
        begin = self._clock()
        if state == "idle":
            self._sleep(seconds)
            return 0
        count = 0
        while (spent := self._clock() - begin) < seconds:
            chunk_ends = min(spent + _CHUNK_SECONDS, seconds)
            while self._clock() - begin < chunk_ends:
                count += self._step(learn=state == "training")
                ahead = count / self._rate - (self._clock() - begin) if state == "traffic" and self._rate else 0.0
                if ahead > 0:
                    self._sleep(min(ahead, seconds))
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
        if state == "training":
            self._rate = count / (self._clock() - begin)
        return count

    def _step(self, *, learn: bool) -> int:
        part = slice(self._at, self._at + self._batch)
        self._at = part.stop if part.stop + self._batch <= len(self._labels) else 0
        pixels, labels = self._pixels[part].to(self._device), self._labels[part].to(self._device)
        if learn:
            self._network.learn(pixels, labels, 0, self._generator)
        else:
            self._network.input(pixels, self._generator)
        return len(labels)
