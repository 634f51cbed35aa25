"""Named register accesses, identity, and waits that end."""

import time
from collections.abc import Callable, Sequence

from bsff.config import Config
from bsff.contract import formats, registers
from bsff.contract.geometry import Geometry
from bsff.errors import DeviceError

from .protocol import Bursts, Device

WORD = 0xFFFFFFFF
"""Mask of a register."""
_CLEAR = "then clear with COMMAND.clear_results and resume from the checkpoint"
_REMEDIES = {
    "none": f"Check that the buffer was allocated by this device, {_CLEAR}",
    "address": f"It must be a multiple of 8, and the machine's 40 address lines must reach the end: allocate the buffer by this device, {_CLEAR}",
    "decode error": f"There is no memory: check that the buffer was allocated by this device and is not freed, {_CLEAR}",
    "slave error": f"Memory refused: check that the bitstream's HP port is enabled at 64 bits and the buffer not freed, {_CLEAR}",
    "no answer": "Memory stays silent and still owes an answer, which only a reset ends: reload the bitstream and resume from the checkpoint",
}


class Link:
    """A device with its registers by name.

    Parameters
    ----------
    timeout : float
        Seconds that a wait may last without any progress.
    """

    def __init__(self, device: Device, timeout: float) -> None:
        self.device = device
        self.timeout = timeout

    def read(self, name: str, block: int | None = None) -> int:
        """Read a register of the machine, or of a block."""
        return self.device.read(_offset(name, block))

    def write(self, name: str, value: int, block: int | None = None) -> None:
        """Write the lower 32 bits of `value` to a register of the machine, or of a block."""
        self.device.write(_offset(name, block), value & WORD)

    def read_many(self, offsets: Sequence[int]) -> list[int]:
        """Read registers by their offsets, in order, together where the device can."""
        device = self.device
        if isinstance(device, Bursts):
            return device.read_many(offsets)
        return [device.read(offset) for offset in offsets]

    def read_wide(self, name: str, block: int | None = None) -> int:
        """Read a pair of registers, 64 bits."""
        return self.read(f"{name}_LOW", block) | self.read(f"{name}_HIGH", block) << 32

    def write_wide(self, name: str, value: int, block: int | None = None) -> None:
        """Write a pair of registers, 64 bits."""
        self.write(f"{name}_LOW", value, block)
        self.write(f"{name}_HIGH", value >> 32, block)

    def bit(self, register: str, field: str) -> bool:
        """Whether a one-bit field of a register of the machine is set."""
        return bool(registers.GLOBAL[register].split(self.read(register))[field])

    def check(self, config: Config, geometry: Geometry) -> None:
        """Refuse a device that is not the machine of `config`.

        Raises
        ------
        DeviceError
            If the device is not a BSFF machine, speaks another register version, or was built for another network.
        """
        magic = self.read("MAGIC")
        if magic != registers.MAGIC:
            raise DeviceError(
                f"MAGIC reads 0x{magic:08x}, expected 0x{registers.MAGIC:08x}: this is not a BSFF machine, or its clock "
                "is off; check the bitstream and the base address"
            )
        abi = self.read("ABI")
        if abi != registers.ABI_VERSION:
            raise DeviceError(
                f"ABI reads {abi}, this driver speaks {registers.ABI_VERSION}: build the bitstream and install bsff "
                "from the same release"
            )
        for name, expected in registers.constants(config, geometry).items():
            value = self.read(name)
            if value != expected:
                raise DeviceError(
                    f"{name} reads 0x{value:08x}, configuration {config.name} needs 0x{expected:08x}: the device was "
                    "built for another network; give its configuration, or build this one"
                )

    def wait(self, ready: Callable[[], bool], progress: Callable[[], int], what: str) -> None:
        """Poll until `ready`; the clock restarts whenever `progress` changes.

        Raises
        ------
        DeviceError
            After `timeout` seconds without progress.
        """
        seen, since = progress(), time.monotonic()
        while not ready():
            now = progress()
            if now != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > self.timeout:
                raise DeviceError(
                    f"{what}: nothing happened for {self.timeout:g} s; the machine hangs or its clock is off. Reload "
                    "the bitstream and resume from the checkpoint; for a slow simulation raise the timeout"
                )

    def samples(self) -> int:
        """Samples completed, the usual measure of progress."""
        return self.read("SAMPLES")

    def wait_idle(self) -> None:
        """Wait until every sample is done.

        Raises
        ------
        DeviceError
            If nothing moves for `timeout` seconds, or the machine reports a fault.
        """
        self.wait(lambda: not self.bit("STATUS", "busy"), self.samples, "waiting for the last sample")
        self.check_fault()

    def check_fault(self) -> None:
        """Refuse to go on if samples could not be read from memory.

        Raises
        ------
        DeviceError
            Saying what the machine met and what to do about it.
        """
        if self.bit("STATUS", "fault"):
            kind = self.read("FAULT")
            name = formats.FAULTS[kind] if kind < len(formats.FAULTS) else f"kind {kind}"
            raise DeviceError(
                f"STATUS reports a fault: sample records could not be read from memory at "
                f"0x{self.read_wide('BUFFER_ADDRESS'):x} ({name}; "
                f"{self.read('BUFFER_SAMPLES')} records were not presented). {_REMEDIES.get(name, _REMEDIES['none'])}"
            )


def _offset(name: str, block: int | None) -> int:
    return registers.GLOBAL[name].offset if block is None else registers.block_offset(block, name)
