"""Moving pictures: GIF, WebP and animated PNG, each as true to the frames as its format allows."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

KINDS = (".gif", ".webp", ".png")
IMAGE_DESCRIPTION = 0x010E
"""The EXIF tag for what a picture shows."""


def save_animation(path: Path, frames: list[NDArray[np.uint8]], kind: str, fps: float, note: str) -> None:
    """Write uint8 (H, W, 3) frames as ``kind`` (of ``KINDS``), forever from the start, ``note`` inside.

    WebP and PNG keep every pixel. A GIF has 256 colours a frame and whole hundredths of a second.
    """
    duration = 1000 / fps
    pictures = [Image.fromarray(frame) for frame in frames]
    first, *rest = [_limited(picture) for picture in pictures] if kind == ".gif" else pictures
    several: dict[str, object] = {"save_all": True, "append_images": rest, "loop": 0} if rest else {}
    if kind == ".gif":
        first.save(path, "GIF", **several, duration=max(20, round(duration, -1)), comment=note.encode())
    elif kind == ".webp":
        exif = Image.Exif()
        exif[IMAGE_DESCRIPTION] = note
        first.save(path, "WEBP", **several, duration=round(duration), lossless=True, method=4, exif=exif)
    else:
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", note)
        timing = {"duration": duration} if rest else {}
        first.save(path, "PNG", **several, **timing, pnginfo=text)


def _limited(picture: Image.Image) -> Image.Image:
    """The picture in the 256 colours that suit it best.

    Not dithered: with a palette for each frame the error is about one level in 255, while dithering, which
    falls out differently in every frame, doubles it and flickers.
    """
    return picture.quantize(256, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
