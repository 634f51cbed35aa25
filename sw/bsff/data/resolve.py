"""From a configuration and its data to a configuration that names the classes and the shape itself."""

from bsff.config import OWN, Config, parse
from bsff.errors import DataError

from .dataset import Dataset


def resolve(config: Config, dataset: Dataset) -> Config:
    """Fill in the number of classes and the shape of the input where the configuration leaves them to the data.

    Parameters
    ----------
    config : Config
        Of a data set of the catalogue: returned as it is.
    dataset : Dataset
        What it learns.

    Returns
    -------
    Config
        With ``data.classes`` and ``data.input``.

    Raises
    ------
    ConfigError
        If a layer does not fit them, for example with channels that are no multiple of the classes.
    DataError
        If the configuration names others.
    """
    if config.data.dataset != OWN:
        return config
    check_numbers(config.data.classes, config.data.input, dataset)
    table = config.to_dict()
    table["data"].update(classes=len(dataset.classes), input=list(dataset.train_images.shape[1:]))
    return parse(table, source=config.name)


def check_numbers(classes: int, shape: tuple[int, ...], dataset: Dataset) -> None:
    """Refuse data of another number of classes or another shape than a configuration says; 0 and () say nothing.

    Raises
    ------
    DataError
        If they differ.
    """
    found = dataset.train_images.shape[1:]
    if classes and classes != len(dataset.classes):
        raise DataError(
            f"data.classes = {classes}: {dataset.label} has {len(dataset.classes)}; expected that, or 0 for those of the data"
        )
    if shape and shape != found:
        raise DataError(
            f"data.input = {list(shape)}: {dataset.label} has {list(found)}; expected that, or [] for that of the data"
        )
