"""Registers of the whole machine, and the window in which all registers lie.

A new plain register is one line here, ``held(NAME, offset, doc, fields)``: the register file of the gateware stores
and decodes it and shows it as a member of that name, the emulated device keeps it, the driver accesses it by name, and
the reference page and the .hwh list it.
"""

from bsff.contract.formats import FAULTS, MEMORIES

from .description import Field, Kind, Register, action, bit, held, shown, wide

MAGIC = 0x42534646
"""ASCII "BSFF"."""
ABI_VERSION = 4
"""Rises whenever the meaning of a register changes."""
WINDOW = 0x10000
"""Bytes of the window; the registers of the machine come first, then those of its blocks."""


def _codes(names: tuple[str, ...]) -> str:
    return ", ".join(f"{i}: {name}" for i, name in enumerate(names))


_TABLE = (
    shown("MAGIC", 0x000, f"0x{MAGIC:08x}, the letters BSFF"),
    shown("ABI", 0x004, f"version of this table, {ABI_VERSION}"),
    shown("BUILD", 0x008, "first 32 bits of the SHA-256 of the machine's description; see `build_hash`"),
    shown(
        "FEATURES",
        0x00C,
        "what this device can do",
        bit("buffers", 0, "samples are read from memory (BUFFER_*)"),
        bit("cycles", 1, "the cycle counters count"),
    ),
    shown(
        "GEOMETRY",
        0x010,
        "size of the network",
        Field("layers", 0, 8, "layers, the head not counted"),
        Field("predictors", 8, 8, "blocks: layers, and the head if there is one"),
        Field("classes", 16, 9, "classes"),
    ),
    shown("PIXELS", 0x014, "8-bit pixels of a sample"),
    held(
        "CONTROL",
        0x040,
        "what is done with a sample; change only while idle",
        bit("learn", 0, "layers whose LEARN is set learn from samples"),
        bit("results", 1, "logits of each sample go to RESULT_DATA"),
        bit("discard", 2, "samples are taken and thrown away: the traffic of the bus alone, to measure its power"),
    ),
    action(
        "COMMAND",
        0x044,
        "wo",
        "write ones; acts once, while idle",
        bit("clear_counters", 0, "all counters to 0"),
        bit("clear_results", 1, "drop results not read, and a sample half written"),
    ),
    shown(
        "STATUS",
        0x048,
        "state of the machine",
        bit("busy", 0, "samples are waiting or in flight"),
        bit("fault", 1, "a sample could not be read from memory; COMMAND.clear_results clears it"),
    ),
    shown("SAMPLES", 0x04C, "samples completed since the counters were cleared, modulo 2**32"),
    shown("SAMPLE_SPACE", 0x050, "samples that may be written now without waiting"),
    action("SAMPLE_LABEL", 0x054, "wo", "begins a sample: its label, in bits 7..0"),
    action(
        "SAMPLE_DATA", 0x058, "wo", "its pixels, four a word, the first in bits 7..0; the last word queues the sample"
    ),
    shown("RESULT_COUNT", 0x05C, "words waiting in RESULT_DATA"),
    action(
        "RESULT_DATA",
        0x060,
        "ro",
        "logits (signed, 6 fractional bits, base 2), classes of predictors of samples; a read takes one word",
    ),
    *wide("BUFFER_ADDRESS", 0x064, "rw", Kind.HELD, "address of the first sample record in memory"),
    action(
        "BUFFER_SAMPLES",
        0x06C,
        "rw",
        "a write starts the presentation of that many records, while one runs it is ignored, but for 0, which ends it; "
        "reads how many were not taken yet, after a fault how many were not presented",
    ),
    shown(
        "FAULT",
        0x070,
        "why samples could not be read from memory; cleared with STATUS.fault and by the next start",
        Field("kind", 0, 3, _codes(FAULTS)),
    ),
    held(
        "MEMORY_SELECT",
        0x080,
        "the memory behind MEMORY_DATA; use only while idle",
        Field("block", 0, 8, "layer from 0, the head after the last"),
        Field("memory", 8, 8, _codes(MEMORIES)),
    ),
    held("MEMORY_ADDRESS", 0x084, "word: row * width + column for weights, channel for the others"),
    Register(
        "MEMORY_DATA",
        0x088,
        "rw",
        Kind.WINDOW,
        "the word at MEMORY_ADDRESS, signed; each access moves the address on by one",
    ),
    *wide("ENCODER", 0x090, "rw", Kind.GENERATOR, "generator of the input encoder"),
)

GLOBAL = {r.name: r for r in _TABLE}
"""Registers of the whole machine, by name."""
