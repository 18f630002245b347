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

STEPS = 128
"""Levels are given in whole multiples of 1/128 of a grey level: within [-255, 255] they fit into 16 bits.

That is half of float32's memory, and gives sums that are the same in any order. The images' own rounding, to
whole grey levels, is a hundred times as coarse.
"""

Planes = NDArray[np.float32] | NDArray[np.uint16]


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
        # Whole grey levels, filtered once, are whole 256ths: 16 bits hold them exactly, at twice the speed.
        kinds = [np.uint16, *(np.float32 for _ in self.levels[1:])]
        self._planes = [_empty(most, side, side, kind) for side, kind in zip(self.levels, kinds, strict=True)]
        self._whole = [_empty(most, side, side, np.int16) for side in self.levels]
        steps = zip(self.levels[:-1], kinds[:-1], strict=True)
        self._steps = [_Step(most, side, kind) for side, kind in steps]

    def take_apart(self, images: NDArray[np.uint8]) -> Iterator[NDArray[np.int16]]:
        """Yield the levels of images, uint8 (n, R, R, 3): int16 (n, 3, side, side), finest first.

        They are in 1/128 of a grey level. Each but the last is what the next coarser one lacks, within
        [-255, 255] grey levels; the last is the images themselves, reduced, within [0, 255].
        """
        planes = [level[: len(images)] for level in self._planes]
        whole = [level[: len(images)] for level in self._whole]
        np.copyto(planes[0], images.transpose(0, 3, 1, 2))
        for number, step in enumerate(self._steps):
            step.reduce(planes[number], planes[number + 1])
            step.compare(planes[number], planes[number + 1], whole[number])
            yield whole[number]
        _round(planes[-1], whole[-1])
        yield whole[-1]


class _Step:
    """Between a level and the next coarser one."""

    def __init__(self, most: int, side: int, kind: type[np.generic]) -> None:
        half = side // 2
        self._wide = [_empty(most, half, side, kind) for _ in range(2)]
        self._small = [_empty(most, half, half, kind) for _ in range(2)]
        self._narrow = [_empty(most, half, half, np.float32) for _ in range(3)]
        self._rows = [_empty(most, half, side, np.float32) for _ in range(3)]

    def reduce(self, fine: Planes, coarse: Planes) -> None:
        """Filter ``fine``, and put every second pixel of every second row into ``coarse``."""
        rows, scratch = (planes[: len(fine)] for planes in self._wide)
        small, other = (planes[: len(fine)] for planes in self._small)
        _halve_rows(fine, rows, scratch)
        _halve_rows(_turned(rows), _turned(small), _turned(other))
        np.multiply(small, np.float32(1 / 256), out=coarse)

    def compare(self, fine: Planes, coarse: Planes, out: NDArray[np.int16]) -> None:
        """Put ``fine`` less ``coarse``, with zeros between its pixels and filtered fourfold, into ``out``.

        What is taken from it is rounded first, to 1/128 of a grey level, and so is ``fine``: adding and
        subtracting whole numbers takes half the time.
        """
        scaled, even, odd = (planes[: len(fine)] for planes in self._narrow)
        wide, upper, lower = (planes[: len(fine)] for planes in self._rows)
        # Doubling twice multiplies by 64. Half a unit is added: cutting off what is behind the point rounds.
        np.multiply(coarse, np.float32(STEPS / 64), out=scaled)
        scaled += np.float32(0.5 / 64)
        _double_rows(_turned(scaled), _turned(even), _turned(odd))
        wide[..., ::2], wide[..., 1::2] = even, odd
        _double_rows(wide, upper, lower)
        _round(fine, out)
        for first, expanded in enumerate((upper, lower)):
            whole = expanded.astype(np.int16)
            out[:, :, first::2] -= whole


def _empty(most: int, height: int, width: int, kind: type[np.generic]) -> NDArray:
    return np.empty((most, 3, height, width), kind)


def _round(planes: Planes, out: NDArray[np.int16]) -> None:
    """Planes in 1/128 of a grey level, rounded."""
    if planes.dtype == np.uint16:
        np.multiply(planes, STEPS, out=out, casting="unsafe")
        return
    scaled = planes * np.float32(STEPS)
    scaled += np.float32(0.5)
    np.copyto(out, scaled, casting="unsafe")


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
