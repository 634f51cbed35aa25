"""What a finished build says of itself."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bsff.errors import DeviceError

from .flow import REPORT, VERSION


def facts(folder: Path, order: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest has beside what every board's has.

    Parameters
    ----------
    folder : Path
        Where `flow.build` ran.
    order : mapping
        Its ``build.json``.

    Raises
    ------
    DeviceError
        If a report is missing or says nothing of the clock.
    """
    try:
        report = json.loads((folder / REPORT).read_text())
        said = (folder / "yosys.log").read_text(errors="replace")
        nextpnr = (folder / VERSION).read_text().strip()
    except (OSError, ValueError) as error:
        raise DeviceError(f"{folder}: a report cannot be read ({error}); run `bsff build` again") from None
    clocks = report.get("fmax", {})
    if not clocks:
        raise DeviceError(f"{folder / REPORT}: nothing is said of the clock; run `bsff build` again")
    reached = min(clock["achieved"] for clock in clocks.values())
    used = {kind: entry["used"] for kind, entry in sorted(report.get("utilization", {}).items()) if entry["used"]}
    yosys = re.search(r"Yosys (\d\S*)", said)
    return {
        "tool": "Trellis",
        "version": f"yosys {yosys[1] if yosys else 'unknown'}, nextpnr {nextpnr}",
        "setup_slack_ns": round(1e3 / order["clock_mhz"] - 1e3 / reached, 3),
        "hold_slack_ns": None,
        "reached_mhz": round(reached, 2),
        "baud": order["baud"],
        "seed": order["seed"],
        "commit": order["commit"],
        "used": used,
    }
