"""Sensors on fake trees of the kernel and a simulated I2C bus; unplugged ones say so."""

from __future__ import annotations

import errno
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from power_helpers import Bus

from bsff.errors import PowerError
from bsff.instruments.power import Accuracy, hwmon, iio, scan
from bsff.instruments.power.ina import CHIPS, Ina, open_ina
from bsff.instruments.power.response import CLOCK
from bsff.instruments.power.scan import choose


def tree(root: Path, **files: Any) -> Path:
    root.mkdir(parents=True)
    for name, value in files.items():
        (root / name).write_text(f"{value}\n")
    return root


def at(folder: Path, place: str) -> None:
    """Put the device of a class folder at a place of a bus, as the kernel's link does."""
    device = folder.parents[1] / "devices" / place
    device.mkdir(parents=True)
    (folder / "device").symlink_to(device)


@pytest.fixture
def kernel(tmp_path: Path) -> dict[str, Path]:
    hwmon = tmp_path / "hwmon"
    tree(
        hwmon / "hwmon0",
        name="ina260_u14",
        power1_input=4_250_000,
        power1_label="SOM",
        in1_input=5000,
        update_interval=16884,
    )
    tree(hwmon / "hwmon1", name="ina226", in0_input=8, in1_input=850, curr1_input=2000, update_interval=2)
    tree(hwmon / "hwmon2", name="cpu_thermal", temp1_input=51000)
    tree(hwmon / "hwmon3", name="irps5401", in1_input=12000, curr1_input=100, curr2_input=500, in2_input=900)
    tree(hwmon / "hwmon4", name="ina226_u76", in0_input=8, in1_input=500, curr1_input=100)
    tree(hwmon / "hwmon5", name="power_meter", power1_average=7_000_000, power1_average_interval=1000)
    tree(hwmon / "hwmon6", name="ltc2947", energy1_input=90_000_000, energy1_label="board", power1_input=1_250_000)
    tree(hwmon / "hwmon7", name="twin", power1_input=1_000_000)
    tree(hwmon / "hwmon8", name="twin", power1_input=2_000_000)
    for number, place in (
        (0, "1-0040"),
        (1, "3-0041"),
        (3, "3-0044"),
        (4, "3-0045"),
        (5, "ACPI000D:00"),
        (6, "spi0.0"),
    ):
        at(hwmon / f"hwmon{number}", place)
    tree(tmp_path / "iio/iio:device0", name="xadc", in_voltage0_raw=100)
    tree(
        tmp_path / "devices/i2c-1/1-0048/iio:device1",
        name="ina226x", in_power2_raw=40, in_power2_scale=12.5, in_voltage1_raw=9, in_sampling_frequency=100,
    )  # fmt: skip
    (tmp_path / "iio/iio:device1").symlink_to(tmp_path / "devices/i2c-1/1-0048/iio:device1")
    tree(tmp_path / "iio/iio:device2", name="other", in_power0_raw=10, in_power0_scale=100, in_power0_offset=-2)
    tree(tmp_path / "iio/iio:device3", name="ready", in_power0_input=1500)
    tree(tmp_path / "rapl/intel-rapl:0", name="package-0", energy_uj=5_000_000, max_energy_range_uj=262_143_328_850)
    tree(tmp_path / "rapl/intel-rapl:0:0", name="core", energy_uj=1_000_000, max_energy_range_uj=262_143_328_850)
    tree(tmp_path / "rapl/intel-rapl-mmio:0", name="package-0", energy_uj=5_000_000)
    tree(tmp_path / "rapl/dtpm", name="dtpm")
    return {"hwmon_root": hwmon, "iio_root": tmp_path / "iio", "rapl_root": tmp_path / "rapl"}


