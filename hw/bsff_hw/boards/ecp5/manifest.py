"""What a finished build says of itself."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bsff.errors import DeviceError
from bsff_hw.synthesis.place import slowest

from .flow import REPORT, VERSIONS


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
        versions = (folder / VERSIONS).read_text().strip()
    except (OSError, ValueError) as error:
        raise DeviceError(f"{folder}: a report cannot be read ({error}); run `bsff build` again") from None
    clocks = report.get("fmax", {})
    if not clocks:
        raise DeviceError(f"{folder / REPORT}: nothing is said of the clock; run `bsff build` again")
    reached = min(clock["achieved"] for clock in clocks.values())
    used = {kind: entry["used"] for kind, entry in sorted(report.get("utilization", {}).items()) if entry["used"]}
    return {
        "tool": "Trellis",
        "version": versions,
        "setup_slack_ns": round(1e3 / order["clock_mhz"] - 1e3 / reached, 3),
        "hold_slack_ns": None,
        "reached_mhz": round(reached, 2),
        "slowest_ns": dict(slowest(report)),
        "baud": order["baud"],
        "seed": order["seed"],
        "placer": order["placer"],
        "commit": order["commit"],
        "used": used,
    }
