"""Speed of the float reference on one core: ``python -m bsff.studies.reference_speed``.

Trains networks on random pixels for a few batches and prints samples for each second of processor time, and how much of it the
convolutions take, which are the library's. What is between them is this project's to save.
"""

import argparse
import platform
import sys
import time
from collections.abc import Sequence

import torch

from bsff.config import Config, load, override
from bsff.contract.geometry import geometry
from bsff.errors import ConfigError
from bsff.reference import Network
from bsff.tools.program import command
from bsff.tools.provenance import processor

VARIANTS = (
    ("real-valued", "real", 1),
    ("BSFF, M = 1", "bsff", 1),
    ("BSFF, M = 3", "bsff", 3),
    ("BSFF, M = 7", "bsff", 7),
)
CONVOLUTIONS = (
    "aten::mkldnn_convolution",
    "aten::_slow_conv2d_forward",
    "aten::convolution_backward",
    "aten::thnn_conv2d",
)


def measure(config: Config, variant: str, *, batch: int, batches: int, seed: int = 0) -> tuple[float, float]:
    """Samples for each second of processor time, and the share of it in convolutions.

    Parameters
    ----------
    config : Config
        All layers and the head learn.
    variant : str
        See `Network`.
    """
    generator = torch.Generator().manual_seed(seed)
    shape, classes = config.data.shape, config.data.class_count
    assert shape is not None
    network = Network(config, shape, variant=variant, seed=seed)
    pixels = torch.randint(256, (batch, *shape), generator=generator, dtype=torch.uint8)
    labels = torch.randint(classes, (batch,), generator=generator)
    network.calibrate(pixels, generator)

    def learn(count: int) -> float:
        start = time.process_time()
        for _ in range(count):
            network.learn(pixels, labels, 0, generator)
        return time.process_time() - start

    learn(2)
    spent = learn(batches)
    with torch.profiler.profile() as profile:
        learn(2)
    own = {each.key: float(each.self_cpu_time_total) for each in profile.key_averages()}
    return batch * batches / spent, sum(own.get(name, 0.0) for name in CONVOLUTIONS) / sum(own.values())


@command("reference_speed")
def main(words: Sequence[str] | None = None, /) -> int:
    """Print a table for each network."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("networks", nargs="*", default=["mnist", "cifar10"], metavar="CONFIG")
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--batches", type=int, default=10)
    arguments = parser.parse_args(words)
    configs = [
        override(load(name), ["layer.normalisation=batchnorm", "training.schedule=constant"])
        for name in arguments.networks
    ]
    for config in configs:
        if config.data.shape is None:
            raise ConfigError(f"{config.name}: only its data tell how large an image is; give data.input")
    asked = " ".join(["python -m bsff.studies.reference_speed", *(sys.argv[1:] if words is None else words)])
    torch.set_num_threads(1)
    print(
        f"# Speed of the float reference\n\nMade by `{asked}`. {processor()}, one thread, Python "
        f"{platform.python_version()}, PyTorch {torch.__version__}. Batches of {arguments.batch}, BatchNorm, all layers and the head learn; "
        "samples for each second of processor time. Other work on the machine moves them by up to a sixth."
    )
    for config in configs:
        print(f"\n## {config.name}: {geometry(config).weights:,} weights\n")
        print("| variant | training samples/s | in convolutions |\n|---|---|---|")
        for label, variant, tile in VARIANTS:
            rate, share = measure(
                override(config, [f"layer.tile={tile}"]), variant, batch=arguments.batch, batches=arguments.batches
            )
            print(f"| {label} | {rate:,.0f} | {100 * share:.0f} % |", flush=True)

    return 0


if __name__ == "__main__":
    sys.exit(main())
