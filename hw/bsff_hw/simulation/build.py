"""Compiles Verilog into a shared library, once for each text."""

import hashlib
import json
import os
import platform
import shutil
import sys
from pathlib import Path

from bsff.errors import DeviceError
from bsff.tools import process
from bsff.tools.cache import VARIABLE, cache_folder
from bsff.tools.files import part
from bsff.tools.lock import locked

from .runtime import Runtime
from .toolchain import Verilator, check_compiler, find_verilator

LIBRARY = "libbsff.so"
"""Name of the shared library in its folder."""
BUILD_SECONDS = 3600.0
"""Longest time that a build, or the wait for another process's, may take."""
HARNESS = Path(__file__).with_name("harness.cpp")
"""What drives the machine's AXI ports; `library` has its interface."""
LINE = HARNESS.with_name("line.cpp")
"""What drives the two pins of a machine behind a serial line."""
_SHARED = HARNESS.with_name("simulator.h")
_QUOTED_LINES = 12
_LINES_BEFORE = 3  # a linker names the cause before it says "error"
_FLAGS = (
    "--cc", "--exe", "--build", "-j", "2",
    "--top-module", "bsff", "--prefix", "Vbsff", "--Mdir", "obj", "-o", LIBRARY,
    "-O3", "--x-assign", "unique", "--x-initial", "unique", "--no-timing",
    "--timescale-override", "1ns/1ns",
    "--output-split", "20000",  # large designs become many files, which -j compiles side by side
    "-Wno-fatal",  # the text is generated: its warnings are for the log
    # hidden symbols, bound within: several machines and Verilator's library may share a process
    "-CFLAGS", "-std=c++17 -fPIC -fvisibility=hidden -DVL_TIME_CONTEXT -DVL_USER_FATAL -DVL_USER_STOP -DVL_USER_FINISH",
    "-LDFLAGS", "-shared -Wl,-Bsymbolic -Wl,-z,defs",
)  # fmt: skip
# the package names the tools of the machine on which it was made; only what runs every cycle is worth optimising, and
# -O2 compiled a third longer for no more cycles a second (`bsff bench digits-small --samples 60`)
_MAKE = "CXX=g++ LINK=g++ AR=ar PYTHON3=python3 CFG_CXXFLAGS_PCH_I=-include OPT_FAST=-O1 OPT_GLOBAL=-O1 OPT_SLOW=-O0"
_UNITED = " VM_PARALLEL_BUILDS=0"
"""Compile all files of a design as one: a third less work than files and precompiled headers, but for one processor only."""
SMALL = 1_500_000
"""Letters of Verilog up to which a design is compiled so."""

_TOGGLES = ("--coverage-toggle", "--coverage-max-width", "4096", "--coverage-underscore")


def cache_root() -> Path:
    """Folder of all builds: `bsff.tools.cache.cache_folder`.

    Raises
    ------
    DeviceError
        If make could not build in it.
    """
    root = cache_folder()
    if any(character.isspace() for character in str(root)):
        raise DeviceError(
            f"cache folder {str(root)!r}: make cannot build in a folder whose name has a space; "
            f"set {VARIABLE} to one without"
        )
    return root


