"""The unbiased variance of raters' mean area under the ROC curve (Gallas), raters and images random."""

from collections.abc import Sequence

import numpy as np

from backend.analysis.groups.mrmc_estimate import ALIKE, ROUNDING, AreaEstimate
from backend.analysis.groups.mrmc_moments import Moments, cross_moments, moments, success_sums
from backend.analysis.groups.mrmc_scores import Readings

NEGATIVE = "the unbiased variance estimate is negative: there is no standard error"
TOO_SMALL = "needs two raters, two reals and two fakes: the variance is undefined"


def gallas(readings: Readings) -> AreaEstimate:
    """The mean area over raters, its unbiased variance, and a t interval.

    Parameters
    ----------
    readings : Readings
        Scores with any pattern of missing ones.

    Returns
    -------
    AreaEstimate
        Without a variance for fewer than two raters, reals or fakes.

    Notes
    -----
    A comparison s_rij of real i with fake j by rater r is 1 where the real is scored higher, 1/2 for a tie,
    else 0. The mean area is the mean of all comparisons, so that raters who miss images count by the pairs
    they compared; on complete data it is the mean of the raters' areas. Products of two comparisons have
    eight expectations, by whether rater, real and fake are the same; each is estimated by the mean over all
    such pairs, and the variance of the mean is c_1 M_1 + ... + c_8 M_8 with c_k the share of such pairs among
    all, less 1 for c_8. It is unbiased, and so can be negative; where scores are missing that happens more
    often, and Obuchowski and Rockette's estimate is the steadier one.

    The degrees of freedom are V^2 / sum of (v_k / (n_k - 1))^2 / (n_k - 1) over raters, reals and fakes, with
    v_k the V-statistics M_4 - M_8 and so on, and not below the smallest n_k - 1.

    References
    ----------
    Gallas, B. D. (2006). Acad. Radiol. 13:353.
    Gallas, B. D. & Brown, D. G. (2008). Neural Networks 21:387 (any study design).
    Gallas, B. D., Bandos, A., Samuelson, F. W. & Wagner, R. F. (2009). Commun. Stat. Theory Methods 38:2586.
    Obuchowski, N. A., Gallas, B. D. & Hillis, S. L. (2012). Acad. Radiol. 19:1508 (degrees of freedom).

    Examples
    --------
    >>> scores = [[3, 2, 1, 1, 0, -1], [2, 3, -1, 0, -2, -1], [1, 3, 2, -1, -2, 2]]
    >>> found = gallas(Readings.of(scores, [1, 1, 1, 0, 0, 0]))
    >>> round(found.value, 4), round(found.variance, 4)
    (0.8704, 0.0029)
    """
    successes, present = success_sums(readings)
    comparisons = present.cells.sum()
    if comparisons == 0:
        return AreaEstimate(degenerate="no rater scored a real and a fake: the area is undefined")
    value = float(successes.cells.sum() / comparisons)
    found = moments(successes, present)
    if np.isnan(found.means[0, 0, 0]):
        return AreaEstimate(value, degenerate=TOO_SMALL)
    parts = list(zip(found.components.tolist(), found.sizes.tolist(), strict=True))
    return _estimate(value, found.variance, parts, difference=False)


def gallas_difference(first: Readings, second: Readings) -> AreaEstimate:
    """The difference of two groups' mean areas, other raters having scored the same images.

    The variance is V_1 + V_2 - 2 C, with C the sum of c_k M_k over the four moments of comparisons by raters
    of different groups (Gallas & Brown 2008, Neural Networks 21:387). ``gallas`` has the rest.
    """
    sums = success_sums(first), success_sums(second)
    if not all(present.cells.any() for _, present in sums):
        return AreaEstimate(difference=True, degenerate="a group has no rater with scored reals and fakes")
    means = [float(successes.cells.sum() / present.cells.sum()) for successes, present in sums]
    own, shared = [moments(*group) for group in sums], cross_moments(*sums)
    if any(np.isnan(one.means[0, 0, 0]) for one in (*own, shared)):
        return AreaEstimate(means[0] - means[1], difference=True, degenerate=TOO_SMALL)
    variance = own[0].variance + own[1].variance - 2 * shared.variance
    return _estimate(means[0] - means[1], variance, _parts(own, shared), difference=True)


def _parts(own: Sequence[Moments], shared: Moments) -> list[tuple[float, float]]:
    """What makes a difference vary, with sizes: each group's raters, then the reals and fakes they share."""
    raters = [(float(one.components[0]), float(one.sizes[0])) for one in own]
    images = own[0].components + own[1].components - 2 * np.nan_to_num(shared.components)
    sizes = np.minimum(own[0].sizes, own[1].sizes)
    return [*raters, *zip(images[1:].tolist(), sizes[1:].tolist(), strict=True)]


def _estimate(
    value: float, variance: float, parts: Sequence[tuple[float, float]], *, difference: bool
) -> AreaEstimate:
    if abs(variance) < ROUNDING:
        return AreaEstimate(value, 0.0, None, difference, ALIKE)
    if variance < 0:
        return AreaEstimate(value, variance, None, difference, NEGATIVE)
    squares = sum(component**2 / (size - 1) ** 3 for component, size in parts)
    if squares == 0:
        return AreaEstimate(value, variance, None, difference, ALIKE)
    least = min(size for _, size in parts) - 1
    return AreaEstimate(value, variance, max(variance**2 / squares, least), difference)
