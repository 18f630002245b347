"""A few images at a time, to be read by whichever process describes them.

This imports little: a process that does no more than read a dataset's rows starts in half the time.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from training.errors import UserError

if TYPE_CHECKING:
    from training.prepare.decode import Photograph

CHUNK = 16
"""Images in a chunk."""

Chunk = Callable[[], NDArray[np.uint8]]
"""Reads, or holds, a few images: uint8 (n, R, R, 3). It may be sent to another process."""

PREPARE = "dermvtt-train prepare makes images of one square size."


def held(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Images that are in memory already."""
    return images


def read_rows(path: Path, offset: int, shape: tuple[int, ...], rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Images of a dataset's file: its ``rows`` after ``offset`` bytes, each of ``shape``.

    Read and not mapped: mapped pages count as memory, and take longer, one by one.
    """
    images = np.empty((len(rows), *shape), np.uint8)
    with path.open("rb", buffering=0) as file:
        for row, image in zip(rows, images, strict=True):
            file.seek(offset + int(row) * image.nbytes)
            if file.readinto(image) != image.nbytes:
                raise UserError(f"{path} ends before its images do. Prepare the dataset anew.")
    return images


def decode(files: list[Path], resolution: int, first: Path) -> NDArray[np.uint8]:
    """Image files; ``UserError`` where one cannot be read, or is not of the size of the set's ``first``."""
    return np.stack([_read_whole(file, resolution, first) for file in files])


def reduce(chunk: Chunk, resolution: int) -> NDArray[np.uint8]:
    """A chunk of larger images, reduced."""
    from training.dataset import at_resolution  # noqa: PLC0415 - imports much

    return at_resolution(chunk(), resolution)


def read_file(path: Path, resolution: int) -> "Photograph":
    """An image file, reduced where it is larger than ``resolution``; ``UserError`` where it is none."""
    from training.prepare.colour import BadImage  # noqa: PLC0415 - imports much
    from training.prepare.decode import read_photograph  # noqa: PLC0415

    try:
        return read_photograph(path, resolution, allow_upsampling=True)
    except BadImage as error:
        raise UserError(f"{path}: {error}.") from error


def _read_whole(path: Path, resolution: int, first: Path) -> NDArray[np.uint8]:
    photograph = read_file(path, resolution)
    if (photograph.width, photograph.height) != (resolution, resolution):
        size = f"{photograph.width} x {photograph.height}"
        raise UserError(
            f"{path} is {size} and {first} {resolution} x {resolution}: all must be of one size. {PREPARE}"
        )
    return photograph.pixels
