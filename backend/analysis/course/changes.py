"""What became of first answers: counts of changes by their direction, and tests of one rater's."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr

from backend.analysis.course.answers import Course
from backend.analysis.course.variance import Mask, Vector
from backend.analysis.intervals import LEVEL, normal_quantile


@dataclass(frozen=True, eq=False)
class Changes:
    """First against final answers as matrices (raters, images).

    Attributes
    ----------
    paired : Mask
        Where both are known.
    right_first, right_final : Mask
        Where both are known and the first, or the final one, is right.
    real_first : Mask
        Where both are known and the first is ``real``.
    """

    paired: Mask
    right_first: Mask
    right_final: Mask
    real_first: Mask

    @classmethod
    def of(cls, course: Course) -> "Changes":
        """The changes of a course."""
        paired = (course.first >= 0) & (course.final >= 0)
        right = [paired & (answers == course.truths) for answers in (course.first, course.final)]
        return cls(paired, *right, paired & (course.first == 1))

    def of_raters(self, members: Mask) -> "Changes":
        """The changes of some raters."""
        return Changes(*(getattr(self, field.name)[members] for field in fields(self)))

    def accuracies(self) -> tuple[Vector, Vector]:
        """First and final shares of right answers of each rater who has any."""
        n = self.paired.sum(axis=1)
        right = (mask.sum(axis=1)[n > 0] for mask in (self.right_first, self.right_final))
        first, final = (count / n[n > 0] for count in right)
        return first, final

    def counts(self) -> dict[str, NDArray[np.int64]]:
        """The numbers of each rater's answers and changes, by the names of the results' fields."""
        changed = self.right_first != self.right_final
        cells = {
            "n": self.paired,
            "changed": changed,
            "wrong_to_right": changed & self.right_final,
            "right_to_wrong": changed & self.right_first,
            "real_to_fake": changed & self.real_first,
            "fake_to_real": changed & ~self.real_first,
        }
        return {name: mask.sum(axis=1) for name, mask in cells.items()}


def revision_counts(course: Course) -> dict[str, NDArray]:
    """Each rater's withdrawn and revised answers and revisions; NaN for what was not recorded."""
    known = ~np.isnan(course.revisions)
    revisions = np.where(known, course.revisions, 0)
    unrecorded = np.where(known.any(axis=1), 0, np.nan)
    return {
        "withdrawn": ((course.first >= 0) & (course.final < 0)).sum(axis=1),
        "revised": (revisions > 0).sum(axis=1) + unrecorded,
        "revisions": revisions.sum(axis=1) + unrecorded,
    }


def mcnemar_exact(gained: ArrayLike, lost: ArrayLike) -> NDArray[np.float64]:
    """McNemar's exact two-sided test of pairs: as many went one way as the other.

    Parameters
    ----------
    gained, lost : numbers of pairs that differ, by direction; arrays broadcast.

    Returns
    -------
    numpy.ndarray
        p-values; 1 where no pair differs.

    Notes
    -----
    Of n pairs that differ, the smaller number is held against the binomial distribution with 1/2: twice the
    lower tail, at most 1.

    References
    ----------
    McNemar (1947), Psychometrika 12:153.

    Examples
    --------
    >>> float(mcnemar_exact(9, 1))
    0.021484375
    """
    gained, lost = np.broadcast_arrays(np.asarray(gained), np.asarray(lost))
    return np.minimum(2 * bdtr(np.minimum(gained, lost).astype(float), gained + lost, 0.5), 1.0)


def paired_change(gained: int, lost: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Bonett and Price's interval of (gained - lost) / n, the change of a share between paired answers.

    Notes
    -----
    Wald's interval after adding 1 to both numbers of changes and 2 to n; it keeps near its level from few
    pairs on.

    References
    ----------
    Bonett & Price (2012), Stat. Methods Med. Res. 21:479, equation 4.

    Examples
    --------
    >>> [round(limit, 3) for limit in paired_change(9, 1, 80)]
    [0.017, 0.178]
    """
    up, down = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    half = normal_quantile(level) * ((up + down - (up - down) ** 2) / (n + 2)) ** 0.5
    return max(up - down - half, -1.0), min(up - down + half, 1.0)
