"""The interval of kappa for two categories: profile likelihood of the extended beta-binomial distribution."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from backend.analysis.agreement.beta_binomial import Array, BetaBinomial
from backend.analysis.agreement.counts import rated_items
from backend.analysis.agreement.estimate import Interval
from backend.analysis.intervals import LEVEL, normal_quantile

GRID = 33
STEPS = 60
PRECISE = 1e-9
FLAT = 1e-5  # the slope at which the profile counts as at its top: its height then is off by less than 1e-10


def profile_interval(counts: ArrayLike, level: float = LEVEL) -> Interval:
    """Profile likelihood interval of the correlation within items, which is kappa for two categories.

    Parameters
    ----------
    counts : array_like of int, shape (items, 2)
        How many raters chose each category.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    tuple of float
        Lower and upper limit, in [-1 / (r - 1), 1] with r the most ratings of an item; ``(None, None)`` where
        kappa is undefined.

    Raises
    ------
    ValueError
        For what is no table of counts of two categories, or a level outside (0, 1).

    Notes
    -----
    Item i has y_i ratings "real" of r_i, beta-binomial with prevalence pi and correlation rho:
    P(y) = C(r, y) prod_{j<y} (pi (1 - rho) + j rho) prod_{j<r-y} ((1 - pi) (1 - rho) + j rho) /
    prod_{j<r} (1 - rho + j rho). It remains a distribution for negative rho while no factor is negative
    (Prentice), at the least for rho = -1 / (2 r - 3) and pi = 1/2, with r of the largest item. Two ratings of
    an item then have the correlation rho, which is what kappa estimates (Fleiss & Cuzick). With l(rho) the
    log likelihood maximised over pi, the interval is {rho: 2 (max l - l(rho)) <= chi2_1(level)}; should that
    be in pieces, it is their hull. Where even the model's least rho is not ruled out, the lower limit is
    kappa's own bound -1 / (r - 1).

    The items enter only through the numbers of them with more than j ratings of a kind, so that the cost does
    not grow with the number of items.

    References
    ----------
    Prentice (1986), J. Am. Stat. Assoc. 81:321. Fleiss & Cuzick (1979), Appl. Psychol. Meas. 3:537. Lui,
    Cumberland & Kuo (1996), Biometrics 52:412.

    Examples
    --------
    >>> low, high = profile_interval([[3, 0], [0, 3], [1, 2], [2, 1]])
    >>> round(low, 3), round(high, 3)
    (-0.19, 0.857)
    """
    limit = normal_quantile(level)
    rated, reason = rated_items(counts)
    if rated.shape[1] != 2:
        raise ValueError(f"the profile interval is for two categories, not {rated.shape[1]}")
    if reason or not rated.sum(axis=0).all():
        return None, None
    likelihood = BetaBinomial.of(rated)
    rho, heights = _profile(likelihood)
    peak = heights.max()
    inside = np.flatnonzero(2 * (peak - heights) <= limit**2)
    first, last, end = inside[0], inside[-1], len(rho) - 1

    def excess(rho: Array) -> Array:
        """The root of twice the loss of log likelihood, less its limit: nearly straight in rho."""
        loss = np.clip(2 * (peak - likelihood.profile(rho)), 0, 100 * limit**2)
        return np.sqrt(loss) - limit

    low, high = _roots(excess, rho[[first, last]], rho[[max(first - 1, 0), min(last + 1, end)]], PRECISE)
    bound = -1 / (len(likelihood.rated) - 1)
    return float(low) if first > 0 else bound, float(high) if last < end else 1.0


def _profile(likelihood: BetaBinomial) -> tuple[Array, Array]:
    """A grid of correlations, denser where they are small, with the best one in it, and their heights."""
    rho = likelihood.least + (1 - likelihood.least) * np.linspace(0, 1, GRID) ** 2
    heights = likelihood.profile(rho)
    top = int(np.argmax(heights))
    around = rho[[max(top - 1, 0), min(top + 1, GRID - 1)]]
    before, after = likelihood.descent(around)
    if before < 0 < after:
        best = _roots(likelihood.descent, around[:1], around[1:], FLAT)
        at = int(np.searchsorted(rho, best[0]))
        rho = np.insert(rho, at, best)
        heights = np.insert(heights, at, likelihood.profile(best))
    return rho, heights


def _roots(function: Callable[[Array], Array], inside: Array, outside: Array, tolerance: float) -> Array:
    """Where ``function`` rises above 0 between each pair of points: false position, Illinois' variant."""
    low, high = function(inside), function(outside)
    x, earlier = inside, np.zeros(len(inside))
    for _ in range(STEPS):
        gap = np.where(high > low, high - low, 1.0)
        x = np.where(high > low, inside - low * (outside - inside) / gap, inside)
        value = function(x)
        if (np.minimum(np.abs(value), np.abs(outside - inside)) < tolerance).all():
            break
        beyond = value > 0
        # An end that stays twice counts half, so that it is left in the end.
        low = np.where(beyond, np.where(earlier > 0, low / 2, low), value)
        high = np.where(beyond, value, np.where(earlier < 0, high / 2, high))
        inside, outside = np.where(beyond, inside, x), np.where(beyond, x, outside)
        earlier = np.where(beyond, 1.0, -1.0)
    return x
