"""One rater's answers against the truth, counted without numpy: what she is shown needs nothing more."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from backend.analysis.ratings.rows import FAKE, REAL, RatingRow


@dataclass(frozen=True)
class Confusion:
    """A rater's name and counts; the positive class is real.

    Attributes
    ----------
    rater, group : str
        Names of the rater and of her group.
    n : int
        Images that count, ``tp + fp + fn + tn``.
    missing : int
        Images shown without an answer.
    tp, fn : int
        Reals called real, reals called fake.
    fp, tn : int
        Fakes called real, fakes called fake.
    """

    rater: str
    group: str
    n: int
    missing: int
    tp: int
    fp: int
    fn: int
    tn: int


def confusion_of(rows: Iterable[RatingRow]) -> Confusion:
    """The counts of one rater's rows, of which there is at least one; a missing answer counts as such alone.

    >>> confusion_of([RatingRow("A", "ED", "1", "real", "fake"), RatingRow("A", "ED", "2", "fake", "")])
    Confusion(rater='A', group='ED', n=1, missing=1, tp=0, fp=0, fn=1, tn=0)
    """
    tidied = [row.tidied() for row in rows]
    cells = Counter((row.truth, row.answer) for row in tidied)
    tp, fn = cells[REAL, REAL], cells[REAL, FAKE]
    fp, tn = cells[FAKE, REAL], cells[FAKE, FAKE]
    n = tp + fn + fp + tn
    first = tidied[0]
    return Confusion(first.rater, first.group, n, len(tidied) - n, tp=tp, fp=fp, fn=fn, tn=tn)
