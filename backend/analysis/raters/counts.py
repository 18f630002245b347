"""Every rater's answers against the truth, as counts; the positive class is real."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.analysis.ratings import RatingsTable

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Counts:
    """Confusion counts as arrays, a position for each rater.

    Attributes
    ----------
    tp, fn : ndarray of int
        Reals called real, reals called fake.
    fp, tn : ndarray of int
        Fakes called real, fakes called fake.
    missing : ndarray of int
        Images shown without an answer.
    """

    tp: Integers
    fp: Integers
    fn: Integers
    tn: Integers
    missing: Integers

    @property
    def reals(self) -> Integers:
        """Reals that count."""
        return self.tp + self.fn

    @property
    def fakes(self) -> Integers:
        """Fakes that count."""
        return self.fp + self.tn

    @property
    def correct(self) -> Integers:
        """Answers that are right."""
        return self.tp + self.tn

    @property
    def n(self) -> Integers:
        """Images that count."""
        return self.reals + self.fakes


def counts_of(table: RatingsTable, *, blank_as_error: bool = False) -> Counts:
    """The counts of each of ``table.raters``.

    A missing answer counts as ``missing`` alone. With ``blank_as_error`` it is a wrong answer too: a blank on
    a real is a FN, on a fake a FP.
    """
    # rater x truth (fake, real) x answer (fake, real, missing): the codes serve as indices, -1 as the last.
    cells = np.zeros((len(table.raters), 2, 3), dtype=np.int64)
    np.add.at(cells, (table.rater, table.truth, table.answer), 1)
    (tn, fp, blank_fakes), (fn, tp, blank_reals) = cells.transpose(1, 2, 0)
    missing = blank_fakes + blank_reals
    if blank_as_error:
        fp, fn = fp + blank_fakes, fn + blank_reals
    return Counts(tp=tp, fp=fp, fn=fn, tn=tn, missing=missing)


def rows_by_rater(table: RatingsTable, chosen: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Which of the ``chosen`` rows of the table are whose: indices, in the order of ``table.raters``."""
    rows = np.flatnonzero(chosen)
    raters = table.rater[rows]
    ends = np.cumsum(np.bincount(raters, minlength=len(table.raters)))
    return np.split(rows[np.argsort(raters, kind="stable")], ends[:-1])


def unanswered(reals: int, fakes: int) -> str | None:
    """Which kind of image a rater with these numbers of counting reals and fakes lacks; ``None`` if none."""
    if not reals and not fakes:
        return "no image answered"
    if not reals:
        return "no real image answered"
    return None if fakes else "no fake image answered"
