"""The register table: one list from which the driver's offsets, the decoder and the reference page are made.

Registers are 32 bits wide, at byte offsets in a window of 64 KiB. A pair NAME_LOW, NAME_HIGH holds 64 bits. The block
of layer i (from 0; the head comes after the last layer) begins at ``BLOCK_BASE + i * BLOCK_STRIDE``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from bsff.config import CLASSES, Config

from .formats import COUNTERS, CYCLE_COUNTERS, FAULTS, MEMORIES
from .geometry import Geometry

MAGIC = 0x42534646
"""ASCII "BSFF"."""
ABI_VERSION = 2
"""Rises whenever the meaning of a register changes."""
WINDOW = 0x10000
BLOCK_BASE = 0x1000
BLOCK_STRIDE = 0x100
BLOCKS_MAX = (WINDOW - BLOCK_BASE) // BLOCK_STRIDE


@dataclass(frozen=True)
class Field:
    """Bits ``low .. low + width - 1`` of a register."""

    name: str
    low: int
    width: int
    doc: str

    @property
    def mask(self) -> int:
        """The field's bits, in place."""
        return ((1 << self.width) - 1) << self.low


@dataclass(frozen=True)
class Register:
    """One 32-bit register.

    Attributes
    ----------
    name : str
    offset : int
        In bytes, from the start of the window or of a block.
    access : {"ro", "rw", "wo"}
    doc : str
    fields : tuple of Field
    """

    name: str
    offset: int
    access: str
    doc: str
    fields: tuple[Field, ...] = ()

    @property
    def mask(self) -> int:
        """Bits that exist: those of the fields, or all 32 where there are none."""
        return sum(f.mask for f in self.fields) if self.fields else 0xFFFFFFFF

    def field(self, name: str) -> Field:
        """The field of that name.

        Raises
        ------
        KeyError
            If there is none.
        """
        for entry in self.fields:
            if entry.name == name:
                return entry
        raise KeyError(f"{self.name} has no field {name}; it has {', '.join(f.name for f in self.fields)}")


def _bit(name: str, low: int, doc: str) -> Field:
    return Field(name, low, 1, doc)


_GLOBAL = (
    Register("MAGIC", 0x000, "ro", f"0x{MAGIC:08x}, the letters BSFF"),
    Register("ABI", 0x004, "ro", f"version of this table, {ABI_VERSION}"),
    Register("BUILD", 0x008, "ro", "first 32 bits of the SHA-256 of the machine's description; see `build_hash`"),
    Register(
        "FEATURES",
        0x00C,
        "ro",
        "what this device can do",
        (_bit("buffers", 0, "samples are read from memory (BUFFER_*)"), _bit("cycles", 1, "the cycle counters count")),
    ),
    Register(
        "GEOMETRY",
        0x010,
        "ro",
        "size of the network",
        (
            Field("layers", 0, 8, "layers, the head not counted"),
            Field("predictors", 8, 8, "blocks: layers, and the head if there is one"),
            Field("classes", 16, 8, "classes"),
        ),
    ),
    Register("PIXELS", 0x014, "ro", "8-bit pixels of a sample"),
    Register(
        "CONTROL",
        0x040,
        "rw",
        "what is done with a sample; change only while idle",
        (
            _bit("learn", 0, "layers whose LEARN is set learn from samples"),
            _bit("results", 1, "logits of each sample go to RESULT_DATA"),
            _bit("discard", 2, "samples are taken and thrown away: the traffic of the bus alone, to measure its power"),
        ),
    ),
    Register(
        "COMMAND",
        0x044,
        "wo",
        "write ones; acts once, while idle",
        (
            _bit("clear_counters", 0, "all counters to 0"),
            _bit("clear_results", 1, "drop results not read, and a sample half written"),
        ),
    ),
    Register(
        "STATUS",
        0x048,
        "ro",
        "state of the machine",
        (
            _bit("busy", 0, "samples are waiting or in flight"),
            _bit("fault", 1, "a sample could not be read from memory; COMMAND.clear_results clears it"),
        ),
    ),
    Register("SAMPLES", 0x04C, "ro", "samples completed since the counters were cleared, modulo 2**32"),
    Register("SAMPLE_SPACE", 0x050, "ro", "samples that may be written now without waiting"),
    Register("SAMPLE_LABEL", 0x054, "wo", "begins a sample: its label"),
    Register(
        "SAMPLE_DATA", 0x058, "wo", "its pixels, four a word, the first in bits 7..0; the last word queues the sample"
    ),
    Register("RESULT_COUNT", 0x05C, "ro", "words waiting in RESULT_DATA"),
    Register(
        "RESULT_DATA",
        0x060,
        "ro",
        "logits (signed, 6 fractional bits, base 2), classes of predictors of samples; a read takes one word",
    ),
    Register("BUFFER_ADDRESS_LOW", 0x064, "rw", "address of the first sample record in memory"),
    Register("BUFFER_ADDRESS_HIGH", 0x068, "rw", ""),
    Register(
        "BUFFER_SAMPLES",
        0x06C,
        "rw",
        "a write starts the presentation of that many records, while one runs it is ignored, but for 0, which ends it; "
        "reads how many were not taken yet, after a fault how many were not presented",
    ),
    Register(
        "FAULT",
        0x070,
        "ro",
        "why samples could not be read from memory; cleared with STATUS.fault and by the next start",
        (Field("kind", 0, 3, ", ".join(f"{i}: {name}" for i, name in enumerate(FAULTS))),),
    ),
    Register(
        "MEMORY_SELECT",
        0x080,
        "rw",
        "the memory behind MEMORY_DATA; use only while idle",
        (
            Field("block", 0, 8, "layer from 0, the head after the last"),
            Field("memory", 8, 8, ", ".join(f"{i}: {name}" for i, name in enumerate(MEMORIES))),
        ),
    ),
    Register("MEMORY_ADDRESS", 0x084, "rw", "word: row * width + column for weights, channel for the others"),
    Register("MEMORY_DATA", 0x088, "rw", "the word at MEMORY_ADDRESS, signed; each access moves the address on by one"),
    Register("ENCODER_LOW", 0x090, "rw", "generator of the input encoder"),
    Register("ENCODER_HIGH", 0x094, "rw", ""),
)

