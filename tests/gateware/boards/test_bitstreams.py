"""The bitstreams of the repository: whole, of the part and the network that their manifests name, and of this version."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from bsff.config import load
from bsff.contract.registers import ABI_VERSION, build_hash
from bsff_hw.boards import board
from bsff_hw.boards.ecp5 import platform
from bsff_hw.boards.flash import checked
from bsff_hw.tools import installed

ROOT = Path(__file__).resolve().parents[3] / "bitstreams"
SMALLEST = "ecpix5-85f-digits-tiny"
FOLDERS = sorted(path.parent.name for path in ROOT.glob("*/manifest.json"))


def test_there_are_some() -> None:
    assert {SMALLEST, "ulx3s-85f-digits-small", "ulx3s-85f-mnist-ecp5"} <= set(FOLDERS)


@pytest.mark.parametrize("name", FOLDERS)
def test_the_table_says_what_the_manifest_says(name: str) -> None:
    manifest = json.loads((ROOT / name / "manifest.json").read_text())
    [row] = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith(f"| `{name}`")]
    build = f"`bsff build {manifest['config']} --board {manifest['board']} --mhz {manifest['clock_mhz']}"
    if manifest["seed"] != 1:
        build += f" --place-seed {manifest['seed']}"
    if manifest["placer"] != "heap":
        build += f" --placer {manifest['placer']}"
    cells = [f"{manifest['used'][kind]:,} {kind}" for kind in ("TRELLIS_COMB", "TRELLIS_FF", "DP16KD", "MULT18X18D")]
    told = [cell.strip() for cell in row.split("|")[2:6]]
    assert told == [f"{build}`", f"{manifest['clock_mhz']} MHz", f"{manifest['reached_mhz']:.1f} MHz", ", ".join(cells)]


@pytest.mark.parametrize("name", FOLDERS)
def test_the_manifest_is_that_of_the_bitstream(name: str) -> None:
    manifest = checked(ROOT / name)
    jsonschema.validate(manifest, json.loads((ROOT / "manifest.schema.json").read_text()))
    assert f"{manifest['board']}-{manifest['config']}" == name
    assert manifest["abi"] == ABI_VERSION, "build it again with `bsff build`"
    assert manifest["build"] == f"0x{build_hash(load(ROOT / name / 'config.toml')):08x}"
    assert manifest["reached_mhz"] >= manifest["clock_mhz"]
    assert not manifest["commit"].endswith("+")


@pytest.mark.slow
@pytest.mark.parametrize("name", FOLDERS)
def test_it_is_for_the_part(name: str, tmp_path: Path) -> None:
    """ecpunpack reads the IDCODE, and finds the part whose frames these are."""
    program = installed("yowasp-ecpunpack")
    assert program is not None
    bit = tmp_path / "bsff.bit"
    bit.write_bytes((ROOT / name / "bsff.bit").read_bytes())
    order = [program, "--input", bit.name, "--textcfg", "text"]
    subprocess.run(order, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    found = json.loads((ROOT / name / "manifest.json").read_text())
    described = platform(board(found["board"]))
    text = (tmp_path / "text").read_text()
    assert f".device {described.device}" in text.splitlines()
    package = described._nextpnr_package_options[described.package].upper()
    assert f".comment Part: {described.device}-{described.speed}{package}" in text
    damaged = bytearray(bit.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    bit.write_bytes(bytes(damaged))
    assert hashlib.sha256(damaged).hexdigest() != found["files"]["bsff.bit"]
    assert subprocess.run(order, cwd=tmp_path, capture_output=True, timeout=300, check=False).returncode != 0  # its CRC


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_the_smallest_is_built_again_to_the_byte(tmp_path: Path) -> None:
    """By the command that its manifest tells; with other versions of the tools there is nothing to compare."""
    kept = json.loads((ROOT / SMALLEST / "manifest.json").read_text())
    command = [sys.executable, "-m", "bsff", "build", kept["config"], "--board", kept["board"]]
    command += ["--mhz", str(kept["clock_mhz"]), "--place-seed", str(kept["seed"]), "--placer", kept["placer"]]
    command += ["--out", str(tmp_path / "again")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stderr
    made = json.loads((tmp_path / "again" / "manifest.json").read_text())
    assert made["version"] == kept["version"], "other tools: constraints.txt names those of the repository"
    assert made["files"]["bsff.bit"] == kept["files"]["bsff.bit"], "build it again, it is of another gateware"