def build(
    verilog: str,
    *,
    trace: bool,
    toggles: bool = False,
    quick: bool = False,
    harness: Path = HARNESS,
    timeout: float = BUILD_SECONDS,
) -> Path:
    """The shared library of a design, compiled unless an earlier call has done so.

    A build takes its name only when it is complete. Two processes that want the same one compile it once.

    Parameters
    ----------
    verilog : str
        Text whose top module is ``bsff``.
    trace : bool
        Whether it can write waves, which makes it slower.
    toggles : bool
        Whether it counts how often each bit changes, which makes it several times slower.
    quick : bool
        Whether it is compiled without optimisation: a third of the work, for what runs few cycles.
    harness : Path
        The C++ file that drives the design's ports.
    timeout : float
        Seconds that the build may take, and that another process's is waited for.

    Returns
    -------
    Path

    Raises
    ------
    DeviceError
        If a tool is missing, the design does not compile, or time runs out.
    """
    verilator = find_verilator()
    flags = [*_FLAGS, *(["--trace-fst"] if trace else []), *(_TOGGLES if toggles else [])]
    runtime = Runtime(cache_root(), [verilator.version, platform.machine(), _MAKE, *flags])
    make = _MAKE.replace("OPT_FAST=-O1", "OPT_FAST=-O0") if quick else _MAKE
    flags += ["-MAKEFLAGS", make + (_UNITED if len(verilog) <= SMALL else "")]
    key = _key(verilog, harness, flags, verilator.version)
    root = cache_root()
    folder = root / f"verilated-{key}"
    library = folder / LIBRARY
    if library.is_file():
        return library
    check_compiler(trace=trace)
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = root / f"verilated-{key}.lock"
        refusal = DeviceError(
            f"{lock}: another process has held this lock for {timeout:g} s, so its build hangs or is very slow; "
            "wait for it or end it, then try again"
        )
        with locked(lock, timeout=process.patient(timeout), refusal=refusal):
            if not library.is_file():
                # nobody else builds this one now, so what lies here was left by a process that was killed
                for left in (folder, *root.glob(f".verilated-{key}.*.part")):
                    shutil.rmtree(left, ignore_errors=True)
                _compile(verilog, harness, [str(verilator.program), *flags], verilator, runtime, folder, timeout)
    except OSError as error:
        raise DeviceError(
            f"cannot build the simulator in {root}: {error}; make room or set {VARIABLE} to another folder"
        ) from error
    return library


def _key(verilog: str, harness: Path, flags: list[str], version: str) -> str:
    """Hash of everything that the library depends on."""
    sources = [path.read_text(encoding="utf-8") for path in (harness, _SHARED)]
    parts = [verilog, sources, flags, version, platform.machine()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _compile(
    verilog: str,
    harness: Path,
    command: list[str],
    verilator: Verilator,
    runtime: Runtime,
    folder: Path,
    timeout: float,
) -> None:
    """Build beside `folder`, then take its name in one step."""
    print(f"bsff: compiling the simulated machine, once for this network, into {folder}", file=sys.stderr, flush=True)
    work = part(folder)
    work.mkdir()  # not by tempfile, whose folders only their owner may enter
    log = folder.with_suffix(".log")
    try:
        (work / "bsff.v").write_text(verilog, encoding="utf-8")
        for source in (harness, _SHARED):
            shutil.copyfile(source, work / source.name)
        runtime.lend(work / "obj")
        ended = process.run(
            [*command, "bsff.v", harness.name],
            folder=work,
            environment=verilator.environment(),
            timeout=timeout,
            log=work / "build.log",
        )
        if ended.status != 0:
            os.replace(work / "build.log", log)
            how = f"did not finish within {timeout:g} s" if ended.status is None else "failed"
            raise DeviceError(
                f"compiling the simulated machine {how}:\n{_words(log)}\nThe full log is {log}. Is the disk or the "
                "memory full? If not, it is a fault of the gateware: report it with the log"
            )
        runtime.keep(work / "obj")
        _keep_only_library(work)
        try:
            os.rename(work, folder)
        except OSError:
            if not (folder / LIBRARY).is_file():
                raise
            # a file system without locks: another process was faster, and its library is as good
        log.unlink(missing_ok=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _words(log: Path) -> str:
    """What the tools complained about: around the first error, else the end."""
    lines = process.words(log)
    errors = [number for number, line in enumerate(lines) if "%Error" in line or "error:" in line]
    start = errors[0] - _LINES_BEFORE if errors else len(lines) - _QUOTED_LINES
    return "\n".join(lines[max(start, 0) :][:_QUOTED_LINES])


def _keep_only_library(work: Path) -> None:
    """Leave the library, the Verilog and the log; the object files of a large design take hundreds of megabytes."""
    os.replace(work / "obj" / LIBRARY, work / LIBRARY)
    shutil.rmtree(work / "obj")
    with (work / LIBRARY).open("rb") as file:
        os.fsync(file.fileno())  # else a power cut could leave the name without the bytes
