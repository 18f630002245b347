"""Pixels of any kind of photograph to 8-bit RGB in sRGB, transparency laid on white."""

import io

import numpy as np
from PIL import Image, ImageCms

WHITE = 255
_WIDE_GREY = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
_BITS_PER_SAMPLE, _PHOTOMETRIC, _WHITE_IS_ZERO = 258, 262, 0
_PROFILE_SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))


class BadImage(Exception):  # noqa: N818 - a finding about a file that is collected, not an error of the program
    """A file that cannot become an image of a dataset; the message says why in a few words."""


def flatten(image: Image.Image) -> Image.Image:
    """Bring a loaded image to one of the modes L, RGB, CMYK, YCbCr, LAB or HSV, 8 bits a channel, opaque.

    Grey wider than 8 bits is scaled over the range of its type, never clipped; transparency is laid on white;
    a palette becomes the colours it stands for. (RGB with 16 bits a channel arrives here at 8: Pillow keeps
    each channel's high byte.) Raises ``BadImage`` for values that have no defined range.
    """
    if image.mode in _WIDE_GREY:
        return _narrow(image)
    if image.mode in ("LA", "La", "RGBA", "RGBa", "PA") or image.has_transparency_data:
        return _on_white(image)
    if image.mode == "1":
        return image.convert("L")
    return image.convert("RGB") if image.mode in ("P", "RGBX") else image


def to_srgb(image: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """Convert a flattened image to RGB in sRGB.

    An embedded ICC profile is followed (relative colorimetric, black point compensation) where it can be read
    and fits the image's channels; a profile that does not is passed over, as viewers do.
    """
    if image.mode == "LAB":
        managed = ImageCms.profileToProfile(image, _LAB, _SRGB, outputMode="RGB")
    else:
        managed = _managed(image, icc_profile) if icc_profile else None
    return managed or image.convert("RGB")


def _narrow(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.float64)
    tags = getattr(image, "tag_v2", {})
    top = _top(image.mode, values, tags.get(_BITS_PER_SAMPLE))
    grey = np.rint(values * (255 / top)).astype(np.uint8)
    # Pillow inverts "white is zero" for 8-bit TIFFs only.
    return Image.fromarray(WHITE - grey if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO else grey)


def _top(mode: str, values: np.ndarray, bits: tuple[int, ...] | None) -> float:
    """Find the value that stands for white: by the type where it has a range, else the least that fits."""
    if mode.startswith("I;16"):
        return 2 ** bits[0] - 1 if bits and bits[0] < 16 else 65535
    low, high = float(values.min()), float(values.max())
    ranges = (1, 255, 65535) if mode == "F" else (255, 65535)
    for top in ranges:
        if low >= 0 and high <= top:
            return top
    raise BadImage(f"its grey values run from {low:g} to {high:g}; scale them to 0 to 65535")


def _on_white(image: Image.Image) -> Image.Image:
    grey = image.mode in ("L", "LA", "La", "1")
    if image.mode in ("La", "RGBa"):
        image = image.convert("LA" if grey else "RGBA")
    solid = image.convert("LA" if grey else "RGBA")
    bare = solid.convert("L" if grey else "RGB")
    white = Image.new(bare.mode, bare.size, WHITE if grey else (WHITE,) * 3)
    return Image.composite(bare, white, solid.getchannel("A"))


def _managed(image: Image.Image, icc_profile: bytes) -> Image.Image | None:
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
        if profile.profile.xcolor_space != _PROFILE_SPACES.get(image.mode):
            return None
        if (profile.profile.profile_description or "").startswith("sRGB"):
            return image
        return ImageCms.profileToProfile(
            image,
            profile,
            _SRGB,
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
