"""Simulators that a machine may lack."""

from __future__ import annotations

import os

import pytest

import harness


def need(simulator: str) -> None:
    """Skip the test where Icarus is not installed; in CI, which installs it, fail instead."""
    if simulator == "icarus" and not harness.available(simulator) and "CI" not in os.environ:
        pytest.skip("no iverilog: apt-get install iverilog")
