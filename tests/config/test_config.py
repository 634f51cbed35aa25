"""Configurations: the built-in ones are good; a bad file gets one sentence that names key, value and what is allowed."""

from pathlib import Path

import pytest

from bsff import config
from bsff.config import CLASSES_MAX, parse
from bsff.contract.check import check
from bsff.contract.formats import LABEL_WIDTH
from bsff.contract.geometry import geometry
from bsff.errors import ConfigError
from bsff.machine.devices.emulated import EmulatedDevice

GOOD = "[[layer]]\nchannels = 20\n"


@pytest.mark.parametrize("name", config.names())
def test_built_in_configurations_are_good(name: str) -> None:
    chosen = config.load(name)
    assert chosen.name == name
    check(chosen)


def test_toml_and_json_round_trips(tmp_path: Path) -> None:
    chosen = config.load("mnist-small")
    path = tmp_path / "mnist-small.toml"
    path.write_text(config.dumps(chosen))
    assert config.load(path) == chosen
    assert config.parse(chosen.to_dict()) == chosen


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "layer: expected at least one table [[layer]]"),
        ("[[layer]]\nchannel = 20\n", "layer[1].channel: unknown key; allowed are kind, channels, kernel"),
        ("[[layer]]\nchannels = 25\n", "layer[1].channels = 25: expected a multiple of 10, one group per class"),
        ("[[layer]]\nchannels = true\n", "layer[1].channels = true: expected a whole number from 2 to 4096"),
        ("[[layer]]\nstep = -1\n", "layer[1].step = -1: expected a number from 0.0 to 16.0"),
        ('[[layer]]\nkind = "pool"\n', 'layer[1].kind = "pool": expected one of "conv", "dense"'),
        ("[[layer]]\npool = 3\n", "layer[1].pool = 3: expected one of 1, 2"),
        ("[[layer]]\nkernel = 2\npadding = 2\n", "layer[1].padding = 2: expected less than kernel = 2"),
        ("[[layer]]\ngroups = 10\n", "layer[1].groups = 10: expected 1 where the input has no 10 class groups"),
        ("[[layer]]\nweight_bits = 8\nfraction_bits = 8\n", "layer[1].fraction_bits = 8: expected less than weight_bits = 8"),
        ("[[layer]]\nstart_epoch = 3\nstop_epoch = 3\n", "layer[1].stop_epoch = 3: expected 0 or more than start_epoch = 3"),
        ("[[layer]]\nchannels = 30\nlanes = 7\n", "layer[1].lanes = 7: expected a divisor of 30 channels per group"),
        (GOOD + "[data]\nlevels = [90, 80]\n", "data.levels = [90, 80]: expected rising values without repeats"),
        (GOOD + "[data]\nlevels = []\n", "data.levels = []: expected at least one threshold"),
        (GOOD + "[data]\nlevels = [1, 2]\n", 'data.levels = [1, 2]: expected one value with encoding "threshold"'),
        (GOOD + "[head]\nenabled = false\n", 'training.predictor = "head": expected "goodness" while head.enabled = false'),
        (GOOD + "[training]\nepochs = 0\n", "training.epochs = 0: expected a whole number from 1 to 100000"),
        (GOOD + "[trainig]\n", "trainig: unknown key; allowed are name, data, layer, head, training"),
        ("layer = 3\n", "layer: expected at least one table [[layer]]"),
        (GOOD + "data = 3\n", None),
        ("[[layer]\n", "not valid TOML"),
    ],
)  # fmt: skip
def test_a_bad_file_gets_one_clear_sentence(tmp_path: Path, text: str, message: str | None) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        config.load(path)
    if message is not None:
        assert message in str(error.value)
    assert str(error.value).startswith(("mine: ", f"{path}: "))
    assert "\n" not in str(error.value).strip() or "TOML" in str(error.value)


def test_a_missing_name_lists_what_there_is() -> None:
    with pytest.raises(ConfigError, match=r"mnits: no such configuration; built in are .*mnist-small"):
        config.load("mnits")
    with pytest.raises(ConfigError, match=r"no/where\.toml: cannot be read"):
        config.load("no/where.toml")


def test_without_a_toml_reader_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bsff.config.files._toml", lambda: None)
    with pytest.raises(ConfigError, match=r"digits\.toml: reading TOML needs Python 3\.11 or `pip install tomli`"):
        config.load("digits")


def test_a_map_that_vanishes_is_refused() -> None:
    layers = [{"channels": 10, "pool": 2, "kernel": 5, "padding": 0} for _ in range(3)]
    with pytest.raises(ConfigError, match=r"layer\[2\] makes a map of 0x0 from 2x2: expected at least 1x1"):
        geometry(config.parse({"layer": layers}))


def test_a_step_that_the_hardware_cannot_hold_is_refused() -> None:
    chosen = config.parse({"layer": [{"channels": 10, "step": 15.0}]}, source="big")
    with pytest.raises(
        ConfigError, match=r"big: layer\[1\]\.step = 15: expected 0 to 0\.999985 with fraction_bits = 8"
    ):
        check(chosen)
    table = {"layer": [{"channels": 10, "step": 0.5, "tile": 15}], "data": {"dataset": "mnist"}}
    with pytest.raises(
        ConfigError,
        match=r"wide: layer\[1\]\.step = 0\.5: expected at most 0\.17\d+ for a layer whose sums reach 11760",
    ):
        check(config.parse(table, source="wide"))


