"""A contact sheet: many images of one size in one PNG."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.files import new_file

GAP = 2
BACKGROUND = 255


def tile(images: NDArray[np.uint8], side: int | None = None) -> NDArray[np.uint8]:
    """Lay uint8 (N, H, H, 3) out in rows, as near a square as N allows, with a white gap between them.

    ``side`` enlarges each image to that many pixels, a multiple of H, by repeating pixels.
    """
    scale = (side or images.shape[1]) // images.shape[1]
    images = images.repeat(scale, axis=1).repeat(scale, axis=2)
    count, height = len(images), images.shape[1]
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    cell = height + GAP
    sheet = np.full((rows * cell - GAP, columns * cell - GAP, 3), BACKGROUND, np.uint8)
    for place, image in enumerate(images):
        top, left = place // columns * cell, place % columns * cell
        sheet[top : top + height, left : left + height] = image
    return sheet


def save_grid(path: Path, images: NDArray[np.uint8], side: int | None = None) -> None:
    """Write ``tile(images, side)`` as a PNG, whole or not at all."""
    with new_file(path) as partial:
        Image.fromarray(tile(images, side)).save(partial, format="PNG")
