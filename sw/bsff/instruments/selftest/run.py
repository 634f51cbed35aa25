"""Runs the checks."""

import time
from collections.abc import Callable
from typing import Any

from bsff.config import Config
from bsff.errors import BsffError
from bsff.machine import Accelerator
from bsff.tools.provenance import processor, versions

from .checks import CHECKS, CheckError, NotHereError, Subject
from .report import FAIL, PASS, SKIP, Check, Report


def selftest(
    device: Any,
    config: Config,
    name: str,
    *,
    seed: int = 0,
    timeout: float = 60.0,
    report: Callable[[Check], None] | None = None,
) -> Report:
    """Check a device from its identity to a training step.

    What the machine held is lost. A check that fails does not keep the others from running; a device that is no machine at
    all does.

    Parameters
    ----------
    config : Config
        The configuration for which the device was built.
    name : str
        Name of the device, for the report.
    timeout : float
        Seconds that a wait may last without progress.
    report : callable, optional
        Told each check when it is done.
    """
    found = Report(
        {"device": name, "config": config.name, "seed": seed, "versions": versions(), "machine": processor()}
    )

    def note(check: Check) -> None:
        found.checks.append(check)
        if report is not None:
            report(check)

    try:
        machine = Accelerator(device, config, timeout=timeout)
    except BsffError as error:
        note(Check("identity", FAIL, str(error), 0.0))
        return found
    subject = Subject(machine, device, config, seed)
    for title, check in CHECKS:
        before = time.perf_counter()
        try:
            verdict, detail = PASS, check(subject)
        except NotHereError as error:
            verdict, detail = SKIP, str(error)
        except (CheckError, BsffError) as error:
            verdict, detail = FAIL, str(error)
        note(Check(title, verdict, detail, round(time.perf_counter() - before, 3)))
    return found
