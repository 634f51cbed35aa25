"""Errors that a user can act on; the command line prints them without a traceback."""


class BsffError(Exception):
    """Base of every error whose message says what to do next."""


class ConfigError(BsffError):
    """A configuration key has a value that is not allowed."""


class DataError(BsffError):
    """A data set is missing, truncated, or not what it should be."""


class DeviceError(BsffError):
    """A device refused a request, does not match the configuration, or did not answer in time."""


class CheckpointError(BsffError):
    """A checkpoint cannot be read, or belongs to another network."""


class PowerError(BsffError):
    """A power sensor does not answer, or what it said does not make a measurement."""
