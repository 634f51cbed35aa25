"""What a self-test found."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

PASS, FAIL, SKIP = "pass", "FAIL", "skip"


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes
    ----------
    verdict : {"pass", "FAIL", "skip"}
    detail : str
        What was found; for a failure also what to do.
    """

    name: str
    verdict: str
    detail: str
    seconds: float


@dataclass
class Report:
    """All checks, and on what they ran.

    Attributes
    ----------
    header : dict
        Device, configuration, versions.
    """

    header: dict[str, Any]
    checks: list[Check] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return all(check.verdict != FAIL for check in self.checks)

    def to_json(self) -> str:
        """The file to attach to an issue."""
        return (
            json.dumps({**self.header, "passed": self.passed, "checks": [asdict(c) for c in self.checks]}, indent=1)
            + "\n"
        )
