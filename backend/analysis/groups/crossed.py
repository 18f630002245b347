"""Mean rates with raters and images both random: what other raters would do on other images."""

import numpy as np
from numpy.typing import ArrayLike

from backend.analysis.groups.crossed_design import Design
from backend.analysis.groups.crossed_estimate import CrossedEstimate, Variance
from backend.analysis.groups.crossed_variance import variance_of


def crossed_mean(
    scores: ArrayLike, weights: ArrayLike | None = None, strata: ArrayLike | None = None
) -> CrossedEstimate:
    """The mean of the raters' means, with raters and images both drawn at random.

    Parameters
    ----------
    scores : array_like
        (raters, images), between 0 and 1, NaN where missing.
    weights : array_like, optional
        Of each score in its rater's mean; each rater's sum to 1, or are all 0 to leave her out. Equal weights
        unless given.
    strata : array_like, optional
        A code for each image, such as its truth, if the images are a sample of each stratum whose size was
        set by the study and not by chance. One stratum unless given.

    Returns
    -------
    CrossedEstimate
        Degenerate with one rater, with one image in a stratum, and where the scores do not vary.

    Notes
    -----
    With weights w_ij / R that sum to 1, the variance of the mean is
    sum_i sum_st cov_st w_is w_it + sum_s var_s(image) sum_j w_.j^2 + sum_s var_s(residual) sum_ij w_ij^2,
    with the components of ``crossed_moments``. On complete data in one stratum this is
    (MS_rater + MS_image - MS_residual) / (I J), and in two strata with accuracy = (n_1 TPR + n_0 TNR) / n it
    is S^2 / I + sum_s (n_s / n)^2 (MS_image,s - MS_residual,s) / (I n_s), with S^2 the variance of the
    raters' accuracies, in which TPR and TNR may covary. A negative estimate of what raters, or a stratum's
    images, contribute is taken as 0. The degrees of freedom are Satterthwaite's, of the mean squares as they
    are: Var^2 / (sum of (each one's part of Var)^2 / (its df)), and not less than the raters, or the
    images of a stratum, less 1, whichever are fewer.

    References
    ----------
    Satterthwaite, F. E. (1946). Biometrics Bull. 2:110.
    Gaylor, D. W. & Hopper, F. N. (1969). Technometrics 11:691 (with subtracted mean squares).
    Gallas, B. D., Pennello, G. A. & Myers, K. J. (2007). J. Opt. Soc. Am. A 24:B70.

    Examples
    --------
    >>> found = crossed_mean([[1, 1, 0, 1, 0], [1, 0, 0, 1, 1], [1, 1, 1, 1, 0], [0, 1, 0, 1, 0]])
    >>> round(found.value, 3), round(found.se, 4), round(found.df, 1)
    (0.6, 0.15, 3.3)
    >>> [round(limit, 3) for limit in found.interval()]
    [0.187, 0.907]
    """
    design = Design.of(scores, weights, strata)
    return _estimate(design, difference=False)


def crossed_difference(
    first: ArrayLike,
    second: ArrayLike,
    weights: tuple[ArrayLike, ArrayLike] | None = None,
    strata: ArrayLike | None = None,
) -> CrossedEstimate:
    """The first group's mean minus the second's, other raters having judged the same images.

    Parameters
    ----------
    first, second : array_like
        The groups' scores, as for ``crossed_mean``, with one column an image in both.
    weights : tuple of array_like, optional
        Those of either group.
    strata : array_like, optional
        As for ``crossed_mean``.

    Notes
    -----
    The weights of the second group count negatively in the formula of ``crossed_mean``. Each group has its
    own variances; an image's effects on the groups covary, so what makes an image easy for both cancels.

    Examples
    --------
    >>> found = crossed_difference([[1, 1, 0, 1], [1, 0, 1, 1]], [[0, 1, 0, 1], [1, 0, 0, 1], [0, 0, 0, 1]])
    >>> round(found.value, 3), round(found.se, 4)
    (0.333, 0.2406)
    """
    given = weights or (None, None)
    designs = (Design.of(first, given[0], strata), Design.of(second, given[1], strata))
    return _estimate(Design.contrast(*designs), difference=True)


def _estimate(design: Design, *, difference: bool) -> CrossedEstimate:
    value: float | None = None
    reason = design.lacking()
    variance, se, df = Variance(), None, None
    if reason is None:
        value = float((design.weights * design.scores).sum())
        reason = design.too_small()
    if reason is None:
        variance, df = variance_of(design)
        se = None if variance.total is None else float(np.sqrt(variance.total))
        if se is None:
            reason = "too few images were answered by two raters: the standard error is undefined"
        elif se == 0:
            reason = "the answers do not vary: the standard error is 0 and gives no interval"
    raters, images = design.used()
    return CrossedEstimate(value, se, df, variance, raters, images, difference, reason)
