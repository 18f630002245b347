"""What the ratings tell of time, as matrices (raters, images)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.analysis.course.variance import Matrix
from backend.analysis.ratings.numbers import labels, numbers
from backend.analysis.ratings.table import CODES, RatingsTable

Codes = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Course:
    """A study's answers and when they were given.

    Attributes
    ----------
    truths : Codes
        Of each image: 1 real, 0 fake.
    final : Codes
        The answers that count: 1 real, 0 fake, -1 missing.
    first : Codes
        The first answers, coded the same; -1 where none was recorded.
    position : Matrix
        Place in the rater's presentation order; NaN where it was not recorded.
    response_ms : Matrix
        Time to the first answer; NaN where none above 0 was recorded.
    revisions : Matrix
        How often the rater changed her answer; NaN where it was not recorded.
    """

    truths: Codes
    final: Codes
    first: Codes
    position: Matrix
    response_ms: Matrix
    revisions: Matrix


def course_of(table: RatingsTable) -> Course:
    """The course of a table's study. Raises ``RatingsError`` for a column that holds no numbers."""
    response = numbers(table, "response_ms")
    return Course(
        truths=table.truths,
        final=table.answers,
        first=_matrix(table, labels(table, "first_answer"), CODES[""]),
        position=_matrix(table, numbers(table, "position"), np.nan),
        response_ms=_matrix(table, np.where(response > 0, response, np.nan), np.nan),
        revisions=_matrix(table, numbers(table, "revisions"), np.nan),
    )


def _matrix(table: RatingsTable, values: NDArray, empty: float) -> NDArray:
    matrix = np.full((len(table.raters), len(table.images)), empty, dtype=values.dtype)
    matrix[table.rater, table.image] = values
    return matrix
