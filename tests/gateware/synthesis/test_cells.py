"""Our models of block RAM do what the vendors' guides say: random traffic against models in Python; other modes are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cell_bench import numbers, pins, simulate
from simulators import need

pytestmark = pytest.mark.icarus
CYCLES = 600


class Rows:
    """Rows of bytes of nine bits, as block RAMs of both vendors have them; the ninth bits are out of reach of narrow ports."""

    def __init__(self, bits: int, image: list[int]) -> None:
        self.bits = bits  # of a row
        self.rows = image

    def _place(self, width: int, address: int) -> tuple[int, int]:
        """Row and lowest bit of the word that an address means; addresses count in bits of data."""
        data = self.bits // 9 * 8
        row, within = divmod(address, data)
        if width < 9:
            return row, within // 8 * 9 + within % 8 // width * width
        size = width // 9 * 8
        return row, within // size * width

    def read(self, width: int, address: int) -> int:
        if width > self.bits:  # two rows
            row = address // 16 & ~1
            return self.rows[row] | self.rows[row + 1] << self.bits
        row, low = self._place(width, address)
        return self.rows[row] >> low & ((1 << width) - 1)

    def write(self, width: int, address: int, value: int, enables: int) -> None:
        mask = sum(0x1FF << 9 * i for i in range(4) if enables >> i & 1) if width >= 18 else (1 << width) - 1
        if width > self.bits:
            row = address // 16 & ~1
            for i in range(2):
                part = mask >> i * self.bits & ((1 << self.bits) - 1)
                self.rows[row + i] = self.rows[row + i] & ~part | (value >> i * self.bits) & part
            return
        row, low = self._place(width, address)
        mask &= (1 << width) - 1
        self.rows[row] = self.rows[row] & ~(mask << low) | (value & mask) << low


def image(rng: np.random.Generator, rows: int, bits: int) -> list[int]:
    return [int(rng.integers(1 << bits)) for _ in range(rows)]


def shown(mode: str, before: int, after: int, held: int | None, wrote: bool) -> int | None:
    """What a port shows after a cycle in which it was on."""
    if not wrote or mode in ("READBEFOREWRITE", "READ_FIRST"):
        return before
    return after if mode in ("WRITETHROUGH", "WRITE_FIRST") else held


def equal(found: list[int], expected: list[tuple[int | None, int | None]], widths: tuple[int, int], half: int) -> int:
    """Compare cycle by cycle what is known, and say how many words that were."""
    known = 0
    assert len(found) == len(expected)
    for cycle, (word, pair) in enumerate(zip(found, expected, strict=True)):
        for i, value in enumerate(pair):
            if value is not None and widths[i]:
                got = word >> (half * (1 - i)) & ((1 << min(widths[i], half)) - 1)
                if widths[i] > half:  # across the pins of both ports
                    got = word & ((1 << half) - 1)
                    got = got << half | word >> half
                assert got == value, f"cycle {cycle}, port {'AB'[i]}"
                known += 1
    return known


@pytest.mark.parametrize(
    ("widths", "modes"),
    [
        ((18, 18), ("NORMAL", "READBEFOREWRITE")),
        ((9, 4), ("WRITETHROUGH", "NORMAL")),
        ((2, 1), ("READBEFOREWRITE", "WRITETHROUGH")),
        ((36, 36), ("NORMAL", "NORMAL")),
        ((36, 18), ("NORMAL", "NORMAL")),
        ((36, 9), ("NORMAL", "NORMAL")),
    ],
)
def test_block_ram_of_an_ecp5(widths: tuple[int, int], modes: tuple[str, str], seed: int, tmp_path: Path) -> None:
    need("icarus")
    rng = np.random.default_rng([seed, *widths])
    memory = Rows(18, image(rng, 1024, 18))
    parameters: dict[str, Any] = {
        f"INITVAL_{i:02X}": f"320'h{sum(row << 20 * j for j, row in enumerate(memory.rows[16 * i : 16 * i + 16])):x}"
        for i in range(64)
    }
    inputs = [
        (f"{bus}{port}{i}", 1) for port in "AB" for bus, n in (("AD", 14), ("DI", 18)) for i in reversed(range(n))
    ]
    inputs += [(f"{name}{port}", 1) for port in "AB" for name in ("CE", "WE", "RST")]
    inputs += [(f"CS{port}{i}", 1) for port in "AB" for i in range(3)]
    words, expected = [], []
    held: list[int | None] = [0, 0]
    for _ in range(CYCLES):
        address = [int(rng.integers(8)) << 4 | int(rng.integers(16)) for _ in widths]
        data = [int(rng.integers(1 << 18)) for _ in widths]
        on, write, reset = (rng.random((3, 2)) < np.array([[0.9], [0.5], [0.05]])).astype(int)
        if widths[0] == 36:
            write[1] = 0
        rows = [a >> 5 if 36 in widths else a >> 4 for a in address]
        writes = [bool(on[i] and write[i] and not reset[i]) for i in range(2)]
        if all(writes) and rows[0] == rows[1]:
            on[1], writes[1] = 0, False
        word = 0
        for i in range(2):
            word = (word << 14 | address[i]) << 18 | data[i]
        for i in range(2):
            word = word << 3 | int(on[i]) << 2 | int(write[i]) << 1 | int(reset[i])
        words.append(word << 6)
        before = [memory.read(width, a) for width, a in zip(widths, address, strict=True)]
        for i in range(2):
            if writes[i]:
                value = data[1] << 18 | data[0] if widths[i] == 36 else data[i]
                memory.write(widths[i], address[i], value, address[i] & 15)
        for i in range(2):
            if reset[i]:
                held[i] = 0
            elif on[i]:
                spoilt = writes[1 - i] and rows[0] == rows[1]
                after = memory.read(widths[i], address[i])
                held[i] = None if spoilt else shown(modes[i], before[i], after, held[i], writes[i])
        expected.append((None if widths[0] == 36 else held[0], held[1]))
    parameters |= {"DATA_WIDTH_A": widths[0], "DATA_WIDTH_B": widths[1], "RESETMODE": "SYNC"}
    parameters |= {"WRITEMODE_A": modes[0], "WRITEMODE_B": modes[1]}
    outputs = [*pins("DOA", 18), *pins("DOB", 18)]
    found, said = simulate(tmp_path, "DP16KD", numbers(parameters), inputs, outputs, words, ("CLKA", "CLKB"))
    assert len(found) == CYCLES, said
    assert equal(found, expected, widths, 18) > CYCLES / 2


@pytest.mark.parametrize(
    ("parameter", "value", "said"),
    [
        ("REGMODE_A", "OUTREG", "output registers"),
        ("DATA_WIDTH_B", 72, "a width"),
        ("CSDECODE_A", "0b111", "CSDECODE"),
        ("CLKBMUX", "INV", "inverted clocks"),
        ("WRITEMODE_B", "OTHER", "a WRITEMODE"),
    ],
)
def test_other_modes_of_it_are_refused(parameter: str, value: str | int, said: str, tmp_path: Path) -> None:
    need("icarus")
    found, text = simulate(tmp_path, "DP16KD", {parameter: value}, [("CEA", 1)], ["DOA0"], [0], ("CLKA", "CLKB"))
    assert found == []
    assert f"DP16KD: {said}" in text


@pytest.mark.parametrize(
    ("mode", "reads", "writes", "modes"),
    [
        ("TDP", (18, 18), (18, 18), ("READ_FIRST", "WRITE_FIRST")),
        ("TDP", (9, 4), (9, 4), ("NO_CHANGE", "READ_FIRST")),
        ("TDP", (2, 1), (18, 9), ("READ_FIRST", "READ_FIRST")),
        ("SDP", (36, 0), (0, 36), ("READ_FIRST", "READ_FIRST")),
        ("SDP", (36, 0), (0, 36), ("WRITE_FIRST", "WRITE_FIRST")),
    ],
)
def test_half_block_ram_of_a_7_series(
    mode: str, reads: tuple[int, int], writes: tuple[int, int], modes: tuple[str, str], seed: int, tmp_path: Path
) -> None:
    need("icarus")
    rng = np.random.default_rng([seed, *reads, *writes])
    memory = Rows(36, image(rng, 512, 36))
    data, parity = 0, 0
    for i, row in enumerate(memory.rows):
        for byte in range(4):
            data |= (row >> 9 * byte & 0xFF) << 32 * i + 8 * byte
            parity |= (row >> 9 * byte + 8 & 1) << 4 * i + byte
    top = (1 << 256) - 1
    parameters: dict[str, Any] = {f"INIT_{i:02X}": f"256'h{data >> 256 * i & top:x}" for i in range(64)}
    parameters |= {f"INITP_{i:02X}": f"256'h{parity >> 256 * i & top:x}" for i in range(8)}
    parameters |= {"RAM_MODE": mode, "WRITE_MODE_A": modes[0], "WRITE_MODE_B": modes[1]}
    parameters |= {"READ_WIDTH_A": reads[0], "READ_WIDTH_B": reads[1]}
    parameters |= {"WRITE_WIDTH_A": writes[0], "WRITE_WIDTH_B": writes[1], "SRVAL_A": 0, "SRVAL_B": 0}
    inputs = [("ADDRARDADDR", 14), ("DIPADIP", 2), ("DIADI", 16), ("WEA", 2), ("ENARDEN", 1), ("RSTRAMARSTRAM", 1)]
    inputs += [("ADDRBWRADDR", 14), ("DIPBDIP", 2), ("DIBDI", 16), ("WEBWE", 4), ("ENBWREN", 1), ("RSTRAMB", 1)]
    words, expected = [], []
    held: list[int | None] = [0, 0]
    for _ in range(CYCLES):
        address = [int(rng.integers(4)) << 5 | int(rng.integers(32)) for _ in range(2)]
        value = [int(rng.integers(1 << 18)) for _ in range(2)]
        on, reset = (rng.random((2, 2)) < np.array([[0.9], [0.05]])).astype(int)
        same = address[0] >> 5 == address[1] >> 5
        enables = [int(rng.integers(1 << (4 if writes[i] == 36 else 2))) * int(rng.random() < 0.5) for i in range(2)]
        enables = [n if writes[i] else 0 for i, n in enumerate(enables)]
        if on.all() and same and all(enables):  # both write, maybe the same bits
            enables[0] = 0
        word = 0
        for i in range(2):
            word = (word << 14 | address[i]) << 18 | split(value[i])
            word = ((word << 2 * (1 + i) | enables[i]) << 1 | int(on[i])) << 1 | int(reset[i])
        words.append(word)
        before = [memory.read(reads[i], address[i]) if reads[i] else 0 for i in range(2)]
        wrote = [bool(on[i] and (enables[i] if writes[i] >= 18 else enables[i] & 1)) for i in range(2)]
        for i in range(2):
            if wrote[i]:
                whole = value[1] << 18 | value[0] if writes[i] == 36 else value[i]
                memory.write(writes[i], address[i], whole, enables[i])
        for i in range(2):
            if on[i] and reset[i]:
                held[i] = 0
            elif on[i]:
                spoilt = wrote[1 - i] and same and modes[1 - i] != "READ_FIRST"
                after = memory.read(reads[i], address[i]) if reads[i] else 0
                held[i] = None if spoilt else shown(modes[i], before[i], after, held[i], wrote[i])
        expected.append((held[0], held[1]))
    outputs = []
    for port, narrow in (("A", "ADO"), ("B", "BDO")):
        for byte in (1, 0):
            outputs += [f"DOP{port}DOP[{byte}]" if port == "A" else f"DOPBDOP[{byte}]"]
            outputs += [f"DO{narrow}[{8 * byte + bit}]" for bit in reversed(range(8))]
    found, said = simulate(
        tmp_path, "RAMB18E1", numbers(parameters), inputs, outputs, words, ("CLKARDCLK", "CLKBWRCLK")
    )
    assert len(found) == CYCLES, said
    assert equal(found, expected, reads, 18) > CYCLES / 2


def split(value: int) -> int:
    """Two bytes of nine bits as the two bits of parity, then the 16 of data."""
    return (value >> 17 & 1) << 17 | (value >> 8 & 1) << 16 | (value >> 9 & 0xFF) << 8 | value & 0xFF


@pytest.mark.parametrize(
    ("parameter", "value", "said"),
    [
        ("DOA_REG", 1, "output registers"),
        ("READ_WIDTH_A", 36, "a width"),
        ("RAM_MODE", "ECC", "a RAM_MODE"),
        ("WRITE_MODE_B", "OTHER", "a WRITE_MODE"),
        ("IS_CLKARDCLK_INVERTED", 1, "inversions"),
    ],
)
def test_other_modes_of_that_are_refused(parameter: str, value: str | int, said: str, tmp_path: Path) -> None:
    need("icarus")
    found, text = simulate(
        tmp_path, "RAMB18E1", {parameter: value}, [("ENARDEN", 1)], ["DOADO[0]"], [0], ("CLKARDCLK", "CLKBWRCLK")
    )
    assert found == []
    assert f"RAMB18E1: {said}" in text