_COUNTER_BASE = 0x40
_COUNTER_DOCS = {
    "samples": "samples presented",
    "correct": "samples whose largest logit is the label's",
    "loss": "sum of cross-entropies, in 1/64 bits",
    "taps": "weight rows read forward",
    "updates": "samples learnt from",
    "update_taps": "row and position pairs added up by updates",
    "saturations": "weights that ran out of range",
    "busy_cycles": "clock cycles in which the block worked",
    "stall_cycles": "clock cycles in which it waited for the block behind it",
}


def _block() -> tuple[Register, ...]:
    table = [
        Register("PBITS_LOW", 0x00, "rw", "generator of the p-bits (layers)"),
        Register("PBITS_HIGH", 0x04, "rw", ""),
        Register("ROUNDING_LOW", 0x08, "rw", "generator of the rounding"),
        Register("ROUNDING_HIGH", 0x0C, "rw", ""),
        Register("STEP", 0x10, "rw", "step size", (Field("step", 0, 16, "in 1/256 of a weight unit"),)),
        Register(
            "SCALE",
            0x14,
            "rw",
            "counts to logits (layers)",
            (Field("scale", 0, 24, "in 2**-14 logits a count; see numerics.md"),),
        ),
        Register("GATE", 0x18, "rw", "no update below this label error", (Field("gate", 0, 13, "in 1/4096"),)),
        Register("LEARN", 0x1C, "rw", "0: frozen", (_bit("learn", 0, "learns"),)),
        Register(
            "ACTIVITY",
            0x20,
            "rw",
            "running number of ones in the input map (layers)",
            (Field("activity", 0, 31, "8 fractional bits"),),
        ),
        Register("ROWS", 0x30, "ro", "weight rows"),
        Register("WIDTH", 0x34, "ro", "weights of a row"),
        Register("CHANNELS", 0x38, "ro", "output channels"),
    ]
    for i, name in enumerate((*COUNTERS, *CYCLE_COUNTERS)):
        table.append(
            Register(
                f"{name.upper()}_LOW", _COUNTER_BASE + 8 * i, "ro", f"{_COUNTER_DOCS[name]}; 64 bits, stable while idle"
            )
        )
        table.append(Register(f"{name.upper()}_HIGH", _COUNTER_BASE + 8 * i + 4, "ro", ""))
    return tuple(table)


GLOBAL = {r.name: r for r in _GLOBAL}
"""Registers of the whole machine, by name."""
BLOCK = {r.name: r for r in _block()}
"""Registers of one block, by name; offsets are within the block."""


def block_offset(block: int, name: str) -> int:
    """Byte offset of a block's register.

    Raises
    ------
    ValueError
        If there can be no such block.
    """
    if not 0 <= block < BLOCKS_MAX:
        raise ValueError(f"block = {block}: expected 0 to {BLOCKS_MAX - 1}")
    return BLOCK_BASE + block * BLOCK_STRIDE + BLOCK[name].offset


def build_hash(config: Config) -> int:
    """What a bitstream was built for: 32 bits over everything in a configuration that is not a register's value."""
    layers = []
    for layer in config.layers:
        entry = asdict(layer)
        for run_time in ("step", "temperature", "gate", "start_epoch", "stop_epoch", "init_mean", "init_std"):
            del entry[run_time]
        layers.append(entry)
    head = asdict(config.head)
    for run_time in ("step", "gate", "start_epoch", "stop_epoch"):
        del head[run_time]
    data = {key: asdict(config.data)[key] for key in ("dataset", "encoding", "levels", "planes")}
    text = json.dumps([ABI_VERSION, data, layers, head], sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def constants(config: Config, geometry: Geometry) -> dict[str, int]:
    """Values of the read-only registers that describe a machine, but for FEATURES."""
    sizes = GLOBAL["GEOMETRY"]
    return {
        "MAGIC": MAGIC,
        "ABI": ABI_VERSION,
        "BUILD": build_hash(config),
        "PIXELS": geometry.pixel_count,
        "GEOMETRY": len(geometry.layers) << sizes.field("layers").low
        | len(geometry.predictors) << sizes.field("predictors").low
        | CLASSES << sizes.field("classes").low,
    }


def sample_words(geometry: Geometry) -> int:
    """Writes of SAMPLE_DATA that make a sample."""
    return -(-geometry.pixel_count // 4)


def record_words(geometry: Geometry) -> int:
    """Words of a sample record in memory: label, pixels, then zeros up to a multiple of 64 bits."""
    return -(-(1 + sample_words(geometry)) // 2) * 2


def reference_page() -> str:
    """The register reference as Markdown."""
    lines = [
        "# Registers",
        "",
        "Made by `bsff registers`; the table is `sw/bsff/contract/registers.py`. 32-bit registers, byte offsets, window of 64 KiB.",
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
