"""The register reference as a page of the documentation."""

from .block import BLOCK, BLOCK_BASE, BLOCK_STRIDE
from .machine import GLOBAL


def reference_page() -> str:
    """The register reference as Markdown."""
    lines = [
        "# Registers",
        "",
        "Made by `bsff registers`; the table is `sw/bsff/contract/registers/`. 32-bit registers, byte offsets, window of 64 KiB.",
        f"The block of layer i (from 0; the head follows the last layer) begins at 0x{BLOCK_BASE:04x} + i * 0x{BLOCK_STRIDE:03x}.",
    ]
    for title, table in (("Machine", GLOBAL), ("Block", BLOCK)):
        lines += ["", f"## {title}", "", "| offset | name | access | what |", "|---|---|---|---|"]
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
