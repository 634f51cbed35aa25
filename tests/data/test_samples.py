"""Samples one by one: lists of pairs, tensors, images of pillow, and PyTorch's own ``Dataset``."""

import numpy as np
import pytest
from PIL import Image
from seeds import rng_for

from bsff.data import from_arrays, from_samples
from bsff.errors import DataError


class Source:
    """What PyTorch calls a data set of a map's kind, without PyTorch."""

    def __init__(self, pairs, classes=None):
        self.pairs = pairs
        if classes:
            self.classes = classes

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        return self.pairs[index]


class Tensor:
    """What `from_samples` uses of a tensor."""

    def __init__(self, array):
        self.array = np.asarray(array)

    def detach(self):
        return self

    def cpu(self):
        return self.array


LABELS = [1, 0] * 10


def same(one, other):
    assert np.array_equal(one.train_images, other.train_images)
    assert np.array_equal(one.test_images, other.test_images)
    assert np.array_equal(one.train_labels, other.train_labels)
    assert one.classes == other.classes


def test_equal_to_the_arrays(seed):
    images = rng_for("samples", seed).integers(0, 256, (20, 4, 5, 3), np.uint8)
    expected = from_arrays(images, LABELS, names=("a", "b"))
    pairs = list(zip(images, LABELS, strict=True))
    same(from_samples(pairs, names=("a", "b")), expected)
    same(from_samples(Source(pairs, ["a", "b"])), expected)
    same(from_samples([(Image.fromarray(x), y) for x, y in pairs], names=("a", "b")), expected)
    same(from_samples([(Tensor(x.transpose(2, 0, 1)), Tensor(y).array) for x, y in pairs], names=("a", "b")), expected)
    same(from_samples([(x.transpose(2, 0, 1), y) for x, y in pairs], names=("a", "b"), channels_first=True), expected)
    with_test = from_samples(pairs, test=pairs[:3])
    assert np.array_equal(with_test.train_images, images)
    assert np.array_equal(with_test.test_images, images[:3])


def test_floats_from_zero_to_one_come_back_as_bytes(seed):
    images = rng_for("unit", seed).integers(0, 256, (20, 3, 4, 5), np.uint8)
    images[0, 0, 0, :2] = images[1, 0, 0, :2] = 0, 255
    pairs = [(Tensor((x / 255).astype(np.float32)), y) for x, y in zip(images, LABELS, strict=True)]
    data = from_samples(pairs, test=pairs)
    assert np.array_equal(data.train_images, images.transpose(0, 2, 3, 1))
    assert data.scaling.rule == "common"


def test_signals_of_tensors_say_their_axes(seed):
    signals = rng_for("channels", seed).normal(size=(20, 2, 9))
    pairs = [(Tensor(x), y) for x, y in zip(signals, LABELS, strict=True)]
    assert from_samples(pairs).train_images.shape == (16, 2, 9, 1)
    data = from_samples(pairs, channels_first=True, test=pairs)
    rows = signals.transpose(0, 2, 1)[:, np.newaxis]
    same(data, from_arrays(rows, LABELS, test=(rows, LABELS)))


def test_pictures_are_put_on_white():
    pairs = [(Image.new("RGBA", (2, 2), (9, 9, 9, 0)), y) for y in LABELS]
    assert (from_samples(pairs).train_images == 255).all()


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ([], "own data: no samples"),
        ([(np.zeros(2), 0), (np.zeros(3), 1)], r"sample 1 is float64 \(3,\), expected float64 \(2,\) as sample 0"),
        ([(np.zeros(2), 0), np.zeros(3)], r"sample 1 is a ndarray, expected a pair \(sample, label\)"),
        ([{"image": 1, "label": 2}], r"sample 0 is a dict, expected a pair"),
        ({0: (np.zeros(2), 0), 2: (np.zeros(2), 0)}, r"sample 1 cannot be read \(KeyError: 1\)"),
        ([(np.zeros(2), np.eye(2))], r"label of sample 0 has shape \(2, 2\)"),
    ],
)
def test_refused(source, text):
    with pytest.raises(DataError, match=text):
        from_samples(source)


def test_data_sets_of_pytorch(seed):
    torch = pytest.importorskip("torch")
    images = rng_for("torch", seed).integers(0, 256, (20, 3, 4, 5), np.uint8)
    source = torch.utils.data.TensorDataset(torch.tensor(images), torch.tensor(LABELS))
    same(from_samples(source), from_arrays(images.transpose(0, 2, 3, 1), LABELS))
    same(from_arrays(torch.tensor(images).permute(0, 2, 3, 1), torch.tensor(LABELS)), from_samples(source))
    parts = torch.utils.data.random_split(source, [15, 5], generator=torch.Generator().manual_seed(1))
    data = from_samples(parts[0], test=parts[1])
    assert np.array_equal(data.test_images[0], images[parts[1].indices[0]].transpose(1, 2, 0))
