"""Variance components of scores that raters gave images, from differences between pairs of scores.

The model is x_ij = mu + rater_i + image_j + residual_ij, for each group of raters and each stratum of images
with its own mean and variances; a rater's effects on two strata may covary, and so may an image's on two
groups. Half the mean squared difference of two scores estimates the variance of what they do not share:
image and residual for two scores of one rater, rater and residual for two scores of one image, and all three
for two scores that share neither. The components follow by subtraction. These are U-statistics: unbiased,
the same for right as for wrong answers, and open to missing cells. On complete data they are the estimates
of the analysis of variance, (MS_rater - MS_residual) / images and so on.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Components(NamedTuple):
    """Estimated variances and covariances; NaN where no pair of scores tells.

    ``raters[g, s, t]`` is that of a rater's effects on strata s and t, ``images[s, g, h]`` that of an image's
    effects on groups g and h, ``residual[g, s]`` what is left.
    """

    raters: Floats
    images: Floats
    residual: Floats


def components(x: Floats, answered: Floats, groups: Floats, strata: Floats) -> Components:
    """Unbiased estimates of the variance components.

    Parameters
    ----------
    x, answered : ndarray
        Scores (raters, images), 0 where missing, and 1 for cells that are there.
    groups, strata : ndarray
        1 for members and 0 for others: (groups, raters) and (strata, images).

    References
    ----------
    Searle, S. R., Casella, G. & McCulloch, C. E. (1992). Variance Components, chapters 4 and 5.
    Gallas, B. D., Pennello, G. A. & Myers, K. J. (2007). J. Opt. Soc. Am. A 24:B70 (U-statistics of binary
    scores).
    """
    # Sums and counts by group, rater and stratum, and by stratum, image and group.
    by_rater = [groups[:, :, None] * (m @ strata.T) for m in (x, answered)]
    by_image = [strata[:, :, None] * (groups @ m).T for m in (x, answered)]
    raters, images = _covariances(*by_rater), _covariances(*by_image)
    residual = np.empty((len(groups), len(strata)))
    for g, s in np.ndindex(residual.shape):
        cells = np.ix_(groups[g] > 0, strata[s] > 0)
        raters[g, s, s], images[s, g, g], residual[g, s] = _variances(x[cells], answered[cells])
    return Components(raters, images, residual)


def _variances(x: Floats, answered: Floats) -> tuple[float, float, float]:
    """Of raters, images and residual, within a group and a stratum."""
    squares, n = x**2, answered.sum(axis=1)[:, None]
    m, cells = answered.sum(axis=0), answered.sum()
    rows, columns = (x.sum(axis=1) ** 2).sum(), (x.sum(axis=0) ** 2).sum()

    def unlike(partners: Floats, products: float) -> float:
        """Half the mean squared difference of pairs, by each cell's number of partners."""
        pairs = (answered * partners).sum()
        return ((squares * partners).sum() - products) / pairs if pairs > 0.5 else np.nan

    same_rater = unlike(n - 1, rows - squares.sum())
    same_image = unlike(m - 1, columns - squares.sum())
    apart = unlike(cells - n - m + 1, x.sum() ** 2 - rows - columns + squares.sum())
    return apart - same_rater, apart - same_image, same_rater + same_image - apart


def _covariances(sums: Floats, counts: Floats) -> Floats:
    """Covariances of a rater's (an image's) effects on two strata (groups), one matrix for each of the first.

    ``sums`` and ``counts`` have the shape (first, rater, stratum). Over pairs of raters i and k, the mean of
    half of (x_is - x_ks) (x_it - x_kt), for every choice of one score of each rater in each stratum.
    """
    both = np.einsum("fis,fit->fst", counts, counts)
    pairs = both**2 - np.einsum("fis,fit->fst", counts**2, counts**2)
    crossed = np.einsum("fis,fit->fst", sums, counts)
    total = np.einsum("fis,fit->fst", sums, sums) * both - crossed * crossed.transpose(0, 2, 1)
    return np.divide(total, pairs, out=np.full(total.shape, np.nan), where=pairs > 0.5)
