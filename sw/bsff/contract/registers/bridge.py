"""Registers of the bridge from a serial line, beside the machine's: who it is, and what went wrong on the line.

They lie above the machine's window, so that tools which know nothing of them are not disturbed; see docs/serial.md.
"""

from .description import Field, Register, action, bit, shown

BRIDGE_BASE = 0x1_0000
"""Byte address of the bridge's registers, just above the machine's window."""
BRIDGE_MAGIC = 0x55415254
BRIDGE_VERSION = 1
RELEASE = 0x46524545
"""What is written to RELEASE; no frame that was damaged has it by chance."""
PARCEL_BASE = BRIDGE_BASE + 0x400
REPLY_BASE = BRIDGE_BASE + 0x800
PORT_WORDS = 256
"""32-bit words at PARCEL_BASE, and at REPLY_BASE."""
EVENTS = ("frames", "framing_errors", "overflows", "cuts", "unknown", "refused", "locked_out", "bus_errors")
"""What the bridge counts, each in 16 bits that wrap; COUNT_<name> shows it."""

_DOCS = {
    "frames": "frames whose head was taken, before the one that reads it",
    "framing_errors": "bytes without a stop bit",
    "overflows": "bytes lost because the inbox was full",
    "cuts": "frames that ended in silence",
    "unknown": "heads with an unknown command or no words",
    "refused": "parcels damaged, or out of their turn",
    "locked_out": "words of plain frames for the machine, while a session is open",
    "bus_errors": "accesses that the machine answered with an error, or not at all",
}

_REGISTERS = (
    shown("BRIDGE_MAGIC", 0x000, f"0x{BRIDGE_MAGIC:08x}, the letters UART"),
    shown("BRIDGE_VERSION", 0x004, f"version of parcels and of this table, {BRIDGE_VERSION}"),
    shown("BRIDGE_INBOX", 0x008, "bytes that may wait in the bridge"),
    shown(
        "BRIDGE_SESSION",
        0x00C,
        "who may reach the machine",
        Field("session", 0, 8, "number of the open session; 0: none, and plain frames reach the machine"),
        bit("halted", 8, "a parcel ended before its end; others are refused until one resumes"),
    ),
    action(
        "BRIDGE_RELEASE",
        0x010,
        "wo",
        f"0x{RELEASE:08x} closes a session that its owner left open, so that other tools may work",
    ),
    *(
        shown(f"COUNT_{name.upper()}", 0x020 + 4 * place, _DOCS[name] + ", modulo 2**16")
        for place, name in enumerate(EVENTS)
    ),
)
BRIDGE: dict[str, Register] = {register.name: register for register in _REGISTERS}
"""Registers of the bridge by name; offsets count from `BRIDGE_BASE`."""
