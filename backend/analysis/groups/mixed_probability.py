"""From log-odds to probabilities: of the average rater and image, and averaged over raters and images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, stdtrit

from backend.analysis.groups.mixed_fit import MixedFit
from backend.analysis.intervals import LEVEL

# Grid of the standard normal on which averages are taken: the trapezoidal rule is exact here to rounding.
GRID = np.linspace(-9, 9, 3601)
DENSITY = np.exp(-(GRID**2) / 2) / np.sqrt(2 * np.pi) * (GRID[1] - GRID[0])


@dataclass(frozen=True)
class Probability:
    """A probability with its standard error on the scale of the log-odds, and its degrees of freedom."""

    value: float
    logit_se: float
    df: int

    def interval(self, level: float = LEVEL) -> tuple[float, float] | tuple[None, None]:
        """Student's t interval of the log-odds, as probabilities."""
        if self.df < 1:
            return None, None
        half = float(stdtrit(self.df, (1 + level) / 2)) * self.logit_se
        centre = float(logit(self.value))
        return float(expit(centre - half)), float(expit(centre + half))


def typical_probability(fit: MixedFit, x: Sequence[float]) -> Probability:
    """P(y = 1) for the average rater and the average image: expit(x'beta), with ``x`` a row of X.

    The median over raters and images, not the mean: see `marginal_probability`.
    """
    row, p = np.asarray(x, dtype=np.float64), len(fit.terms)
    se = np.sqrt(row @ fit.covariance[:p, :p] @ row)
    return Probability(float(expit(row @ fit.coefficients)), float(se), _df(fit, row))


def marginal_probability(fit: MixedFit, x: Sequence[float]) -> Probability:
    """P(y = 1) averaged over raters and images: the integral of expit(x'beta + sigma z) phi(z) dz.

    sigma^2 is the sum of the two variances. It lies nearer to 1/2 than the typical probability (about
    expit(x'beta / sqrt(1 + 0.346 sigma^2)), Zeger, Liang & Albert 1988, Biometrics 44:1049, eq. 3.2), and is
    what a mean accuracy or a GEE estimates. The standard error is the delta method's, on the scale of the
    log-odds, with the covariance of coefficients and standard deviations.
    """
    row = np.asarray(x, dtype=np.float64)
    sds = np.array([fit.rater_sd or 0.0, fit.image_sd or 0.0])
    sigma = float(np.hypot(*sds))
    chance = expit(row @ fit.coefficients + sigma * GRID)
    value = float(DENSITY @ chance)
    slope = DENSITY * chance * (1 - chance)
    share = sds / sigma if sigma > 0 else sds
    gradient = np.concatenate([slope.sum() * row, (slope @ GRID) * share]) / (value * (1 - value))
    return Probability(value, float(np.sqrt(gradient @ fit.covariance @ gradient)), _df(fit, row))


def _df(fit: MixedFit, row: np.ndarray) -> int:
    return int(fit.df[row != 0].min())
