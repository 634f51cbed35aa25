"""Which machine this is: the constants by which a driver knows the device of its configuration."""

import hashlib
import json
from dataclasses import asdict

from bsff.config import Config
from bsff.contract.geometry import Geometry

from .machine import ABI_VERSION, GLOBAL, MAGIC


def build_hash(config: Config) -> int:
    """What a bitstream was built for: 32 bits over everything in a configuration that is not a register's value."""
    layers = []
    for layer in config.layers:
        entry = asdict(layer)
        for run_time in ("step", "temperature", "gate", "start_epoch", "stop_epoch", "init_mean", "init_std"):
            del entry[run_time]
        layers.append(entry)
    head = asdict(config.head)
    for run_time in ("step", "gate", "start_epoch", "stop_epoch"):
        del head[run_time]
    data = {key: asdict(config.data)[key] for key in ("encoding", "levels", "planes")}
    data |= {"input": config.data.shape, "classes": config.data.class_count}
    text = json.dumps([ABI_VERSION, data, layers, head], sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def constants(config: Config, geometry: Geometry) -> dict[str, int]:
    """Values of the read-only registers that describe a machine, but for FEATURES."""
    return {
        "MAGIC": MAGIC,
        "ABI": ABI_VERSION,
        "BUILD": build_hash(config),
        "PIXELS": geometry.pixel_count,
        "GEOMETRY": GLOBAL["GEOMETRY"].join(
            layers=len(geometry.layers), predictors=len(geometry.predictors), classes=geometry.classes
        ),
    }
