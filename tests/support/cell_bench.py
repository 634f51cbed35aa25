"""Runs one of our models of a primitive in Icarus: words in, words out, a clock cycle each."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bsff_hw.synthesis.models import CELLS

SECONDS = 60


def pins(name: str, width: int) -> list[str]:
    """The pins of a bus of an ECP5, the highest first."""
    return [f"{name}{i}" for i in reversed(range(width))]


def simulate(
    folder: Path,
    kind: str,
    parameters: Mapping[str, object],
    inputs: Sequence[tuple[str, int]],
    outputs: Sequence[str],
    words: Sequence[int],
    clocks: Sequence[str] = (),
) -> tuple[list[int], str]:
    """What the outputs show after each cycle, and what the simulator said.

    Parameters
    ----------
    folder : Path
    kind : str
        Name of the primitive.
    parameters : mapping of str to object
        Texts are given in quotes, numbers as such.
    inputs : sequence of (str, int)
        Pins and their widths, the highest bits of a word first.
    outputs : sequence of str
        Pins of a bit, or slices of one, the highest first.
    words : sequence of int
        Inputs of each cycle.
    clocks : sequence of str
        Pins that get the clock.
    """
    total = sum(width for _, width in inputs)
    given, at = [], total
    for name, width in inputs:
        at -= width
        given.append(f".{name}(word[{at} +: {width}])")
    names = sorted({name.partition("[")[0] for name in outputs})
    taken = [f".{name}({name})" for name in names]
    wires = " ".join(f"wire {'[15:0] ' if f'{name}[0]' in outputs else ''}{name};" for name in names)
    values = ", ".join(f'.{k}("{v}")' if isinstance(v, str) else f".{k}({v})" for k, v in parameters.items())
    ports = ", ".join([*given, *taken, *(f".{clock}(clock)" for clock in clocks)])
    (folder / "words").write_text("\n".join(f"{word:x}" for word in words) + "\n")
    (folder / "bench.v").write_text(f"""\
module bench;
  reg [{total - 1}:0] words [0:{len(words) - 1}];
  reg [{total - 1}:0] word;
  reg clock = 0;
  integer i;
  {wires}
  {kind} #({values}) cell_under_test ({ports});
  initial begin
    $readmemh("words", words);
    for (i = 0; i < {len(words)}; i = i + 1) begin
      word = words[i]; #5 clock = 1; #5 $display("= %b", {{{", ".join(outputs)}}}); clock = 0;
    end
  end
endmodule
""")
    make = ["iverilog", "-g2012", "-s", "bench", "-o", "bench.vvp", "bench.v", str(CELLS / f"{kind}.v")]
    subprocess.run(make, cwd=folder, check=True, timeout=SECONDS)
    ran = subprocess.run(["vvp", "-n", "bench.vvp"], cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    found = [int(line[2:], 2) for line in ran.stdout.splitlines() if line.startswith("= ")]
    return found, ran.stdout


class Number(int):
    """A parameter whose text is Verilog's."""

    text = ""

    def __str__(self) -> str:
        return self.text


def numbers(parameters: dict[str, Any]) -> dict[str, object]:
    """The same, with what begins like a sized number of Verilog as a number."""
    made: dict[str, object] = {}
    for name, value in parameters.items():
        if isinstance(value, str) and "'h" in value:
            number = Number()
            number.text = value
            made[name] = number
        else:
            made[name] = value
    return made
