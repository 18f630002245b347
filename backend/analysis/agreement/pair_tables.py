"""The tables of all pairs of raters at once, by matrix products: what Light's kappa is made of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.analysis.agreement.counts import MISSING

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ByRaters:
    """Ratings with the items in such an order that those rated by the same raters lie together.

    What depends only on who rated an item is computed once for each set of raters: once in all, where nothing
    is missing.

    Attributes
    ----------
    chosen : ndarray of float32, shape (categories, raters, items)
        1 where a rater chose the category, else 0; only categories that somebody chose.
    given : ndarray of float32, shape (raters, sets)
        1 for the raters of each set.
    times : ndarray of int, shape (sets,)
        How many items each set rated.
    """

    # Single precision counts exactly up to 2^24, in half the time.
    chosen: NDArray[np.float32]
    given: NDArray[np.float32]
    times: NDArray[np.int64]

    @classmethod
    def of(cls, matrix: NDArray[np.integer]) -> "ByRaters":
        """The ratings of a matrix (raters, items)."""
        given = matrix != MISSING
        # A set of raters as one string of bits: numpy sorts those far faster than columns.
        packed = np.ascontiguousarray(np.packbits(given, axis=0).T)
        names = packed.view(f"S{packed.shape[1]}").ravel()
        _, first, of_item, times = np.unique(
            names, return_index=True, return_inverse=True, return_counts=True
        )
        ordered = matrix[:, np.argsort(of_item, kind="stable")]
        chosen = np.stack([ordered == category for category in np.unique(matrix[given])])
        return cls(chosen.astype(np.float32), given[:, first].astype(np.float32), times)

    def by_set(self, of: NDArray[np.float32]) -> NDArray[np.float32]:
        """The sums of a matrix (raters, items) over the items of each set."""
        return np.add.reduceat(of, np.cumsum(self.times) - self.times, axis=1)

    def spread(self, of: Array) -> Array:
        """The product of a matrix (any, raters) with who rated each item, (any, items)."""
        return np.repeat(of @ self.given.astype(float), self.times, axis=1)


@dataclass(frozen=True)
class PairTables:
    """Cohen's tables of some raters g with all raters h, as matrices (some, raters).

    Attributes
    ----------
    some : slice
        The raters g.
    defined : ndarray of bool
        Whether the pair has a kappa; not for a rater with herself.
    common : ndarray
        The items that both rated, at least 1.
    shares : ndarray, shape (categories, some, raters)
        The share of each category among the ratings of h there.
    observed, chance : ndarray
        Observed agreement, and agreement by chance.
    """

    some: slice
    defined: NDArray[np.bool_]
    common: Array
    shares: Array
    observed: Array
    chance: Array

    @classmethod
    def of(cls, ratings: ByRaters, some: slice) -> "PairTables":
        """The tables of ``some`` raters with all."""
        both = np.stack([of[some] @ of.T for of in ratings.chosen]).astype(float)
        sums = [ratings.by_set(of) for of in ratings.chosen]
        of_first = np.stack([of[some] @ ratings.given.T for of in sums]).astype(float)
        of_second = np.stack([ratings.given[some] @ of.T for of in sums]).astype(float)
        together = of_first.sum(axis=0)
        common = np.maximum(together, 1)
        # Undefined: no common item, or all of them in one category for both.
        defined = both.max(axis=0) < together
        own = np.arange(*some.indices(ratings.chosen.shape[1]))
        defined[own - own[0], own] = False
        shares = of_second / common
        chance = (of_first * shares).sum(axis=0) / common
        return cls(some, defined, common, shares, both.sum(axis=0) / common, chance)

    @property
    def beyond(self) -> Array:
        """The agreement that chance leaves, 1 - p_e; 1 where kappa is undefined."""
        return np.where(self.defined, 1 - self.chance, 1)

    @property
    def kappa(self) -> Array:
        """Cohen's kappa of each pair; 0 where it is undefined."""
        return np.where(self.defined, self.observed - self.chance, 0) / self.beyond

    def influence(self, ratings: ByRaters) -> Array:
        """How far each item, in the order of ``ratings``, moves the sum of the kappas.

        A term that g and h share alike is given to each of them by half: right for the sum over all pairs (g,
        h) and (h, g), and for no part of it.
        """
        by_match = np.where(self.defined, 1 / (self.common * self.beyond), 0)
        by_chance = by_match * (1 - self.kappa)
        centre = by_match * self.observed - 2 * by_chance * self.chance
        *first, last = ratings.chosen.astype(float)
        matches = [by_match @ of for of in first]
        moved = np.zeros(len(last.T))
        for of, share, match in zip(first, self.shares, matches, strict=False):
            by_rater = ratings.spread(2 * by_chance * share + centre)
            moved += _column_sums(of[self.some], match - by_rater)
        # Who chose none of the first categories chose the last: one product less.
        by_rater = ratings.spread(by_match - 2 * by_chance * self.shares[-1] - centre)
        return moved + _column_sums(last[self.some], by_rater - sum(matches))


def _column_sums(one: Array, other: Array) -> Array:
    """The sums of the columns of the product, element by element."""
    return np.einsum("ri,ri->i", one, other)
