"""Coefficients that estimate the correlation of two ratings of an item, and the interval made for it."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from backend.analysis.agreement.estimate import ALIKE, Estimate, Interval
from backend.analysis.agreement.profile import profile_interval
from backend.analysis.intervals import LEVEL


@dataclass(frozen=True)
class IntraclassEstimate(Estimate):
    """A coefficient that, for two categories, estimates their intraclass correlation.

    Attributes
    ----------
    value, se, items, degenerate, minimum
        As in ``Estimate``.
    counts : ndarray or None
        The counts (items, categories) of the items that it is taken of.
    """

    counts: NDArray[np.int64] | None = field(default=None, repr=False, compare=False)
    METHODS: ClassVar[tuple[str, ...]] = ("profile", "t")

    @property
    def default_method(self) -> str:
        """``profile`` for two categories, else ``t``."""
        return "profile" if self.counts is not None and self.counts.shape[1] == 2 else "t"

    def interval(self, level: float = LEVEL, method: str | None = None) -> Interval:
        """The two-sided confidence interval; ``(None, None)`` where it is undefined.

        Parameters
        ----------
        level : float
            Confidence level, between 0 and 1.
        method : str, optional
            ``profile``: profile likelihood of the beta-binomial distribution, see ``profile_interval``, for
            two categories alone and the default there. ``t``: value -+ t se, the default for more.

        Raises
        ------
        ValueError
            For a level outside (0, 1), an unknown method, or ``profile`` with more than two categories.
        """
        method = method or self.default_method
        self._check(level, method)
        if method == "t":
            return self._t_interval(level)
        if self.value is None or self.counts is None:
            return None, None
        low, high = profile_interval(self.counts, level)
        # The likelihood has an estimate of its own, and no room for much less than chance where a category is
        # rare: a value outside its interval widens that.
        return min(low, self.value), max(high, self.value)


def bounded(found: Estimate, counts: NDArray[np.int64]) -> IntraclassEstimate:
    """The estimate with its counts; a standard error of 0 then is no reason to go without an interval."""
    settled = found.degenerate == ALIKE and counts.shape[1] == 2
    values = vars(found) | {"degenerate": None if settled else found.degenerate}
    return IntraclassEstimate(**values, counts=counts)
