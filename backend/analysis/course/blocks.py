"""The presentation order cut into blocks: mean responses and median response times of each."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from backend.analysis.course.clustered import Clustered, estimate, standard_error
from backend.analysis.course.trend import Responses
from backend.analysis.course.variance import Matrix, Sums, Vector

Codes = NDArray[np.int64]
EMPTY = Clustered(degenerate="no rater answered in this block")


@dataclass(frozen=True)
class Blocks:
    """An order from ``start`` to ``stop`` cut into ``count`` blocks of as equal length as can be.

    Examples
    --------
    >>> Blocks(1, 80, 8).bounds[:2], Blocks(1, 10, 4).bounds
    ([(1, 10), (11, 20)], [(1, 3), (4, 5), (6, 8), (9, 10)])
    """

    start: int
    stop: int
    count: int

    @classmethod
    def over(cls, position: Matrix, count: int) -> "Blocks | None":
        """Blocks over all recorded places, fewer than ``count`` for fewer places; ``None`` for none."""
        if np.isnan(position).all():
            return None
        start, stop = int(np.floor(np.nanmin(position))), int(np.floor(np.nanmax(position)))
        return cls(start, stop, max(min(count, stop - start + 1), 1))

    @property
    def bounds(self) -> list[tuple[int, int]]:
        """First and last place of each block."""
        length = self.stop - self.start + 1
        edges = [self.start - (-block * length // self.count) for block in range(self.count + 1)]
        return [(first, after - 1) for first, after in pairwise(edges)]

    def of(self, position: NDArray[np.float64]) -> Codes:
        """The block of each place."""
        return (np.floor(position - self.start) * self.count // (self.stop - self.start + 1)).astype(np.int64)


@dataclass(frozen=True)
class Block:
    """What was found in a block, and how many raters answered in it."""

    raters: int
    found: Clustered


def block_means(data: Responses, blocks: Blocks) -> list[Block]:
    """For each block the mean over raters of their mean responses, with its crossed standard error."""
    rater, image = np.nonzero(data.answered)
    block, y = blocks.of(data.position[rater, image]), data.response[rater, image]
    raters, images = ((blocks.count, size) for size in data.answered.shape)
    n, seen = _sums(block, rater, raters), _sums(block, image, images)
    counted = (n > 0).sum(axis=1)
    mean = (_sums(block, rater, raters, y) / np.maximum(n, 1)).sum(axis=1) / np.maximum(counted, 1)
    influence = (y - mean[block]) / (n[block, rater] * counted[block])
    by_rater, by_image = _sums(block, rater, raters, influence), _sums(block, image, images, influence)
    squares = np.bincount(block, influence**2, minlength=blocks.count)
    parts = map(Sums, by_rater, by_image, n, seen, squares.tolist())
    found = zip(counted.tolist(), mean.tolist(), parts, strict=True)
    return [Block(raters, estimate(value, part) if raters else EMPTY) for raters, value, part in found]


def block_medians(data: Responses, blocks: Blocks) -> list[Block]:
    """For each block the mean over raters of their median responses, by the spread between raters."""
    n = np.bincount(blocks.of(data.position[data.answered]), minlength=blocks.count).tolist()
    medians = rater_medians(data, blocks).T
    known = [values[~np.isnan(values)] for values in medians]
    return [Block(len(values), _between(values, answers)) for values, answers in zip(known, n, strict=True)]


def rater_medians(data: Responses, blocks: Blocks) -> Matrix:
    """Each rater's median response in each block: a matrix (raters, blocks), NaN where there is none."""
    rater, image = np.nonzero(data.answered)
    y = data.response[rater, image]
    cell = rater * blocks.count + blocks.of(data.position[rater, image])
    y = y[np.lexsort((y, cell))]
    shape = len(data.answered), blocks.count
    n = np.bincount(cell, minlength=shape[0] * shape[1])
    start, some = np.cumsum(n) - n, n > 0
    median = np.full(len(n), np.nan)
    median[some] = (y[(start + (n - 1) // 2)[some]] + y[(start + n // 2)[some]]) / 2
    return median.reshape(shape)


def _between(values: Vector, n: int) -> Clustered:
    """The mean of raters' values, by the spread between them."""
    if not len(values):
        return EMPTY
    if len(values) == 1:
        return Clustered(float(values[0]), n=n, degenerate="one rater only: the interval is undefined")
    se = standard_error(values.var(ddof=1) / len(values))
    return Clustered(float(values.mean()), se, df=len(values) - 1, n=n)


def _sums(block: Codes, code: Codes, shape: tuple[int, int], weights: Vector | None = None) -> Matrix:
    """Sums of weights (or numbers) by block and rater, or by block and image."""
    cell = block * shape[1] + code
    return np.bincount(cell, weights, minlength=shape[0] * shape[1]).reshape(shape)
