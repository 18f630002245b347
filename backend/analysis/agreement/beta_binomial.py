"""The likelihood of a table of two categories under the extended beta-binomial distribution."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

Array = NDArray[np.float64]
NEWTON_STEPS = 60
PRECISE = 1e-9
TINY = 1e-100


@dataclass(frozen=True)
class BetaBinomial:
    """The likelihood of a table of two categories, as numbers of items, all that it needs of the table.

    Attributes
    ----------
    real, fake, rated : ndarray
        At position j the items with more than j ratings "real", "fake", or of either kind; as long as the
        most ratings of an item.
    """

    real: Array
    fake: Array
    rated: Array

    @classmethod
    def of(cls, counts: NDArray[np.int64]) -> "BetaBinomial":
        """The likelihood of counts (items, 2): "fake" and "real"."""
        most = int(counts.sum(axis=1).max())
        return cls(
            *(_items_above(column, most) for column in (counts[:, 1], counts[:, 0], counts.sum(axis=1)))
        )

    @property
    def least(self) -> float:
        """The least correlation at which every outcome of the largest item has a probability (Prentice)."""
        return -1 / (2 * len(self.rated) - 3)

    @property
    def mixed(self) -> float:
        """Items with both answers."""
        return float(self.real[0] + self.fake[0] - self.rated[0])

    def profile(self, rho: Array) -> Array:
        """The log likelihood at each correlation, at its highest over the prevalence."""
        return self.log_likelihood(self._best_prevalence(rho), rho)

    def descent(self, rho: Array) -> Array:
        """The negative derivative of ``profile``."""
        pi, j = self._best_prevalence(rho)[:, None], np.arange(1, len(self.rated))
        scaled, shift = (1 - rho)[:, None], j * rho[:, None]
        rise = ((j - pi) / np.maximum(pi * scaled + shift, TINY)) @ self.real[1:]
        rise += ((j - 1 + pi) / np.maximum((1 - pi) * scaled + shift, TINY)) @ self.fake[1:]
        rise -= ((j - 1) / (1 + (j - 1) * rho[:, None])) @ self.rated[1:]
        return self.mixed / np.maximum(1 - rho, TINY) - rise

    def log_likelihood(self, pi: Array, rho: Array) -> Array:
        """The log likelihood at each pair of prevalence and correlation, without its constant."""
        j = np.arange(1, len(self.rated))
        ends = xlogy(self.real[0], pi) + xlogy(self.fake[0], 1 - pi) + xlogy(self.mixed, 1 - rho)
        scaled = (1 - rho)[:, None]
        terms = xlogy(self.real[1:], np.maximum(pi[:, None] * scaled + j * rho[:, None], 0))
        terms += xlogy(self.fake[1:], np.maximum((1 - pi[:, None]) * scaled + j * rho[:, None], 0))
        terms -= xlogy(self.rated[1:], 1 + (j - 1) * rho[:, None])
        return ends + terms.sum(axis=1)

    def _best_prevalence(self, rho: Array) -> Array:
        """The prevalence that is best at each correlation: the root of a decreasing score.

        Newton's steps, halving the bracket instead where one leaves it.
        """
        bound = np.maximum(0.0, -(len(self.rated) - 1) * rho / (1 - np.minimum(rho, 0)))
        low, high = bound, 1 - bound
        if (rho < 0).any():
            # Where the score is of one sign throughout, an end is best; from 0 on, none is.
            rising, falling = self._score(high, rho)[0] >= 0, self._score(low, rho)[0] <= 0
            low, high = np.where(rising, high, low), np.where(falling, low, high)
        pi = np.full(len(rho), self.real.sum() / self.rated.sum())
        pi = np.where((low < pi) & (pi < high), pi, (low + high) / 2)
        for _ in range(NEWTON_STEPS):
            score, slope = self._score(pi, rho)
            low, high = np.where(score > 0, pi, low), np.where(score > 0, high, pi)
            step = score / slope
            pi = np.where((low <= pi + step) & (pi + step <= high), pi + step, (low + high) / 2)
            if (np.minimum(np.abs(step), high - low) < PRECISE).all():
                break
        return pi

    def _score(self, pi: Array, rho: Array) -> tuple[Array, Array]:
        """The derivative of the log likelihood by the prevalence, and the negative of the second one."""
        scaled = (1 - rho)[:, None]
        shift = np.arange(1, len(self.rated)) * rho[:, None]
        first = scaled / np.maximum(pi[:, None] * scaled + shift, TINY)
        second = scaled / np.maximum((1 - pi[:, None]) * scaled + shift, TINY)
        score = first @ self.real[1:] - second @ self.fake[1:]
        slope = first**2 @ self.real[1:] + second**2 @ self.fake[1:]
        one, other = np.maximum(pi, TINY), np.maximum(1 - pi, TINY)
        score += self.real[0] / one - self.fake[0] / other
        return score, slope + self.real[0] / one**2 + self.fake[0] / other**2


def _items_above(numbers: NDArray[np.int64], most: int) -> Array:
    """How many of ``numbers`` exceed 0, 1, ..., ``most - 1``."""
    return (len(numbers) - np.cumsum(np.bincount(numbers, minlength=most + 1)))[:most].astype(float)
