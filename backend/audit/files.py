"""What can be read of a mix's image without looking at the picture, and the pixels for those who look."""

import io
import re
import warnings
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from backend.audit import jpeg, png
from backend.audit.reading import Listed
from backend.audit.values import Values, fingerprint
from training.errors import UserError

MOST_PIXELS = 4096**2
HEXADECIMAL = re.compile(r"[0-9a-f]{16,}")


@dataclass(frozen=True)
class Decoded:
    """A picture: uint8 (H, W, 3) RGB, with what the decoder says of its file."""

    pixels: NDArray[np.uint8]
    format: str
    mode: str
    frames: int
    taken: str
    """EXIF's date and time, or nothing."""
    info: str
    """All that the decoder found beside the picture."""


def decode(image: Listed) -> Decoded:
    """Decode any image that Pillow reads; raise ``UserError`` naming a file that is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata: that is what is being looked for
            with Image.open(io.BytesIO(image.data)) as picture:
                return _decoded(picture, image)
    except UserError:
        raise
    except Exception as error:  # decoders of damaged files raise whatever they stumble over
        raise UserError(
            f"{image.where} cannot be read as an image ({_brief(error)}). Replace it, or make the mix again."
        ) from error


def _decoded(picture: Image.Image, image: Listed) -> Decoded:
    if picture.width * picture.height > MOST_PIXELS:
        raise UserError(
            f"{image.where} says that it is {picture.width} x {picture.height}, too large to audit. "
            "Images of a study are 4096 x 4096 at most."
        )
    pixels = np.asarray(picture.convert("RGB"))
    try:
        taken = str(picture.getexif().get(ExifTags.Base.DateTime, ""))
    except Exception:  # as above; that it is damaged is what there is to know
        taken = "damaged"
    return Decoded(
        pixels,
        picture.format or "unknown",
        picture.mode,
        getattr(picture, "n_frames", 1),
        taken,
        repr(sorted(picture.info.items(), key=lambda pair: str(pair[0]))),
    )


def name(image: Listed, order: int) -> Values:
    """The file's name, its ``order`` among all names, its place in the manifest, and its time."""
    path = PurePosixPath(image.name)
    stem = path.stem
    pattern = "hexadecimal" if HEXADECIMAL.fullmatch(stem) else re.sub(r"\d+", "#", stem)
    return {
        "name without digits": pattern,
        "folder": str(path.parent),
        "suffix": path.suffix,
        "length of the name": float(len(image.name)),
        "order of names": float(order),
        "place in the manifest": float(image.place),
        "time of the file": image.modified,
        "same time as others": str(image.modified),
    }


def size(image: Listed) -> Values:
    """The file's bytes: as an amount, and as a kind, as one size may stand for one truth amid the others."""
    return {"bytes": float(len(image.data)), "same size as others": str(len(image.data))}


def dimensions(picture: Decoded) -> Values:
    """Width and height in pixels."""
    height, width, _ = picture.pixels.shape
    return {
        "width": float(width),
        "height": float(height),
        "width to height": width / height,
        "size": f"{width} x {height}",
    }


def container(image: Listed, picture: Decoded) -> Values:
    """How the file packs the picture, apart from what its bytes amount to."""
    values: Values = {"format": picture.format, "mode": picture.mode, "frames": float(picture.frames)}
    parser = _parser(image)
    return values | (parser.container(image.data) if parser else {})


def metadata(image: Listed, picture: Decoded) -> Values:
    """What the file says beside the picture."""
    values: Values = {"EXIF date": fingerprint(picture.taken.encode())} if picture.taken else {}
    parser = _parser(image)
    return values | (parser.metadata(image.data) if parser else {"other": fingerprint(picture.info.encode())})


def _parser(image: Listed) -> ModuleType | None:
    if image.data.startswith(png.SIGNATURE):
        return png
    return jpeg if image.data.startswith(jpeg.SIGNATURE) else None


def _brief(error: Exception) -> str:
    """An error's first line, without the decoder's own words for the file object."""
    if isinstance(error, UnidentifiedImageError):
        return "no known format"
    return (str(error).splitlines() or [type(error).__name__])[0][:80]