def test_every_sensor_of_the_kernel(kernel: dict[str, Path]) -> None:
    found = {sensor.name: sensor for sensor in scan(**kernel)}
    assert {name: pytest.approx(sensor.read()) for name, sensor in found.items()} == {
        "hwmon:ina260_u14@1-0040/power1": 4.25,
        "hwmon:ina226@3-0041/in1*curr1": 1.7,  # not in0, which is the shunt's voltage
        "hwmon:irps5401@3-0044/in1*curr1": 1.2,
        "hwmon:irps5401@3-0044/in2*curr2": 0.45,
        "hwmon:ina226_u76@3-0045/in1*curr1": 0.05,
        "hwmon:power_meter@ACPI000D:00/power1_average": 7.0,
        "hwmon:ltc2947@spi0.0/energy1": 90.0,
        "hwmon:ltc2947@spi0.0/power1": 1.25,
        "hwmon:twin/power1": 1.0,
        "hwmon:twin#2/power1": 2.0,
        "iio:ina226x@1-0048/in_power2": 0.5,
        "iio:other/in_power0": 0.8,
        "iio:ready/in_power0": 1.5,
        "rapl:package-0": 5.0,
        "rapl:package-0/core": 1.0,  # not again by the memory-mapped interface
    }
    som, ina = found["hwmon:ina260_u14@1-0040/power1"], found["hwmon:ina226@3-0041/in1*curr1"]
    assert som.what == "ina260_u14 SOM"
    energy, beside = found["hwmon:ltc2947@spi0.0/energy1"], found["hwmon:ltc2947@spi0.0/power1"]
    assert energy.what == "ltc2947 board"
    assert (energy.wraps, beside.wraps) == (hwmon.OVERFLOWS, None)
    assert ina.accuracy.shunt == 0.01
    assert found["hwmon:irps5401@3-0044/in1*curr1"].accuracy == hwmon.UNKNOWN
    # the place on the board, which a device tree appends, hides no model
    assert found["hwmon:ina226_u76@3-0045/in1*curr1"].accuracy == ina.accuracy
    assert som.accuracy.gain == 0.008
    assert next(iter(found)).startswith("hwmon")


def test_what_the_kernel_says_of_a_sensors_speed(kernel: dict[str, Path]) -> None:
    found = {sensor.name.partition(":")[2]: sensor.response for sensor in scan(**kernel)}
    periods = {name: response and response.period for name, response in found.items()}
    assert periods["ina260_u14@1-0040/power1"] == pytest.approx(16.884 * CLOCK)
    assert periods["ina226@3-0041/in1*curr1"] == pytest.approx(0.002 * CLOCK)
    assert periods["power_meter@ACPI000D:00/power1_average"] == pytest.approx(1.0 * CLOCK)
    assert periods["ina226x@1-0048/in_power2"] == pytest.approx(0.01 * CLOCK)
    assert periods["irps5401@3-0044/in1*curr1"] is periods["ready/in_power0"] is None
    slow = found["ina260_u14@1-0040/power1"]
    assert slow is not None
    assert slow.reach == pytest.approx(2 * slow.period)
    assert slow.source == "update_interval 16884 ms"
    (kernel["hwmon_root"] / "hwmon0/update_interval").write_text("banana")
    assert hwmon.find(kernel["hwmon_root"])[0].response is None


def test_a_name_outlives_a_reboot(kernel: dict[str, Path]) -> None:
    """The kernel numbers its devices as it finds them."""
    before = {sensor.name: sensor.read() for sensor in hwmon.find(kernel["hwmon_root"])[:2]}
    root = kernel["hwmon_root"]
    (root / "hwmon0").rename(root / "other")
    (root / "hwmon1").rename(root / "hwmon0")
    (root / "other").rename(root / "hwmon1")
    assert {sensor.name: sensor.read() for sensor in hwmon.find(root)[:2]} == before


def test_no_kernel_sensors(tmp_path: Path) -> None:
    assert scan(hwmon_root=tmp_path / "no", iio_root=tmp_path / "nor", rapl_root=tmp_path / "or") == []
    assert choose(None, []) is None


def test_an_unplugged_sensor_says_so(kernel: dict[str, Path]) -> None:
    power, product = hwmon.find(kernel["hwmon_root"])[:2]
    channel = iio.find(kernel["iio_root"])[0]
    for sensor, path in (
        (power, kernel["hwmon_root"] / "hwmon0/power1_input"),
        (product, kernel["hwmon_root"] / "hwmon1/curr1_input"),
        (channel, kernel["iio_root"] / "iio:device1/in_power2_raw"),
    ):
        path.unlink()
        with pytest.raises(PowerError, match=rf"{path.name}: cannot be read .* was the sensor unplugged"):
            sensor.read()
        path.write_text("banana")
        with pytest.raises(PowerError, match="cannot be read"):
            sensor.read()


