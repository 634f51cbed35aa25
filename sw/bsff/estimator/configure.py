"""The network of a `Classifier`: an architecture or a configuration, brought to the data and to what the user asked for."""

from typing import Any

from bsff.config import OWN, Config, load, parse
from bsff.config.architecture import SIZES, architecture

from .devices import fold_for


def configure(
    network: str | Config,
    shape: tuple[int, int, int],
    classes: int,
    *,
    table: bool,
    samples: int,
    training: dict[str, Any],
    target: str | None,
) -> Config:
    """The configuration that a model learns with.

    Parameters
    ----------
    network : str or Config
        A size of `bsff.config.architecture`, a built-in name, the path of a TOML file, or a configuration.
    shape : tuple of int
        Height, width and colours of a sample.
    table : bool
        Whether a sample is a row of features.
    samples : int
        Training samples.
    training : dict
        Keys of the section ``training``; None leaves one as it is.
    target : str, optional
        What the network must fit.

    Raises
    ------
    ConfigError
        If there is no such network, or it does not fit the data or the target.
    """
    if isinstance(network, str) and network in SIZES:
        config = architecture(network, shape, classes, table=table, samples=samples)
    else:
        config = network if isinstance(network, Config) else load(network)
    keys = config.to_dict()
    keys["data"] |= {"dataset": OWN, "path": "", "classes": classes, "input": list(shape)}
    keys["data"] |= {"train_samples": 0, "test_samples": 0, "whiten": False}
    keys["training"] |= {key: value for key, value in training.items() if value is not None}
    config = parse(keys, source=config.name)
    return config if target is None else fold_for(target, config)
