"""One picture of any usual kind to pixels: upright, on white, grey or in colour, of one size."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from bsff.errors import DataError

from .dataset import Bytes
from .lazy import require

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N")
"""Modes of pillow without colour; a palette counts as colour."""


def pillow(purpose: str) -> Any:
    """Pillow's module of images, or how to install it."""
    return require("PIL.Image", package="pillow", purpose=purpose)


def read_picture(path: Path) -> Any:
    """Read one file: the first frame, turned upright as its EXIF says, what is transparent on white.

    Parameters
    ----------
    path : Path
        PNG, JPEG, WebP, BMP or GIF, whatever its name says.

    Returns
    -------
    PIL.Image.Image
        Of mode ``L`` or ``RGB``.

    Raises
    ------
    DataError
        If pillow is not installed, if the file cannot be decoded, or if it has more pixels than pillow believes
        (179 million).
    """
    image = pillow(f"reading {path}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd in a file but can be read
            with image.open(path, formats=FORMATS) as opened:
                opened.load()
                return upright(opened)
    except (OSError, SyntaxError, ValueError, EOFError, image.DecompressionBombError) as error:
        raise DataError(
            f"{path}: cannot be decoded as an image ({error}); expected PNG, JPEG, WebP, BMP or GIF, replace or remove it"
        ) from None


def upright(opened: Any) -> Any:
    """A picture of pillow turned upright, what is transparent on white, of mode ``L`` or ``RGB``.

    Grey of 16 bits keeps its upper 8.
    """
    pil = pillow("turning an image upright")
    ops = require("PIL.ImageOps", package="pillow", purpose="turning an image upright")
    grey = opened.mode in GREY
    turned = ops.exif_transpose(opened)
    if turned.mode.startswith("I"):
        turned = pil.fromarray((np.asarray(turned).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    elif turned.mode in ("LA", "La", "RGBA", "RGBa", "PA") or "transparency" in turned.info:
        turned = turned.convert("RGBA")
        turned = pil.alpha_composite(pil.new("RGBA", turned.size, "white"), turned)
    return turned.convert("L" if grey else "RGB")


def to_size(picture: Any, height: int, width: int, colours: int) -> Bytes:
    """The pixels of a picture in one size.

    The largest part of the picture's middle that has the wanted sides' ratio is cut out. Each new pixel is then the
    mean of the old ones whose centres it covers (pillow's BOX); enlarging repeats pixels. No other filter was taken:
    those that are sharper overshoot at edges, and the overshoot would cross the thresholds that make bits of pixels.

    Parameters
    ----------
    picture : PIL.Image.Image
        As `upright` gives it.
    height, width : int
        Of the result, pixels.
    colours : int
        1: grey, by the weights of ITU-R 601; 3: red, green, blue.

    Returns
    -------
    ndarray of uint8, shape (height, width, colours)
    """
    pil = pillow("resizing an image")
    picture = picture.convert("L" if colours == 1 else "RGB")
    if picture.size != (width, height):
        wide, high = picture.size
        scale = min(wide / width, high / height)
        left, top = (wide - scale * width) / 2, (high - scale * height) / 2
        box = (max(0.0, left), max(0.0, top), min(float(wide), wide - left), min(float(high), high - top))
        picture = picture.resize((width, height), pil.Resampling.BOX, box=box)
    return np.asarray(picture, dtype=np.uint8).reshape(height, width, colours)
