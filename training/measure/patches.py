"""Patches of every level of the images' pyramids: what the SWD compares."""

from dataclasses import dataclass
from itertools import chain
from math import sqrt

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from training.measure.pyramid import Pyramid, levels_of

SIDE = 7
"""Width and height of a patch, in pixels."""
PER_IMAGE = 128
VALUES = 3 * SIDE * SIDE
BYTES_PER_PATCH = VALUES * 2
AT_A_TIME = 4
"""Images that are taken apart at a time: few enough for the processor's cache."""


Places = list[NDArray[np.int16]]
"""Where patches begin, of each level: (images, 128, 2), row and column."""


@dataclass(frozen=True)
class Moments:
    """Of each channel's pixels in some patches: how many, their sum and their squares' (int64, (3,)).

    In 1/128 of a grey level, and exact: whole numbers.
    """

    count: int
    sums: NDArray[np.int64]
    squares: NDArray[np.int64]

    def __add__(self, other: "Moments") -> "Moments":
        """Those of both sets of patches together."""
        return Moments(self.count + other.count, self.sums + other.sums, self.squares + other.squares)

    @property
    def mean(self) -> NDArray[np.float64]:
        """Each channel's mean: (3,)."""
        return np.array([int(total) / self.count for total in self.sums])

    @property
    def std(self) -> NDArray[np.float64]:
        """Each channel's standard deviation: (3,)."""
        # Python's whole numbers: the difference of two large ones would overflow, or lose digits.
        pairs = [(int(total), int(square)) for total, square in zip(self.sums, self.squares, strict=True)]
        return np.array([sqrt(square * self.count - total * total) / self.count for total, square in pairs])


def draw_places(resolution: int, images: int, seed: int, side: int) -> Places:
    """Draw where patches begin, each place as likely: of each level int16 (images, 128, 2), row and column.

    ``side`` is 0 or 1: each of the two sets that are compared has places of its own.
    """
    random = np.random.default_rng([seed, side])
    shape = (images, PER_IMAGE, 2)
    return [random.integers(0, level - SIDE + 1, shape, np.int16) for level in levels_of(resolution)]


class Taker:
    """Takes patches from images, and keeps them: of each draw of places, at each level."""

    def __init__(self) -> None:
        self.forget()
        self._pyramid: Pyramid | None = None

    def forget(self) -> None:
        """Give up all patches, to begin another set."""
        self._kept: list[list[_Patches]] = []

    def take(self, images: NDArray[np.uint8], places: list[Places]) -> None:
        """Take patches from images, uint8 (n, R, R, 3), where each draw of places says."""
        if self._pyramid is None or self._pyramid.levels[0] != images.shape[1]:
            self._pyramid = Pyramid(images.shape[1], AT_A_TIME)
        self._kept = self._kept or [[_Patches() for _ in draw] for draw in places]
        for kept in chain(*self._kept):
            kept.begin(len(images))
        for start in range(0, len(images), AT_A_TIME):
            some = slice(start, start + AT_A_TIME)
            for number, level in enumerate(self._pyramid.take_apart(images[some])):
                windows = sliding_window_view(level, (SIDE, SIDE), axis=(2, 3)).transpose(0, 2, 3, 1, 4, 5)
                for kept, draw in zip(self._kept, places, strict=True):
                    kept[number].put(start, windows, draw[number][some])

    def moments(self) -> list[list[Moments]]:
        """Those of the patches taken: of each draw, at each level, finest first; none where none were."""
        return [[kept.moments() for kept in draw] for draw in self._kept]

    def patches(self, draw: int, level: int) -> list[NDArray[np.int16]]:
        """The patches of a draw at a level, both by number, as they were taken.

        Each is int16 (n, 147), in 1/128 of a grey level.
        """
        return self._kept[draw][level].values if self._kept else []


class _Patches:
    """One draw's patches of one level."""

    def __init__(self) -> None:
        self.values: list[NDArray[np.int16]] = []
        self._sums = np.zeros((2, VALUES), np.int64)

    def begin(self, images: int) -> None:
        """Make room for the patches of so many more images."""
        self.values.append(np.empty((images * PER_IMAGE, VALUES), np.int16))

    def put(self, start: int, windows: NDArray[np.int16], places: NDArray[np.int16]) -> None:
        """Keep those of n images from number ``start`` on.

        Windows are (n, rows, columns, 3, 7, 7), places (n, 128, 2).
        """
        rows, columns = np.moveaxis(places, 2, 0).astype(np.intp)
        values = self.values[-1][start * PER_IMAGE :][: len(windows) * PER_IMAGE]
        values[:] = windows[np.arange(len(windows))[:, None], rows, columns].reshape(-1, VALUES)
        exact = values.astype(np.float64)  # whole numbers below 2^53
        self._sums[0] += exact.sum(0).astype(np.int64)
        self._sums[1] += np.einsum("jk,jk->k", exact, exact).astype(np.int64)

    def moments(self) -> Moments:
        sums, squares = self._sums.reshape(2, 3, -1).sum(2)
        return Moments(sum(len(values) for values in self.values) * SIDE * SIDE, sums, squares)
