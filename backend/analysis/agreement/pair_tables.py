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
    chosen : ndarray of bool, shape (categories, raters, items)
        Who chose what; only categories that somebody chose.
    given : ndarray of bool, shape (raters, sets)
        The raters of each set.
    times : ndarray of int, shape (sets,)
        How many items each set rated.
    """

    chosen: NDArray[np.bool_]
    given: NDArray[np.bool_]
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
        categories = np.unique(matrix[matrix != MISSING])
        return cls(np.stack([ordered == category for category in categories]), given[:, first], times)

    def times_given(self, of: Array) -> Array:
        """The product of a matrix (raters, items) with who rated each item, (raters, raters)."""
        starts = np.cumsum(self.times) - self.times
        return np.add.reduceat(of, starts, axis=1) @ self.given.T.astype(of.dtype)

    def spread(self, of: Array) -> Array:
        """The product of a matrix (raters, raters) with who rated each item, (raters, items)."""
        return np.repeat(of @ self.given, self.times, axis=1)


@dataclass(frozen=True)
class PairTables:
    """Cohen's tables of all pairs of raters (g, h), as matrices (raters, raters).

    Attributes
    ----------
    defined : ndarray of bool
        Whether the pair has a kappa; not for a rater with herself.
    common : ndarray
        The items that both rated, at least 1.
    shares : ndarray, shape (categories, raters, raters)
        The share of each category among the ratings of g there.
    observed, chance : ndarray
        Observed agreement, and agreement by chance.
    """

    defined: NDArray[np.bool_]
    common: Array
    shares: Array
    observed: Array
    chance: Array

    @classmethod
    def of(cls, ratings: ByRaters) -> "PairTables":
        """The tables of all pairs of raters."""
        # Single precision counts exactly up to 2^24, in half the time.
        chosen = ratings.chosen.astype(np.float32)
        both = [(of @ of.T).astype(np.float64) for of in chosen]
        by_first = np.stack([ratings.times_given(of) for of in chosen]).astype(np.float64)
        together = by_first.sum(axis=0)
        common = np.maximum(together, 1)
        # Undefined: no common item, or all of them in one category for both.
        defined = np.max(both, axis=0) < together
        np.fill_diagonal(defined, False)
        shares = by_first / common
        chance = sum(share * share.T for share in shares)
        return cls(defined, common, shares, sum(both) / common, chance)

    @property
    def beyond(self) -> Array:
        """The agreement that chance leaves, 1 - p_e; 1 where kappa is undefined."""
        return np.where(self.defined, 1 - self.chance, 1)

    @property
    def kappa(self) -> Array:
        """Cohen's kappa of each pair; 0 where it is undefined."""
        return np.where(self.defined, self.observed - self.chance, 0) / self.beyond

    def influence(self, ratings: ByRaters) -> Array:
        """How far each item, in the order of ``ratings``, moves the sum of all pairs' kappas."""
        by_match = np.where(self.defined, 1 / (self.common * self.beyond), 0)
        by_chance = by_match * (1 - self.kappa)
        centre = by_match * self.observed / 2 - by_chance * self.chance
        first, last = ratings.chosen[:-1].astype(float), ratings.chosen[-1].astype(float)
        matches = [by_match @ of / 2 for of in first]
        moved = np.zeros(ratings.chosen.shape[2])
        for of, share, match in zip(first, self.shares, matches, strict=False):
            moved += _column_sums(of, match - ratings.spread(by_chance * share.T + centre))
        # Who chose none of the first categories chose the last: one product less.
        match = ratings.spread(by_match / 2 - by_chance * self.shares[-1].T - centre)
        return moved + _column_sums(last, match - sum(matches))


def _column_sums(one: Array, other: Array) -> Array:
    """The sums of the columns of the product, element by element."""
    return np.einsum("ri,ri->i", one, other)
