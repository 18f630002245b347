"""A picture of unknown origin to the pixels that raters see: nothing else of its file is kept."""

import io
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.studies.refusals import Invalid
from training.prepare.colour import BadImage
from training.prepare.decode import FORMATS, decode_photograph

MOST_PIXELS = 40_000_000
"""What cameras take; decoded, some 120 MB."""
KINDS = "JPEG, PNG, TIFF, BMP or WebP"


def picture(where: str, data: bytes, resolution: int) -> NDArray[np.uint8]:
    """The upright centre square at this resolution, uint8 (R, R, 3) in sRGB, as a data set's images are.

    What counts is what is in the file, not what its name ends in. Raises ``Invalid`` naming the file.
    """
    width, height = _size(where, data)
    if width * height > MOST_PIXELS:
        raise Invalid(
            f"{where} says that it is {width} x {height}: more than {MOST_PIXELS // 10**6} million pixels. "
            "Make it smaller, or remove it."
        )
    if min(width, height) < resolution:
        raise Invalid(
            f"{where} is {width} x {height}, smaller than {resolution} x {resolution}. "
            "Choose a lower resolution, or remove it."
        )
    try:
        found = decode_photograph(data, resolution)
    except BadImage as error:
        raise Invalid(f"{where} cannot be used: {error}. Replace or remove it.") from error
    if found.mask:
        raise Invalid(f"{where} looks like a segmentation mask, not a picture. Remove it.")
    return found.pixels


def _size(where: str, data: bytes) -> tuple[int, int]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                frames = getattr(opened, "n_frames", 1)
                size = opened.size
    except Image.DecompressionBombError as error:
        raise Invalid(f"{where} says that it is of a size that no camera takes. Remove it.") from error
    except Exception as error:  # decoders of hostile bytes raise whatever they stumble over
        raise Invalid(f"{where} is no image ({KINDS}). Remove it, or save it as PNG.") from error
    if frames > 1 and not data.startswith(b"\xff\xd8"):  # some cameras put a preview beside a JPEG
        raise Invalid(f"{where} holds {frames} pictures. Save the one that you mean as PNG.")
    return size
