"""What the machine, emulated or real, cannot do."""

from bsff.config import Config
from bsff.errors import DeviceError


def check(config: Config) -> None:
    """Refuse what the machine cannot do.

    Raises
    ------
    DeviceError
        For BatchNorm, or a real-valued eligibility: the float reference has them.
    """
    for number, layer in enumerate(config.layers, 1):
        if layer.normalisation == "batchnorm":
            raise DeviceError(
                f'layer[{number}].normalisation = "batchnorm": the machine has no batch; '
                'use "running" or "none", or the float reference'
            )
        if layer.eligibility == "surprisal":
            raise DeviceError(
                f'layer[{number}].eligibility = "surprisal": it is real-valued; '
                'use "boxcar" or "xor", or the float reference'
            )
