"""The Verilog of a network, generated when it is asked for: importing this module imports no Amaranth."""

from bsff.config import Config
from bsff.errors import ConfigError
from bsff_hw.tools import need_amaranth


def generate(
    config: Config,
    block: str | None = None,
    *,
    reader: bool = True,
    serial_hz: float | None = None,
    primitives: str | None = None,
) -> str:
    """The text of one Verilog file whose top module is ``bsff``, or the name of the only block that is wanted.

    With `reader`, the machine has the AXI master that reads samples from memory; `primitives` is the family of devices whose
    primitives it may use, by default none. With `serial_hz`, the frequency of its clock, the whole machine stands behind a serial
    line instead, at the usual rate and without the master.

    Raises
    ------
    DeviceError
        If Amaranth is not installed.
    ConfigError
        If the bits of the serial line cannot be made from that clock.
    """
    with need_amaranth():
        from bsff_hw.machine import serial, top
    if serial_hz is not None:
        try:
            return serial.serial_verilog(config, serial_hz, primitives=primitives)
        except ValueError as error:
            raise ConfigError(f"a serial line with a clock of {serial_hz / 1e6:g} MHz: {error}") from None
    if block is not None:
        return top.block_verilog(config, block, primitives=primitives)
    return top.verilog(config, memory=reader, primitives=primitives)
