"""One photograph from a file's bytes to a square of 8-bit RGB pixels."""

import hashlib
import io
import stat
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from training.prepare.colour import BadImage, flatten, to_srgb

FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP")
MOST_PIXELS = 89_478_485
"""More is refused as a decompression bomb: Pillow's own threshold, a quarter of a gigabyte of RGB."""
MOST_BYTES = 2**30

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION = 0x0112
_MASK_COLOURS = ([0, 255], [0, 1])
_PNG_END = b"IEND\xae\x42\x60\x82"
_GREYS = {"L": 128, "RGB": (128, 128, 128)}
_FILLER = bytes(range(1, 255)) * 2


@dataclass(frozen=True, slots=True)
class Photograph:
    """A decoded file: ``pixels`` uint8 (resolution, resolution, 3) RGB, and what its source was.

    ``width`` and ``height`` are the upright source's, in pixels, before the crop; ``sha256`` is of the
    source's bytes; ``drawn`` says that it is a computer-drawn phantom, ``mask`` that it shows two flat greys,
    as a segmentation mask does.
    """

    pixels: np.ndarray
    sha256: str
    width: int
    height: int
    drawn: bool
    mask: bool


def read_photograph(path: Path, resolution: int, allow_upsampling: bool = False) -> Photograph:
    """Decode ``path``, turn it upright, crop the centre square and resample it to ``resolution`` pixels.

    The resampling is Lanczos with its support scaled by the reduction, on the fully decoded image (no JPEG
    draft mode). Of a file with several frames the first counts. Raises ``BadImage``.
    """
    return decode_photograph(_read(path), resolution, allow_upsampling)


def decode_photograph(data: bytes, resolution: int, allow_upsampling: bool = False) -> Photograph:
    """As ``read_photograph``, from a file's bytes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd tags that do not touch the pixels
        try:
            return _decode(data, resolution, allow_upsampling)
        except BadImage:
            raise
        except UnidentifiedImageError:
            raise BadImage("not a JPEG, PNG, TIFF, BMP or WebP image") from None
        except Image.DecompressionBombError:
            raise _too_many_pixels() from None
        # Decoders meet hostile bytes with nearly every exception there is.
        except Exception as error:
            detail = str(error) or type(error).__name__
            raise BadImage(f"broken or truncated: {detail}") from error


def centre_square(width: int, height: int) -> tuple[int, int, int, int]:
    """Return the largest centred square (left, top, right, bottom); an odd pixel is left over at the end."""
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return left, top, left + side, top + side


def _read(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise BadImage("not a regular file")
        if status.st_size == 0:
            raise BadImage("empty file")
        if status.st_size > MOST_BYTES:
            raise BadImage("larger than 1 GiB")
        return path.read_bytes()
    except OSError as error:
        broken_link = path.is_symlink() and isinstance(error, FileNotFoundError)
        raise BadImage("a link to nothing" if broken_link else f"cannot be read: {error.strerror}") from error


def _decode(data: bytes, resolution: int, allow_upsampling: bool) -> Photograph:
    source = Image.open(io.BytesIO(data), formats=FORMATS)
    if source.width * source.height > MOST_PIXELS:
        raise _too_many_pixels()
    source.load()
    _require_whole(source, data)
    upright = _upright(flatten(source), source)
    mask = _is_mask(upright)
    if min(upright.size) < resolution and not (allow_upsampling or mask):
        size = f"{upright.width} x {upright.height} is smaller than {resolution} x {resolution}"
        raise BadImage(f"{size} (--allow-upsampling takes it nevertheless)")
    square = upright.crop(centre_square(*upright.size))
    small = square.resize((resolution, resolution), Image.Resampling.LANCZOS)
    return Photograph(
        # Colours after resampling: the same to within rounding, and a hundred times fewer pixels.
        pixels=np.asarray(to_srgb(small, source.info.get("icc_profile"))),
        sha256=hashlib.sha256(data).hexdigest(),
        width=upright.width,
        height=upright.height,
        drawn=_is_drawn(source),
        mask=mask,
    )


def _upright(image: Image.Image, source: Image.Image) -> Image.Image:
    """Turn ``image`` as the EXIF of ``source`` says. (Loading a TIFF has turned it, and dropped the tag.)"""
    try:
        method = _UPRIGHT.get(source.getexif().get(_ORIENTATION, 1))
    except Exception:  # unreadable EXIF says nothing about how the camera was held
        return image
    return image if method is None else image.transpose(method)


def _is_drawn(source: Image.Image) -> bool:
    if "Software" not in source.info:
        return False
    # Most photographs need none of the drawing code, whose imports would double each worker's start.
    from training.phantom import is_phantom  # noqa: PLC0415

    return is_phantom(source)


def _is_mask(image: Image.Image) -> bool:
    """Tell whether an image is two greys in flat areas; fine stripes of two greys are a test chart."""
    if image.mode not in ("L", "RGB"):
        return False
    colours = [colour if isinstance(colour, tuple) else (colour,) for _, colour in image.getcolors(2) or ()]
    if sorted(c[0] for c in colours) not in _MASK_COLOURS or any(len(set(c)) > 1 for c in colours):
        return False
    coarse = np.asarray(image.convert("L").resize((64, 64), Image.Resampling.BOX))
    return bool(np.isin(coarse, [0, max(c[0] for c in colours)]).mean() > 0.5)


def _require_whole(source: Image.Image, data: bytes) -> None:
    """Raise ``BadImage`` where a decoder was silently content with less than the whole image."""
    if source.format in ("JPEG", "MPO") and not _jpeg_is_whole(source, data):
        raise BadImage("broken or truncated: the JPEG's data end before the picture does")
    if source.format == "PNG" and _PNG_END not in data:
        raise BadImage("broken or truncated: the PNG has no end")


def _jpeg_is_whole(image: Image.Image, data: bytes) -> bool:
    """Tell whether the coded data reach to the last pixel; the decoder takes grey for missing ones.

    Bytes put in before the end-of-image marker change no pixel of a whole file, but they are decoded in
    place of what a cut one lacks. That second decoding is kept for progressive files, which lack mere
    detail, and for those that end in the decoder's grey.
    """
    start = _first_scan(data)
    end = data.find(b"\xff\xd9", start)
    if start == -1 or end == -1:
        return start == -1  # no layout that the walk knows: the decoder was content
    width, height = image.size
    corner = image.crop((max(0, width - 4), max(0, height - 4), width, height)).getcolors(1)
    if corner is None and data.endswith(bytes(64), start, end):  # an interrupted download's zeros
        return False
    grey = corner is not None and (image.mode not in _GREYS or corner[0][1] == _GREYS[image.mode])
    if not grey and "progressive" not in image.info:
        return True
    longer = Image.open(io.BytesIO(data[:end] + _FILLER + data[end:]), formats=("JPEG",))
    return image.tobytes() == longer.tobytes()


def _first_scan(data: bytes) -> int:
    """Where the first scan of a JPEG begins, or -1 where its segments do not lead to one."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xDA:
            return position
        if marker == 0xFF:  # a fill byte
            position += 1
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4])
    return -1


def _too_many_pixels() -> BadImage:
    return BadImage(f"more than {MOST_PIXELS:,} pixels: refused as a decompression bomb")
