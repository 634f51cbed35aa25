"""The register reference as a page of the documentation."""

from .block import BLOCK, BLOCK_BASE, BLOCK_STRIDE
from .bridge import BRIDGE, BRIDGE_BASE, PARCEL_BASE, REPLY_BASE
from .description import Register
from .machine import GLOBAL

_BRIDGE = [
    f"Only where the machine is reached over a UART ([how](serial.md)), at 0x{BRIDGE_BASE:05x}, above the machine's window. Parcels are",
    f"written to 0x{PARCEL_BASE:05x}, replies read from 0x{REPLY_BASE:05x}.",
    "",
]


def reference_page() -> str:
    """The register reference as Markdown."""
    lines = [
        "# Registers",
        "",
        "Made by `bsff registers`; the table is `sw/bsff/contract/registers/`. 32-bit registers, byte offsets, window of 64 KiB.",
        f"The block of layer i (from 0; the head follows the last layer) begins at 0x{BLOCK_BASE:04x} + i * 0x{BLOCK_STRIDE:03x}.",
    ]
    tables: tuple[tuple[str, dict[str, Register], list[str]], ...] = (
        ("Machine", GLOBAL, []),
        ("Block", BLOCK, []),
        ("Bridge from a serial line", BRIDGE, _BRIDGE),
    )
    for title, table, words in tables:
        lines += ["", f"## {title}", "", *words, "| offset | name | access | what |", "|---|---|---|---|"]
        for register in table.values():
            doc = register.doc or "upper 32 bits"
            lines.append(f"| 0x{register.offset:03x} | {register.name} | {register.access} | {doc} |")
            for entry in register.fields:
                bits = f"{entry.low}" if entry.width == 1 else f"{entry.low + entry.width - 1}..{entry.low}"
                lines.append(f"| | &nbsp;&nbsp;[{bits}] {entry.name} | | {entry.doc} |")
    lines += [
        "",
        "## A sample record in memory",
        "",
        "Word 0 holds the label, the next words the pixels as for SAMPLE_DATA; zeros fill up to a multiple of 64 bits. Records",
        "follow each other without gaps; the first begins at a multiple of 8 bytes. SAMPLE_LABEL and SAMPLE_DATA are ignored",
        "while records are read.",
    ]
    return "\n".join(lines) + "\n"
