"""Stands in for the module pynvml: one GPU of 50 W.

``BSFF_FAKE_NVML`` in the environment: ``energy`` (default), ``power`` for a GPU without a counter of energy, ``none`` for no driver.
"""

import os
import time
import types


class NVMLError(Exception):
    """As the module's own."""


KIND = os.environ.get("BSFF_FAKE_NVML", "energy")
lost = False
"""Set by a test: the GPU has fallen off its bus."""


def nvmlInit() -> None:  # noqa: N802
    if KIND == "none":
        raise NVMLError("NVML Shared Library Not Found")


def nvmlDeviceGetCount() -> int:  # noqa: N802
    return 1


def nvmlDeviceGetHandleByIndex(index: int) -> int:  # noqa: N802
    return index


def nvmlDeviceGetPciInfo(handle: int) -> types.SimpleNamespace:  # noqa: N802
    return types.SimpleNamespace(busId=b"00000000:3B:00.0")


def nvmlDeviceGetName(handle: int) -> str:  # noqa: N802
    return "Fake GPU"


def nvmlDeviceGetTotalEnergyConsumption(handle: int) -> int:  # noqa: N802
    if KIND == "power" or lost:
        raise NVMLError("Not Supported" if KIND == "power" else "GPU is lost")
    return int(time.monotonic() * 20) * 2500  # millijoules, renewed every 50 ms


def nvmlDeviceGetPowerUsage(handle: int) -> int:  # noqa: N802
    if lost:
        raise NVMLError("GPU is lost")
    return 50_000
