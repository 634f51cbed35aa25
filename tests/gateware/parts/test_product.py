"""Products between registers: in logic, and the same in the multipliers of an ECP5 by our model of them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Shape, signed, unsigned
from hw_helpers import simulate
from simulators import need

from bsff_hw.machine.flat import verilog
from bsff_hw.parts.product import Product
from bsff_hw.synthesis.models import CELLS

SHAPES = [
    (signed(5), unsigned(7)),
    (unsigned(9), signed(22)),
    (signed(18), signed(18)),
    (unsigned(18), unsigned(18)),
    (signed(31), unsigned(17)),
    (unsigned(31), unsigned(25)),
    (signed(37), signed(19)),
]
BENCH = """\
module bench;
  reg [{left}:0] lefts [0:{last}];
  reg [{right}:0] rights [0:{last}];
  reg clock = 0;
  integer i;
  reg [{left}:0] left = 0;
  reg [{right}:0] right = 0;
  wire [{left} + {right} + 1:0] product;
  dut dut (.aclk(clock), .aresetn(1'b1), .left(left), .right(right), .product(product));
  initial begin
    $readmemh("lefts", lefts); $readmemh("rights", rights);
    for (i = 0; i <= {last}; i = i + 1) begin
      left = lefts[i]; right = rights[i]; #5 clock = 1; #5 $display("%h", product); clock = 0;
    end
  end
endmodule
"""


def factors(shape: Shape, count: int, rng: np.random.Generator) -> list[int]:
    low = -(1 << (shape.width - 1)) if shape.signed else 0
    high = low + (1 << shape.width) - 1
    ends = [low, high, 0, 1, -1 if shape.signed else 2]
    return [*ends, *(int(rng.integers(low, high, endpoint=True)) for _ in range(count - 10)), *ends]


@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_products(left: Shape, right: Shape, rng: np.random.Generator) -> None:
    dut = Product(left, right)
    lefts, rights = factors(left, 200, rng), rng.permutation(factors(right, 200, rng)).tolist()

    async def bench(context: Any) -> None:
        shown = []
        for a, b in zip(lefts, rights, strict=True):
            context.set(dut.left, a)
            context.set(dut.right, b)
            await context.tick()
            shown.append(context.get(dut.product))
        # two cycles: the edge that takes the factors, and the next
        assert shown[1:] == [a * b for a, b in zip(lefts[:-1], rights[:-1], strict=True)]

    simulate(dut, bench)


@pytest.mark.icarus
@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_multipliers_of_an_ecp5(left: Shape, right: Shape, rng: np.random.Generator, tmp_path: Path) -> None:
    need("icarus")
    text = verilog(
        Product(left, right), {name: name for name in ("left", "right", "product")}, name="dut", primitives="ecp5"
    )
    pieces = -(-left.width // 18) * -(-right.width // 18)
    assert text.count("MULT18X18D #(") == pieces
    lefts, rights = factors(left, 200, rng), rng.permutation(factors(right, 200, rng)).tolist()
    for name, shape, values in (("lefts", left, lefts), ("rights", right, rights)):
        words = [f"{value & (1 << shape.width) - 1:x}" for value in values]
        (tmp_path / name).write_text("\n".join(words) + "\n")
    sources = {"dut.v": text, "bench.v": BENCH.format(left=left.width - 1, right=right.width - 1, last=len(lefts) - 1)}
    for name, content in sources.items():
        (tmp_path / name).write_text(content)
    build = ["iverilog", "-g2012", "-o", "sim", *sources, str(CELLS / "MULT18X18D.v")]
    subprocess.run(build, cwd=tmp_path, check=True, timeout=60)
    said = subprocess.run(["vvp", "sim"], cwd=tmp_path, check=True, timeout=60, capture_output=True, text=True).stdout
    found = [int(line, 16) for line in said.split()]
    mask = (1 << (left.width + right.width)) - 1
    assert found[1:] == [a * b & mask for a, b in zip(lefts[:-1], rights[:-1], strict=True)]
