"""The order of an update, and the cycles between its parts."""

from __future__ import annotations

from typing import Any

from hw_helpers import simulate

from bsff_hw.layer.learning.drives import DRAIN
from bsff_hw.layer.learning.sequence import Sequence


def test_gains_coefficients_rows_biases() -> None:
    """Each part begins when the one before is done, and a scan is given `DRAIN` cycles to end."""
    dut = Sequence()
    seen: list[tuple[str, int]] = []
    gains, scan, rows = 5, 7, 11

    async def bench(context: Any) -> None:
        for _ in range(2):
            seen.clear()
            ends: dict[str, int] = {}
            context.set(dut.phase.start, 1)
            for cycle in range(100):
                names = {"gains": dut.gains.start, "scan": dut.scan, "rows": dut.rows.start, "done": dut.phase.done}
                for name, signal in names.items():
                    if context.get(signal):
                        seen.append((name if name != "scan" else f"scan {context.get(dut.biases)}", cycle))
                        ends[name] = cycle + {"gains": gains, "scan": scan, "rows": rows, "done": 0}[name]
                context.set(dut.gains.done, ends.get("gains") == cycle)
                context.set(dut.scanning, ends.get("scan", 0) > cycle)
                context.set(dut.rows.done, ends.get("rows") == cycle)
                for name in ("gains", "rows"):  # what they answer in this cycle decides in this cycle
                    if ends.get(name) == cycle and context.get(dut.scan):
                        seen.append((f"scan {context.get(dut.biases)}", cycle))
                        ends["scan"] = cycle + scan
                await context.tick()
                context.set(dut.phase.start, 0)
                if context.get(dut.phase.done):
                    seen.append(("done", cycle + 1))
                    break
            await context.tick()
            drained = scan + DRAIN + 1
            assert seen == [
                ("gains", 0),
                ("scan 0", gains),
                ("rows", gains + drained),
                ("scan 0", gains + drained + rows),
                ("done", gains + drained + rows + drained),
            ]

    simulate(dut, bench)
