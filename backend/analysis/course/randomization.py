"""Whether answers could have come in any other order: a test that rests on the random orders alone."""

import numpy as np
from scipy.special import ndtr

from backend.analysis.course.clustered import ROUNDING
from backend.analysis.course.trend import Responses


def randomization_p(data: Responses) -> float | None:
    """Two-sided p-value of no dependence of any answer on its place; ``None`` where nothing varies.

    Notes
    -----
    Orders were drawn at random for each rater, so if places do not matter all orders of a rater's answers
    were equally likely. The statistic is the sum over raters of the products of response (less its mean for
    rater and kind) and place; over all orders its mean is 0 and its variance the sum of S_yy S_xx / (n - 1),
    to which it is held as to a normal distribution. Nothing is assumed of raters or images; neither does it
    speak of other raters.

    References
    ----------
    Hoeffding (1951), Ann. Math. Stat. 22:558, for the normal limit.

    Examples
    --------
    >>> position = np.arange(1, 41)[None, :]
    >>> right = (position + position // 7) % 3 > position // 20
    >>> round(randomization_p(Responses(right, position, position > 0, position[0] % 2)), 3)
    0.074
    """
    kinds = data.kinds
    y, x = (np.where(data.answered, values, 0.0) for values in (data.response, data.position))
    n = data.answered @ kinds
    share = y @ kinds / np.maximum(n, 1)
    y = np.where(data.answered, y - share[:, data.truths], 0.0)
    n = n.sum(axis=1)
    x = np.where(data.answered, x - (x.sum(axis=1) / np.maximum(n, 1))[:, None], 0.0)
    variance = ((y**2).sum(axis=1) * (x**2).sum(axis=1) / np.maximum(n - 1, 1)).sum()
    if variance <= ROUNDING * (data.position[data.answered] ** 2).sum():
        return None
    return float(2 * ndtr(-abs((y * x).sum()) / np.sqrt(variance)))


def one_order(data: Responses) -> bool | None:
    """Whether all raters saw the images in one order, so that no place can be told from its image.

    ``None`` where no image was answered by two raters.
    """
    several = data.answered.sum(axis=0) > 1
    if not several.any():
        return None
    place, answered = data.position[:, several], data.answered[:, several]
    lowest = np.where(answered, place, np.inf).min(axis=0)
    highest = np.where(answered, place, -np.inf).max(axis=0)
    return bool((lowest == highest).all())
