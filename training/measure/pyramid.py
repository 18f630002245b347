"""The Laplacian pyramid (Burt and Adelson, 1983) as Karras et al. (2018) build it for the SWD.

The filter is the outer product of (1, 4, 6, 4, 1) / 16 with itself; beyond its edges an image goes on as in a
mirror that stands on the outermost pixels. Filtering is separable: rows take their turn, then columns.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from training.errors import UserError

COARSEST = 16
"""Side of the last level, in pixels."""
SMALLEST = 8
"""Side of the smallest images that are taken, in pixels: patches of 7 x 7 must find more than one place."""

Planes = NDArray[np.float32]


def levels_of(resolution: int) -> list[int]:
    """The sides of the pyramid's levels, halved from the full resolution down to 16.

    Images smaller than 16 x 16 are a single level. Raises ``UserError`` where they are smaller than 8 x 8, or
    where halving does not lead to 16.
    """
    size = f"{resolution} x {resolution}"
    if resolution < SMALLEST:
        raise UserError(
            f"images of {size} are too small for the SWD: it takes {SMALLEST} x {SMALLEST} and more."
        )
    levels = [resolution]
    while levels[-1] > COARSEST and levels[-1] % 2 == 0:
        levels.append(levels[-1] // 2)
    if resolution > COARSEST and levels[-1] != COARSEST:
        raise UserError(
            f"images of {size} have no pyramid for the SWD: halving must lead to {COARSEST} x {COARSEST}. "
            "Prepare them at a power of two, such as 256 x 256."
        )
    return levels


class Pyramid:
    """Takes a few images of one resolution apart at a time, in memory that is allocated once.

    Not for several threads: the levels of one call are overwritten by the next one's.
    """

    def __init__(self, resolution: int, most: int) -> None:
        """Make room for ``most`` images at a time."""
        self.levels = levels_of(resolution)
        self._planes = [_empty(most, side, side) for side in self.levels]
        self._steps = [_Step(most, side) for side in self.levels[:-1]]

    def take_apart(self, images: NDArray[np.uint8]) -> Iterator[Planes]:
        """Yield the levels of images, uint8 (n, R, R, 3): float32 (n, 3, side, side), finest first.

        They are in grey levels. Each but the last is what the next coarser one lacks, within [-255, 255]; the
        last is the images themselves, reduced, within [0, 255].
        """
        planes = [level[: len(images)] for level in self._planes]
        np.copyto(planes[0], images.transpose(0, 3, 1, 2))
        for fine, coarse, step in zip(planes, planes[1:], self._steps, strict=False):
            step.reduce(fine, coarse)
            step.subtract_expanded(coarse, fine)
            yield fine
        yield planes[-1]


class _Step:
    """Between a level and the next coarser one."""

    def __init__(self, most: int, side: int) -> None:
        half = side // 2
        self._wide = [_empty(most, half, side) for _ in range(2)]
        self._tall = [_empty(most, side, half) for _ in range(3)]
        self._small = _empty(most, half, half)

    def reduce(self, fine: Planes, coarse: Planes) -> None:
        """Filter ``fine``, and put every second pixel of every second row into ``coarse``."""
        rows, scratch = (planes[: len(fine)] for planes in self._wide)
        _halve_rows(fine, rows, scratch)
        _halve_rows(_turned(rows), _turned(coarse), _turned(self._small[: len(fine)]))
        coarse *= 1 / 256

    def subtract_expanded(self, coarse: Planes, fine: Planes) -> None:
        """Subtract ``coarse`` with zeros put between its pixels, filtered with four times the gain."""
        rows, even, odd = (planes[: len(fine)] for planes in self._tall)
        _double_rows(coarse, rows[:, :, ::2], rows[:, :, 1::2])
        _double_rows(_turned(rows), _turned(even), _turned(odd))
        for first, expanded in enumerate((even, odd)):
            columns = fine[..., first::2]
            np.multiply(expanded, 1 / 64, out=expanded)
            np.subtract(columns, expanded, out=columns)


def _empty(most: int, height: int, width: int) -> Planes:
    return np.empty((most, 3, height, width), np.float32)


def _turned(planes: Planes) -> Planes:
    return planes.swapaxes(2, 3)


def _halve_rows(planes: Planes, out: Planes, scratch: Planes) -> None:
    """Rows 0, 2, 4, ... of 16 times the filtered planes."""
    even, odd = planes[:, :, ::2], planes[:, :, 1::2]
    np.multiply(odd, 4, out=scratch)
    np.multiply(even, 6, out=out)
    out += scratch
    out[:, :, 1:] += scratch[:, :, :-1]
    out[:, :, 0] += scratch[:, :, 0]
    _add_neighbours(even, out)


def _double_rows(planes: Planes, even: Planes, odd: Planes) -> None:
    """Rows 0, 2, 4, ... and 1, 3, 5, ... of 8 times the planes filtered with zeros between their rows."""
    np.multiply(planes, 6, out=even)
    _add_neighbours(planes, even)
    np.add(planes[:, :, :-1], planes[:, :, 1:], out=odd[:, :, :-1])
    np.add(planes[:, :, -1], planes[:, :, -1], out=odd[:, :, -1])
    odd *= 4


def _add_neighbours(planes: Planes, out: Planes) -> None:
    """Add to each row the two beside it; between them lie the odd rows, as the mirrors at both ends show.

    Before the first row it shows the second, as it stands on the first. After the last one it shows that
    again, as it stands on the odd row behind it.
    """
    out[:, :, 1:] += planes[:, :, :-1]
    out[:, :, 0] += planes[:, :, 1]
    out[:, :, :-1] += planes[:, :, 1:]
    out[:, :, -1] += planes[:, :, -1]
