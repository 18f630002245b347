"""A statistic of several raters' pairs of answers, with its error over other raters."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from backend.analysis.agreement.estimate import ROUNDING

NO_PAIR = "no image was answered at both showings"
ONE_RATER = "one rater only: an interval for other raters is undefined"
RATERS_ALIKE = "all raters agree with themselves alike: the standard error is 0 and gives no interval"
ONE_ANSWER = "each rater gave one answer throughout: agreement by chance is complete, and kappa undefined"

Pairs = NDArray[np.int8]
"""A rater's answers at the first and at the second showing, an image a column, of those answered at both."""


def jackknifed(
    raters: Sequence[Pairs],
    statistic: Callable[[Sequence[Pairs]], float | None],
    minimum: float,
    level: float,
) -> tuple[float | None, float | None, tuple[float | None, float | None], str | None]:
    """A statistic over raters, its standard error and interval for other raters, and why something lacks."""
    count, none = len(raters), (None, None)
    if not count:
        return None, None, none, NO_PAIR
    value = statistic(raters)
    if value is None:
        return None, None, none, ONE_ANSWER
    if count == 1:
        return value, None, none, ONE_RATER
    without = [statistic([*raters[:left], *raters[left + 1 :]]) for left in range(count)]
    left = np.array([one for one in without if one is not None])
    if len(left) < count:
        return value, None, none, ONE_ANSWER
    se = float(np.sqrt((count - 1) / count * ((left - left.mean()) ** 2).sum()))
    if se <= ROUNDING:
        return value, 0.0, none, RATERS_ALIKE
    half = float(stdtrit(count - 1, (1 + level) / 2)) * se
    return value, se, (max(minimum, value - half), min(1.0, value + half)), None
