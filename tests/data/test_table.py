"""Own data in a text file of features."""

import numpy as np
import pytest

from bsff.config import DataConfig
from bsff.data import load_dataset
from bsff.errors import DataError

FLOWERS = [(i, 100 - 3 * i, "setosa" if i % 2 else "virginica") for i in range(20)]


def load(path, **keys):
    return load_dataset(DataConfig(dataset="own", path=str(path), **keys))


def write(path, rows, delimiter=",", header=None):
    lines = [delimiter.join(map(str, row)) for row in ([header] if header else []) + rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def check(data):
    assert data.classes == ("setosa", "virginica")
    assert data.train_images.shape == (16, 1, 2, 1)
    assert data.scaling.rule == "quantiles"
    rows = np.concatenate([data.train_images, data.test_images]).reshape(20, 2).tolist()
    labels = np.concatenate([data.train_labels, data.test_labels]).tolist()
    expected = data.scaling.apply(np.array([row[:2] for row in FLOWERS], dtype=float)).tolist()
    assert sorted(zip(rows, labels, strict=True)) == sorted(zip(expected, [1, 0] * 10, strict=True))
    assert len(set(map(tuple, rows))) > 14


@pytest.mark.parametrize("delimiter", [",", ";", "\t", ", "])
@pytest.mark.parametrize("header", [None, ("length", "width", "species")])
def test_delimiters_and_headers(tmp_path, delimiter, header):
    check(load(write(tmp_path / "d.csv", FLOWERS, delimiter, header)))


@pytest.mark.parametrize("name", ["label", "Class", "TARGET", "y"])
@pytest.mark.parametrize("column", [0, 1])
def test_a_label_column_by_name(tmp_path, name, column):
    rows = [(*r[:column], r[2], *r[column:2]) for r in FLOWERS]
    header = ("a", "b")
    check(load(write(tmp_path / "d.tsv", rows, "\t", (*header[:column], name, *header[column:]))))


def test_windows_files_quotes_and_empty_lines(tmp_path):
    lines = [f'{a}, "{b}",{c}\r\n' for a, b, c in FLOWERS]
    text = '\ufeff"length, mm","width","species"\r\n\r\n' + "\r\n".join(lines)
    (tmp_path / "d.csv").write_bytes(text.encode("utf-8"))
    check(load(tmp_path / "d.csv"))


def test_numbers_as_labels_are_sorted_as_numbers(tmp_path):
    rows = [(i, label) for i in range(8) for label in (10, 9, "2.0")]
    data = load(write(tmp_path / "d.csv", rows))
    assert data.classes == ("2", "9", "10")
    assert load(write(tmp_path / "d.csv", rows, header=("x", "y"))).classes == ("2", "9", "10")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "no line in it; expected one sample a line"),
        ("a,b,label\n", "a header but no sample"),
        ("1\n2\n", "one column in the first line"),
        ("1,2,a\n1,,b\n", "row 2, column 2: missing value; fill it in"),
        ("a,b,label\n1,2,x\n\n1,NA,y\n", r'row 4, column b: missing value \("NA"\); fill it in or leave'),
        ("1,2,a\n1,2,?\n", r'row 2, column 3: missing value \("\?"\)'),
        ("1,2,a\n1,2\n", "row 2 has 2 cells, expected 3 as in the first row"),
        ("1,2,a\n1,inf,b\n", "row 2, column 2: inf, expected a finite number"),
        ("a,b,label\n1,red,x\n", 'row 2, column b: "red" is no number; encode texts as numbers'),
        ("1;2;a\n1,5;2;b\n", 'row 2, column 1: "1,5" is no number; write decimals with a point'),
        ("1,5;2,5;a\n2,5;1,5;b\n", 'row 2, column 1,5: "2,5" is no number; write decimals with a point'),
        ("a,class,label\n1,2,3\n", "columns class, label could all be the label, expected one"),
        (",a,label\n0,1,x\n", r"column 1 has no name; an index is no feature.*index=False"),
        ('1,2,"a\n1,2,b\n', r"not a table \(unexpected end of data\)"),
        ("1,2,a\n1,2,a\n", r"found 1 classes \(a\), expected 2 to 256"),
        ("".join(f"1,{i}\n" for i in range(300)), "found 300 classes .*; are these the labels"),
    ],
)
def test_refused(tmp_path, text, error):
    path = tmp_path / "d.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=error) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ") or "classes" in error


def test_other_encodings(tmp_path):
    (tmp_path / "d.csv").write_bytes("1,2,für\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"d.csv: not UTF-8 text \(.* at byte 5\); save it as CSV in UTF-8"):
        load(tmp_path / "d.csv")
