"""Obuchowski and Rockette's analysis of several raters' areas, with DeLong covariances and Hillis's df."""

from dataclasses import dataclass

import numpy as np

from backend.analysis.groups.mrmc_estimate import ALIKE, ROUNDING, AreaEstimate
from backend.analysis.groups.mrmc_scores import Floats, Placements, Readings, delong_covariance, placements

ONE_RATER = "only one rater scored two reals and two fakes: the variance over raters is undefined"
SAME_AREAS = "the raters' areas are all the same: degrees of freedom are undefined"


@dataclass(frozen=True)
class ObuchowskiRockette(AreaEstimate):
    """A mean area, or a difference, with the parts of its variance.

    Attributes
    ----------
    ms_raters : float or None
        Mean square of raters: the variance of their areas, within groups.
    cov2 : float or None
        Mean covariance, over images, of two raters of a group.
    cov3 : float or None
        Mean covariance of two raters of different groups.
    """

    ms_raters: float | None = None
    cov2: float | None = None
    cov3: float | None = None


def obuchowski_rockette(readings: Readings) -> ObuchowskiRockette:
    """A group's mean area, with raters and images random.

    Parameters
    ----------
    readings : Readings
        Raters with two scored reals and two scored fakes at least.

    Returns
    -------
    ObuchowskiRockette
        Degenerate for a single rater, and where all areas are the same.

    Notes
    -----
    The variance of the mean of r areas is MS(R) / r + max(Cov2, 0), and has
    (MS(R) + r max(Cov2, 0))^2 / (MS(R)^2 / (r - 1)) degrees of freedom.

    References
    ----------
    Obuchowski, N. A. & Rockette, H. E. (1995). Commun. Stat. Simul. Comput. 24:285.
    Hillis, S. L. (2007). Stat. Med. 26:596.
    Hillis, S. L. (2014). Stat. Med. 33:330, page 346 (a single test).

    Examples
    --------
    >>> scores = [[3, 2, 1, 1, 0, -1], [2, 3, -1, 0, -2, -1], [1, 3, 2, -1, -2, 2]]
    >>> found = obuchowski_rockette(Readings.of(scores, [1, 1, 1, 0, 0, 0]))
    >>> round(found.value, 4), round(found.se, 4), round(found.df, 2)
    (0.8704, 0.0668, 21.12)
    """
    parts = placements(readings)
    r = len(parts.areas)
    if r == 0:
        return ObuchowskiRockette(degenerate="no rater scored two reals and two fakes")
    value = float(parts.areas.mean())
    if r == 1:
        return ObuchowskiRockette(value, degenerate=ONE_RATER)
    ms, cov2 = float(parts.areas.var(ddof=1)), _mean_covariance(delong_covariance(parts))
    return _estimate(value, (ms / r, r - 1), max(cov2, 0.0), difference=False, parts=(ms, cov2, None))


def obuchowski_rockette_difference(first: Readings, second: Readings) -> ObuchowskiRockette:
    """The difference of two groups' mean areas: raters nested in groups, both reading the same images.

    Notes
    -----
    The variance is MS[R(G)] (1/r_1 + 1/r_2) + max(Cov2_1 + Cov2_2 - 2 Cov3, 0), where MS[R(G)] is the mean
    square of raters within groups with r_1 + r_2 - 2 degrees of freedom, Cov2_g the mean covariance of two
    raters of group g and Cov3 that of raters of different groups. With r raters in either group this is
    2/r (MS[R(G)] + r max(Cov2 - Cov3, 0)). The degrees of freedom are the square of the variance by that of
    its first term over r_1 + r_2 - 2.

    References
    ----------
    Hillis, S. L. (2014). Stat. Med. 33:330, pages 344 to 346 (readers nested within test).
    """
    groups = placements(first), placements(second)
    sizes = [len(group.areas) for group in groups]
    if min(sizes) == 0:
        return ObuchowskiRockette(difference=True, degenerate="a group has no rater with scored images")
    value = float(groups[0].areas.mean() - groups[1].areas.mean())
    if min(sizes) == 1:
        return ObuchowskiRockette(value, difference=True, degenerate=ONE_RATER)
    within = sum(sizes) - 2
    ms = sum(((group.areas - group.areas.mean()) ** 2).sum() for group in groups) / within
    covariance = delong_covariance(_together(*groups))
    split = sizes[0]
    own = [_mean_covariance(covariance[:split, :split]), _mean_covariance(covariance[split:, split:])]
    cov3 = float(covariance[:split, split:].mean())
    raters = float(ms * (1 / sizes[0] + 1 / sizes[1]))
    images = max(sum(own) - 2 * cov3, 0.0)
    return _estimate(value, (raters, within), images, difference=True, parts=(float(ms), sum(own) / 2, cov3))


def _estimate(
    value: float,
    raters: tuple[float, int],
    images: float,
    *,
    difference: bool,
    parts: tuple[float, float, float | None],
) -> ObuchowskiRockette:
    """From what raters (with their degrees of freedom) and images contribute to the variance."""
    variance, (term, freedom) = raters[0] + images, raters
    if term > ROUNDING:
        df = variance**2 / (term**2 / freedom)
        return ObuchowskiRockette(value, variance, df, difference, None, *parts)
    reason = SAME_AREAS if variance > ROUNDING else ALIKE
    return ObuchowskiRockette(value, variance, None, difference, reason, *parts)


def _mean_covariance(covariance: Floats) -> float:
    """The mean of what is off the diagonal."""
    r = len(covariance)
    return float((covariance.sum() - np.trace(covariance)) / (r * (r - 1)))


def _together(first: Placements, second: Placements) -> Placements:
    return Placements(
        np.concatenate([first.areas, second.areas]),
        np.vstack([first.reals, second.reals]),
        np.vstack([first.fakes, second.fakes]),
        tuple(np.concatenate(counts) for counts in zip(first.counts, second.counts, strict=True)),
    )
