"""Ratings as matrices and as counts, and what every agreement statistic asks of them first."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

NO_ANSWER = "no image was answered"
NO_PAIR = "no image was answered by two raters"
ONE_RATER = "only one rater answered"
MISSING = -1


def category_counts(ratings: ArrayLike, categories: int = 2) -> NDArray[np.int64]:
    """How many raters chose each category, an item a row.

    Parameters
    ----------
    ratings : array_like of int, shape (raters, items)
        Category codes 0, 1, ...; -1 is a missing rating.
    categories : int
        How many categories there are, used or not.

    Returns
    -------
    ndarray of int, shape (items, categories)

    Raises
    ------
    ValueError
        For what is no such matrix.

    Examples
    --------
    >>> category_counts([[1, 0, -1], [1, 1, 0]]).tolist()
    [[0, 2], [1, 1], [1, 0]]
    """
    matrix = as_ratings(ratings, categories)
    counts = [np.count_nonzero(matrix == category, axis=0) for category in range(categories)]
    return np.stack(counts, axis=1).astype(np.int64)


def prevalence(counts: ArrayLike, category: int = 1) -> float | None:
    """The share of a category among all ratings; ``None`` where there are none.

    Parameters
    ----------
    counts : array_like of int, shape (items, categories)
        How many raters chose each category.
    category : int
        Its column; with two categories, 1 is "real".

    Examples
    --------
    >>> prevalence([[1, 2], [0, 3], [1, 1]])
    0.75
    """
    array = as_counts(counts)
    ratings = int(array.sum())
    return int(array[:, category].sum()) / ratings if ratings else None


def as_counts(counts: ArrayLike) -> NDArray[np.int64]:
    """``counts`` as an integer array (items, categories). Raises ``ValueError`` for what is no table."""
    array = np.asarray(counts)
    if array.ndim != 2 or array.shape[1] == 0 or (array < 0).any() or (array != np.floor(array)).any():
        raise ValueError("counts must be a table of images x categories, of whole numbers from 0")
    return array.astype(np.int64)


def as_ratings(ratings: ArrayLike, categories: int | None = None) -> NDArray[np.integer]:
    """``ratings`` as an integer matrix (raters, items). Raises ``ValueError`` for what is none."""
    matrix = np.asarray(ratings)
    if matrix.size == 0:
        matrix = matrix.astype(np.int64)
    if matrix.ndim != 2 or not np.issubdtype(matrix.dtype, np.integer) or (matrix < MISSING).any():
        raise ValueError("ratings must be a matrix of raters x images, of codes from 0 or -1 for missing")
    if categories is not None and (matrix >= categories).any():
        raise ValueError(f"ratings must be codes below {categories}, the number of categories")
    return matrix


def rated_items(counts: ArrayLike) -> tuple[NDArray[np.int64], str | None]:
    """The items with a rating, and why there is nothing to compare, if so."""
    array = as_counts(counts)
    rated = array[array.sum(axis=1) > 0]
    if len(rated) == 0:
        return rated, NO_ANSWER
    return rated, None if rated.sum(axis=1).max() > 1 else NO_PAIR


def answering(ratings: ArrayLike) -> tuple[NDArray[np.integer], str | None]:
    """The raters and items with a rating, and why there is nothing to compare, if so."""
    matrix = as_ratings(ratings)
    given = matrix != MISSING
    matrix = matrix[given.any(axis=1)][:, given.any(axis=0)]
    if matrix.size == 0:
        return matrix, NO_ANSWER
    if len(matrix) == 1:
        return matrix, ONE_RATER
    return matrix, None if (matrix != MISSING).sum(axis=0).max() > 1 else NO_PAIR


def one_category(ratings: NDArray[np.int64], names: Sequence[str] | None, statistic: str) -> str | None:
    """Why a kappa is undefined where all ratings are of one category; ``ratings`` in each category."""
    used = np.flatnonzero(ratings)
    if len(used) > 1:
        return None
    name = repr(names[used[0]]) if names else f"in category {used[0]}"
    return f"every rating is {name}: agreement by chance is 1, {statistic} is undefined"


def pairwise_agreement(rated: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Each item's share of agreeing pairs of ratings (0 for a lone one), and whether it has a pair at all."""
    ratings = rated.sum(axis=1)
    paired = ratings > 1
    return (rated * (rated - 1)).sum(axis=1) / np.where(paired, ratings * (ratings - 1), 1), paired
