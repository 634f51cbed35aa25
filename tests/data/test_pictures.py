"""One picture: formats, transparency, orientation, grey, 16 bits, and the rule by which sizes change."""

import numpy as np
import pytest
from PIL import Image

from bsff.data.pictures import read_picture, to_size
from bsff.errors import DataError


def pixels(path):
    return np.asarray(read_picture(path))


@pytest.mark.parametrize(
    ("name", "lossy"), [("a.png", 0), ("a.bmp", 0), ("a.gif", 0), ("a.webp", 6), ("a.jpg", 6), ("a.JPEG", 6)]
)
def test_formats(tmp_path, name, lossy):
    Image.new("RGB", (5, 3), (200, 40, 80)).save(tmp_path / name)
    found = pixels(tmp_path / name)
    assert found.shape == (3, 5, 3)
    assert np.abs(found.astype(int) - (200, 40, 80)).max() <= lossy


def test_a_wrong_name_does_not_matter(tmp_path):
    Image.new("L", (2, 2), 7).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert (pixels(tmp_path / "a.jpg") == 7).all()
    Image.new("L", (2, 2), 7).save(tmp_path / "a.tiff")
    (tmp_path / "a.tiff").rename(tmp_path / "a.png")
    with pytest.raises(
        DataError, match=r"a.png: cannot be decoded as an image .*; expected PNG, JPEG, WebP, BMP or GIF"
    ):
        read_picture(tmp_path / "a.png")


def test_first_frame(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    for name in ("a.gif", "a.webp"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], duration=100, lossless=True)
        assert pixels(tmp_path / name)[0, 0].tolist() == [255, 0, 0] or pixels(tmp_path / name)[0, 0, 0] > 250


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        ("RGBA", (255, 0, 0, 0), [255, 255, 255]),
        ("RGBA", (255, 0, 0, 255), [255, 0, 0]),
        ("RGBA", (255, 0, 0, 51), [255, 204, 204]),
        ("LA", (0, 0), 255),
        ("LA", (0, 51), 204),
        ("L", 9, 9),
        ("1", 1, 255),
    ],
)
def test_transparent_on_white(tmp_path, mode, value, expected):
    Image.new(mode, (2, 2), value).save(tmp_path / "a.png")
    assert pixels(tmp_path / "a.png")[0, 0].tolist() == expected


def test_transparent_palettes_and_colours(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "a.png", transparency=0)
    image.save(tmp_path / "a.gif", transparency=0)
    for name in ("a.png", "a.gif"):
        assert pixels(tmp_path / name)[0].tolist() == [[255, 255, 255], [0, 0, 255]]
    Image.new("RGB", (2, 1), (1, 2, 3)).save(tmp_path / "a.png", transparency=(1, 2, 3))
    assert (pixels(tmp_path / "a.png") == 255).all()
    Image.new("L", (2, 1), 5).save(tmp_path / "a.png", transparency=5)
    assert pixels(tmp_path / "a.png").tolist() == [[255, 255]]


def test_sixteen_bits_keep_the_upper_eight(tmp_path):
    values = np.array([[0, 255, 256, 0x1234, 0xFFFF]], np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    assert pixels(tmp_path / "a.png").tolist() == [[0, 0, 1, 0x12, 255]]


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (-1, -1)), (6, (0, -1)), (8, (-1, 0))])
def test_exif_turns_upright(tmp_path, name, orientation, corner):
    image = Image.new("L", (32, 16), 0)
    image.paste(255, (0, 0, 8, 8))
    exif = image.getexif()
    exif[0x0112] = orientation
    image.save(tmp_path / name, exif=exif)
    found = pixels(tmp_path / name)
    assert found.shape[:2] == ((16, 32) if orientation < 5 else (32, 16))
    bright = found if found.ndim == 2 else found[..., 0]
    assert bright[corner] > 240
    assert (bright > 128).sum() == 64


def test_grey_by_itu_601(tmp_path):
    picture = Image.new("RGB", (1, 1), (200, 40, 80))
    assert to_size(picture, 1, 1, 1).ravel().tolist() == [round(0.299 * 200 + 0.587 * 40 + 0.114 * 80)]
    assert to_size(Image.new("L", (1, 1), 9), 1, 1, 3).tolist() == [[[9, 9, 9]]]


def test_the_middle_is_cut_out_and_averaged():
    source = np.arange(8 * 12, dtype=np.uint8).reshape(8, 12)
    picture = Image.fromarray(source)
    middle = source[:, 2:10]
    expected = middle.reshape(4, 2, 4, 2).mean(axis=(1, 3))
    assert np.abs(to_size(picture, 4, 4, 1)[..., 0] - expected).max() <= 0.5
    high = source[1:7].reshape(2, 3, 4, 3).mean(axis=(1, 3))
    assert np.abs(to_size(picture, 2, 4, 1)[..., 0] - high).max() <= 0.5
    same = to_size(picture, 8, 12, 1)
    assert np.array_equal(same[..., 0], source)


def test_nothing_overshoots_and_enlarging_repeats():
    edge = Image.fromarray(np.repeat([[10] * 7 + [200] * 9], 16, axis=0).astype(np.uint8))
    small = to_size(edge, 5, 5, 1)
    assert (small.min(), small.max()) == (10, 200)
    two = Image.fromarray(np.array([[0, 100], [200, 50]], np.uint8))
    assert np.array_equal(to_size(two, 6, 6, 1)[..., 0], np.kron(np.asarray(two), np.ones((3, 3), np.uint8)))


def test_too_many_pixels(tmp_path, monkeypatch):
    Image.new("L", (40, 40)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # a warning up to twice that
    assert pixels(tmp_path / "a.png").shape == (40, 40)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 700)
    with pytest.raises(DataError, match=r"a.png: cannot be decoded as an image \(Image size \(1600 pixels\) exceeds"):
        read_picture(tmp_path / "a.png")
