"""Mean products of raters' comparisons of reals with fakes: the moments of Gallas (2006).

Arrays of sums over pairs of comparisons are indexed ``[rater, real, fake]``. In raw ones 1 says that the two
share it and 0 that they may; taking the one from the other along each axis leaves those that do not.
"""

from typing import NamedTuple

import numpy as np

from backend.analysis.groups.mrmc_scores import Floats, Readings


class Sums(NamedTuple):
    """Sums over a group's comparisons.

    ``cells`` (reals, fakes) is summed over raters; ``own`` (2, 2), by ``[real, fake]``, are raw sums of the
    products of a rater's comparisons with each other, over all raters.
    """

    cells: Floats
    own: Floats


class Moments(NamedTuple):
    """The mean products of two comparisons, and the coefficients by which they make up the variance.

    ``means[1, 1, 1]`` is M1 of Gallas (2006) and ``means[0, 0, 0]`` M8; the coefficient of M8 has the squared
    mean, -1, in it. ``biased`` are the means over raw sums, and ``sizes`` how many raters, reals and fakes
    the comparisons are worth: their number, if all have as many.
    """

    means: Floats
    coefficients: Floats
    biased: Floats
    sizes: Floats

    @property
    def variance(self) -> float:
        """Sum over k of c_k M_k; kinds of pairs that do not occur have c_k = 0."""
        return float(np.where(self.coefficients == 0, 0.0, self.coefficients * self.means).sum())

    @property
    def components(self) -> Floats:
        """What raters, reals and fakes each make comparisons vary, as V-statistics."""
        singles = np.array([self.biased[-1, 0, 0], self.biased[0, 1, 0], self.biased[0, 0, 1]])
        return singles - self.biased[0, 0, 0]


def success_sums(readings: Readings) -> tuple[Sums, Sums]:
    """Of each comparison's success (1, 1/2 for a tie, 0), and of its presence: 1 where both are scored."""
    shape = readings.reals.shape[1], readings.fakes.shape[1]
    successes, present = (Sums(np.zeros(shape), np.zeros((2, 2))) for _ in range(2))
    for real, fake in zip(readings.reals[:, :, None], readings.fakes, strict=True):
        success = (real > fake).astype(float)
        success += real >= fake
        success /= 2
        by_real, by_fake = success.sum(axis=1), success.sum(axis=0)
        successes.cells[...] += success
        successes.own[...] += [
            [by_real.sum() ** 2, by_fake @ by_fake],
            [by_real @ by_real, np.vdot(success, success)],
        ]
        there = (~np.isnan(real)).astype(float), (~np.isnan(fake)).astype(float)
        m, n = there[0].sum(), there[1].sum()
        present.cells[...] += there[0] * there[1]
        present.own[...] += [[(m * n) ** 2, m * m * n], [m * n * n, m * n]]
    return successes, present


def moments(successes: Sums, present: Sums) -> Moments:
    """The eight moments of a group's comparisons."""
    raw = [np.stack([_products(sums.cells, sums.cells), sums.own]) for sums in (successes, present)]
    return _moments(raw[0], raw[1], (0, 1, 2))


def cross_moments(first: tuple[Sums, Sums], second: tuple[Sums, Sums]) -> Moments:
    """The four moments of one group's comparisons with another's, whose raters are never the same."""
    raw = [_products(one.cells, other.cells)[None] for one, other in zip(first, second, strict=True)]
    return _moments(raw[0], raw[1], (1, 2))


def _products(first: Floats, second: Floats) -> Floats:
    """Raw sums of products of two groups' comparisons, or of a group's with its own, by ``[real, fake]``."""
    reals, fakes = (np.array([x.sum(axis=axis) for x in (first, second)]) for axis in (1, 0))
    return np.array(
        [[first.sum() * second.sum(), fakes[0] @ fakes[1]], [reals[0] @ reals[1], (first * second).sum()]]
    )


def _moments(totals: Floats, numbers: Floats, axes: tuple[int, ...]) -> Moments:
    pairs = numbers[0, 0, 0]
    unlike_totals, unlike_numbers = _unlike(totals, axes), _unlike(numbers, axes)
    coefficients = unlike_numbers / pairs
    coefficients[0, 0, 0] -= 1
    sizes = pairs / np.array([numbers[-1, 0, 0], numbers[0, 1, 0], numbers[0, 0, 1]]).clip(0.5)
    return Moments(_mean(unlike_totals, unlike_numbers), coefficients, _mean(totals, numbers), sizes)


def _unlike(sums: Floats, axes: tuple[int, ...]) -> Floats:
    """From raw sums to those of pairs that do not share what they need not share."""
    for axis in axes:
        either, same = np.split(sums, 2, axis=axis)
        sums = np.concatenate([either - same, same], axis=axis)
    return sums


def _mean(totals: Floats, numbers: Floats) -> Floats:
    return np.divide(totals, numbers, out=np.full(totals.shape, np.nan), where=numbers > 0.5)
