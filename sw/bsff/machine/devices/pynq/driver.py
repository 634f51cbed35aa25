"""The driver that PYNQ binds to the machine: ``overlay.bsff_0`` is one.

This module imports pynq, so it is imported only where pynq is.
"""

from typing import Any

import pynq

from bsff.config import Config
from bsff.machine.driver import Accelerator

from .device import PynqDevice
from .names import BINDTO


class BsffDriver(pynq.DefaultIP):  # type: ignore[misc, unused-ignore]
    """The machine in an overlay.

    `register_map` shows its registers where the .hwh has them, which is in our own; Vivado's has none for a module
    reference, so `machine` goes by our table.
    """

    bindto = [*BINDTO]  # noqa: RUF012 - as pynq wants it

    def __init__(self, description: Any) -> None:
        super().__init__(description=description)

    def machine(self, config: Config, **options: Any) -> Accelerator:
        """The driver that a notebook talks to.

        Parameters
        ----------
        config : Config
            The configuration for which the bitstream was built.
        **options
            Options of `Accelerator`.

        Raises
        ------
        DeviceError
            If the bitstream was built for another network.
        """
        return Accelerator(PynqDevice(self, pynq.allocate, pynq.Clocks), config, **options)