@pytest.mark.parametrize("chip", CHIPS)
def test_ina(chip: str) -> None:
    power = 0.0
    bus = Bus(chip, lambda: power)
    sensor = Ina(bus, 1, 0x41, chip)
    for power in (0.0, 0.4, 2.5, 7.77, -1.25):
        assert sensor.read() == pytest.approx(power, abs=0.004 if chip != "ina219" else 0.01)
    assert {address for address, _ in bus.asked} == {0x41}
    assert sensor.name == f"{chip}:1/0x41"
    bus.broken = True
    bus.reason = errno.EBUSY
    with pytest.raises(PowerError, match=rf"{chip}:1/0x41: a driver of the kernel holds this chip; name it as"):
        sensor.read()
    bus.reason = errno.EREMOTEIO
    with pytest.raises(PowerError, match=rf"{chip}:1/0x41: no answer on I2C .*Remote I/O error.* check the wires"):
        sensor.read()


def test_accuracy_of_a_chip_counts_its_shunt() -> None:
    outer = Ina(Bus("ina226", float), 1, 0x40, "ina226", shunt_ohms=0.005, shunt_tolerance=0.02, volts=12).accuracy
    assert (outer.gain, outer.offset) == pytest.approx((0.002 * 2**0.5, 10e-6 / 0.005 * 12))
    assert (outer.shunt, outer.linearity, outer.curvature) == (0.02, None, outer.gain)
    inner = Ina(Bus("ina260", float), 1, 0x40, "ina260").accuracy
    assert inner.shunt == 0
    assert inner.offset == pytest.approx(7.5e-3 * 5)


def test_another_chip_at_the_address_is_refused() -> None:
    with pytest.raises(PowerError, match=r"ina260:0/0x40: identifies itself as 0x5449 0x2260, ina260 is 0x5449 0x2270"):
        Ina(Bus("ina226", float), 0, 0x40, "ina260")
    with pytest.raises(PowerError, match="chip 'ina3221': expected one of ina219, ina226, ina260"):
        Ina(Bus("ina226", float), 0, 0x40, "ina3221")
    with pytest.raises(PowerError, match="shunt of 0 ohms"):
        Ina(Bus("ina226", float), 0, 0x40, "ina226", shunt_ohms=0)


def test_chips_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def bus(number: int) -> Bus:
        if number == 9:
            raise FileNotFoundError(2, "No such file")
        return Bus("ina226", lambda: 1.0)

    monkeypatch.setitem(sys.modules, "smbus2", types.SimpleNamespace(SMBus=bus))
    sensor = choose("ina226:1/0x40", [], shunt_ohms=0.01)
    assert sensor is not None
    assert sensor.read() == pytest.approx(1, abs=0.01)
    for text in ("ina226", "ina226:x/0x40", "ina226:1"):
        with pytest.raises(PowerError, match="expected chip:bus/address, such as ina226:1/0x40"):
            open_ina(text)
    with pytest.raises(PowerError, match=r"/dev/i2c-9 cannot be opened .* load i2c-dev"):
        open_ina("ina226:9/0x40")
    monkeypatch.setitem(sys.modules, "smbus2", None)
    with pytest.raises(PowerError, match="I2C needs smbus2, which is not installed: pip install smbus2"):
        open_ina("ina226:1/0x40")


def test_sensors_by_name(kernel: dict[str, Path]) -> None:
    found = scan(**kernel)
    assert choose(None, found[:1]) is found[0]
    assert choose("iio:ready/in_power0", found) is found[12]
    with pytest.raises(
        PowerError, match=r"which of 15 sensors\? .* with --sensor, one of hwmon:ina260_u14@1-0040/power1, "
    ):
        choose(None, found)
    with pytest.raises(
        PowerError, match=r"sensor 'wattmeter': not found; there are: hwmon:ina260_u14@1-0040/power1, .*On I2C name"
    ):
        choose("wattmeter", found)


@pytest.mark.parametrize("values", [(-0.1, 0.0), (0.0, float("inf")), (0.0, 0.0, float("nan"))])
def test_impossible_accuracies_are_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="expected a number from 0 on"):
        Accuracy(*values)