def test_a_sum_that_could_overflow_is_refused() -> None:
    layers = [{"channels": 400, "tile": 15, "kernel": 3}, {"kind": "dense", "channels": 10, "weight_bits": 16}]
    chosen = config.parse({"layer": layers, "data": {"dataset": "mnist"}}, source="deep")
    with pytest.raises(ConfigError, match=r"weight_bits = 16: 313600 taps of up to 15 need 39 bits to add up"):
        check(chosen)
    with pytest.raises(ConfigError, match="need 39 bits to add up"):
        EmulatedDevice(chosen)


def test_base_network_has_the_weights_that_the_design_counts() -> None:
    assert geometry(config.load("mnist")).weights == 278_100


def test_settings_replace_keys() -> None:
    chosen = config.override(config.load("mnist-small"), ["layer.temperature=5", "layer[2].tile=3", "data.encoding=thermometer", "head.pool=2",
                                                          "data.levels=[64, 128]", "head.enabled=true"])  # fmt: skip
    assert [layer.temperature for layer in chosen.layers] == [5.0, 5.0, 5.0]
    assert [layer.tile for layer in chosen.layers] == [1, 3, 1]
    assert chosen.data.levels == (64, 128)
    assert chosen.head.pool == (2,)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("layer[4].tile=3", r"--set layer\[4\]\.tile=3: expected layer\[1\] to layer\[3\]"),
        ("tile=3", "--set tile=3: expected section.key=value"),
        ("data[1].levels=3", "expected section.key=value"),
        ("head.pool=3", "head.pool = 3: expected one of 1, 2, 4"),
        ("head.pool=[2, 3]", r"head.pool = \[2, 3\]: expected one of 1, 2, 4"),
        ("head.pool=[2, 2]", r"head.pool = \[2, 2\]: expected one number, or one for each of 1 maps"),
        ("head.layers=[2, 4]", r"head.layers = \[2, 4\]: expected rising numbers of layers from 1 to 3"),
        ("head.layers=[3, 2]", r"head.layers = \[3, 2\]: expected rising"),
        ("layer.noise=0", r"layer\[1\].noise = 0: expected a number from 0.03125 to 4.0"),
        ("head.stride=3", "head.stride: unknown key"),
    ],
)
def test_bad_settings_are_explained(setting: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config.override(config.load("mnist-small"), [setting])


def own(**data: object) -> dict[str, object]:
    """A network of two layers on data of one's own."""
    return {"data": {"dataset": "own", **data}, "layer": [{"channels": 12}, {"channels": 6}]}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"classes": 1}, "data.classes = 1: expected at least 2"),
        ({"classes": 257}, "data.classes = 257: expected a whole number from 0 to 256"),
        ({"input": [4, 4]}, r"data.input = \[4, 4\]: expected \[height, width, colours\]"),
        ({"classes": 5, "input": [4, 4, 1]}, r"layer\[1\].channels = 12: expected a multiple of 5"),
        ({"dataset": "mnist", "input": [8, 8, 1]}, r"data.input = \[8, 8, 1\]: MNIST has \[28, 28, 1\]; leave it out"),
        ({"dataset": "mnist", "classes": 3}, "data.classes = 3: MNIST has 10; leave it out"),
    ],
)
def test_classes_and_shapes_that_cannot_be(data: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse(own(**data))


def test_groups_are_as_many_as_classes() -> None:
    table = own(classes=3, input=[4, 4, 1])
    table["layer"][1]["groups"] = 3  # type: ignore[index]
    assert geometry(parse(table)).layers[1].taps == 9 * 12 // 3
    table["layer"][1]["groups"] = 6  # type: ignore[index]
    with pytest.raises(ConfigError, match=r"layer\[2\].groups = 6: expected 1 or 3, the number of classes"):
        parse(table)


def test_shapes_left_to_the_data_are_asked_for_when_they_are_needed() -> None:
    config = parse(own())
    with pytest.raises(ConfigError, match=r"data.input = \[\] and data.classes = 0: expected both"):
        geometry(config)


def test_a_map_of_one_row_has_kernels_padding_and_pools_of_one_row() -> None:
    table = own(classes=3, input=[1, 50, 2])
    table["layer"] = [{"channels": 6, "kernel": 5, "padding": 2, "pool": 2}, {"channels": 3, "kernel": 3, "pool": 2}]
    first, second = geometry(parse(table)).layers
    assert (first.kernel, first.padding, first.pool, first.taps) == ((1, 5), (0, 2), (1, 2), 10)
    assert (first.conv, first.output, second.output) == ((1, 50, 6), (1, 25, 6), (1, 12, 3))


def test_labels_of_the_most_classes_fit_their_width() -> None:
    assert CLASSES_MAX == 2**LABEL_WIDTH


def test_widths_that_long_rows_can_pass_are_refused() -> None:
    dense = {"kind": "dense", "channels": 4, "weight_bits": 8, "fraction_bits": 4}
    data = {"dataset": "own", "classes": 2, "input": [2900, 2900, 1]}
    with pytest.raises(ConfigError, match=r"its input map can hold 8,410,000 ones, expected at most 8,388,607"):
        check(parse({"data": data, "layer": [dense]}))
    data["input"] = [1, 4096, 9]
    with pytest.raises(ConfigError, match="the changes of 36864 taps need 33 bits"):
        check(parse({"data": data, "layer": [{**dense, "weight_bits": 16}]}))
    head = {"weight_bits": 18, "fraction_bits": 2}
    with pytest.raises(ConfigError, match=r"head\.weight_bits = 18: logits of 4,000 inputs of up to 1 need 35 bits"):
        check(
            parse(
                {
                    "data": {**data, "input": [1, 2000, 1]},
                    "layer": [{"channels": 2, "kernel": 1, "padding": 0}],
                    "head": head,
                }
            )
        )
