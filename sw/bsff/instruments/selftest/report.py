"""What a self-test found."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

PASS, FAIL, SKIP = "pass", "FAIL", "skip"


@dataclass(frozen=True)
class Check:
    """One check."""

    name: str
    verdict: str
    """`PASS`, `FAIL` or `SKIP`."""
    detail: str
    """What was found; for a failure also what to do."""
    seconds: float


@dataclass
class Report:
    """All checks, and on what they ran."""

    header: dict[str, Any]
    """Device, configuration, versions."""
    checks: list[Check] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return all(check.verdict != FAIL for check in self.checks)

    def to_json(self) -> str:
        """The file to attach to an issue."""
        content = {**self.header, "passed": self.passed, "checks": [asdict(c) for c in self.checks]}
        return json.dumps(content, indent=1) + "\n"
