"""The parts of a study that agreement is taken of: a subset of the images, rated by a group."""

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from backend.analysis.agreement.counts import MISSING, category_counts
from backend.analysis.ratings.rows import EVERYONE, FAKE, REAL
from backend.analysis.ratings.table import CODES, RatingsTable

SUBSETS = (REAL, FAKE, EVERYONE)
NAMES = (FAKE, REAL)


@dataclass(frozen=True, eq=False)
class Cell:
    """The answers of a group of raters to a subset of images.

    Attributes
    ----------
    subset, group : str
        As in the results.
    ratings : ndarray of int8, shape (raters, items)
        1 real, 0 fake, -1 missing; only raters and images with an answer.
    members : ndarray of int
        Which of the table's raters those are.
    missing : int
        Answers missing.
    """

    subset: str
    group: str
    ratings: NDArray[np.int8]
    members: NDArray[np.int64]
    missing: int

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many raters said fake and real, an image a row."""
        return category_counts(self.ratings)


def cells(table: RatingsTable) -> tuple[Cell, ...]:
    """Every subset of images with every group and ``all``, in that order."""
    return tuple(_cell(table, subset, group) for subset, group in product(SUBSETS, (*table.groups, EVERYONE)))


def _cell(table: RatingsTable, subset: str, group: str) -> Cell:
    members = np.flatnonzero(table.members(group))
    of_subset = np.full(len(table.images), True) if subset == EVERYONE else table.truths == CODES[subset]
    blank = (table.answer == MISSING) & of_subset[table.image]
    if group != EVERYONE:
        blank &= table.group == table.groups.index(group)
    chosen = table.answers[members][:, of_subset]
    given = chosen != MISSING
    answering = given.any(axis=1)
    ratings = chosen[answering][:, given.any(axis=0)]
    return Cell(subset, group, ratings, members[answering], int(np.count_nonzero(blank)))
