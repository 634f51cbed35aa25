"""NVIDIA GPUs by NVML, with the package nvidia-ml-py (module ``pynvml``).

The counter of energy is taken where there is one (from Volta on), else the power. What NVML's documentation says of them:
``nvmlDeviceGetTotalEnergyConsumption`` is in millijoules since the driver was loaded; ``nvmlDeviceGetPowerUsage``, in milliwatts, is the
mean of one second from Ampere on (but not GA100), and at the moment before.
"""

from importlib import import_module
from typing import Any

from bsff.errors import PowerError

from .response import Response
from .sensor import Accuracy

ACCURACY = Accuracy(gain=0.05, offset=0.0, linearity=0.05)
"""NVML's documentation states 5 % for Fermi and Kepler, and nothing for later ones, of which 5 % is assumed. "Part-time power
measurements" (arXiv 2312.02741) found that an A100 or H100 looks at its power for a quarter of the time only."""
COUNTER = Response(0.1, 0.2, "NVML's counter of energy, renewed about every 0.1 s")
POWER = Response(0.1, 1.2, "NVML's power, the mean of one second")
"""The longer of the two kinds, with the age of a reading."""


class NvmlSensor:
    """A GPU.

    Parameters
    ----------
    nvml : module
        ``pynvml``, initialised.
    handle : object
        Of the device.
    """

    def __init__(self, nvml: Any, handle: Any) -> None:
        self._nvml, self._handle = nvml, handle
        address = _text(nvml.nvmlDeviceGetPciInfo(handle).busId).lower()
        self.what = _text(nvml.nvmlDeviceGetName(handle))
        self.accuracy = ACCURACY
        self.wraps: tuple[float, ...] | None
        self.response: Response | None
        try:
            nvml.nvmlDeviceGetTotalEnergyConsumption(handle)
            self.wraps, self.response, kind = (), COUNTER, "energy"
        except nvml.NVMLError:
            self.wraps, self.response, kind = None, POWER, "power"
        self.name = f"nvml:{address}/{kind}"

    def read(self) -> float:
        """See `Sensor.read`; millijoules or milliwatts become joules or watts."""
        ask = (
            self._nvml.nvmlDeviceGetPowerUsage if self.wraps is None else self._nvml.nvmlDeviceGetTotalEnergyConsumption
        )
        try:
            return int(ask(self._handle)) * 1e-3
        except self._nvml.NVMLError as error:
            raise PowerError(
                f"{self.name}: NVML gives no reading ({error}); see whether `nvidia-smi` still shows this GPU"
            ) from error


def _text(value: Any) -> str:
    """Older versions of the package give bytes."""
    return value.decode() if isinstance(value, bytes) else str(value)


def find() -> list[NvmlSensor]:
    """Every GPU that NVML shows; none without the package, a driver or a GPU."""
    try:
        nvml = import_module("pynvml")
        nvml.nvmlInit()
    except Exception:  # no package, or any of NVML's errors: neither library nor driver
        return []
    found = []
    for index in range(nvml.nvmlDeviceGetCount()):
        try:
            found.append(NvmlSensor(nvml, nvml.nvmlDeviceGetHandleByIndex(index)))
        except nvml.NVMLError:  # one that has fallen off its bus, or that this user may not see
            continue
    return found
