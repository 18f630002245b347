"""A fitted mixed logistic model: estimates, tests and intervals."""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import chdtri, ndtri, stdtr, stdtrit

from backend.analysis.groups.mixed_input import FACTORS, Problem
from backend.analysis.groups.mixed_laplace import Floats, Ints
from backend.analysis.groups.mixed_optimise import Optimum
from backend.analysis.groups.mixed_profile import profile_limit
from backend.analysis.intervals import LEVEL

Limits = tuple[float | None, float | None]


@dataclass(frozen=True, eq=False)
class Modes:
    """A factor's random intercepts (what best linear unbiased predictions are in a linear model).

    Attributes:
        code: the levels' codes, ascending.
        mode: each level's conditional mode on the scale of the log-odds.
        sd: its standard deviation given the estimated parameters.
    """

    code: Ints
    mode: Floats
    sd: Floats


@dataclass(frozen=True, eq=False)
class MixedFit:
    """A fitted mixed logistic model.

    Attributes:
        terms: names of the coefficients.
        coefficients, se: estimates on the scale of the log-odds, and their standard errors.
        df: each coefficient's degrees of freedom, between-within: a term that is constant within each rater
            has raters less such terms, likewise for images, the smaller if both, and n less terms if neither.
        covariance: of the coefficients, the rater and the image standard deviation, in this order; a row and
            column of zeros for a standard deviation that is zero or not in the model.
        rater_sd, image_sd: standard deviations of the random intercepts; ``None`` for a factor left out.
        rater_modes, image_modes: the random intercepts themselves.
        loglik, deviance, aic: deviance is -2 loglik; aic counts zero standard deviations as parameters.
        rater_variance_zero, image_variance_zero: whether the likelihood is greatest at a variance of zero.
        singular: what a zero variance means, in words; ``None`` where there is none.
        converged: whether a further Newton step would change no parameter by more than 1e-6.
        n, raters, images: answers, and levels of each factor (0 for one that is not in the model).
        degenerate: why there is no estimate (all of the above are ``None`` then); ``None`` where there is.
    """

    terms: tuple[str, ...]
    n: int
    raters: int
    images: int
    degenerate: str | None = None
    coefficients: Floats | None = None
    se: Floats | None = None
    df: Ints | None = None
    covariance: Floats | None = None
    rater_sd: float | None = None
    image_sd: float | None = None
    rater_modes: Modes | None = None
    image_modes: Modes | None = None
    loglik: float | None = None
    deviance: float | None = None
    aic: float | None = None
    rater_variance_zero: bool | None = None
    image_variance_zero: bool | None = None
    singular: str | None = None
    converged: bool | None = None
    problem: Problem | None = field(default=None, repr=False)
    optimum: Optimum | None = field(default=None, repr=False)

    @property
    def t(self) -> Floats | None:
        """Each coefficient over its standard error, which glmer calls z."""
        return None if self.coefficients is None else self.coefficients / self.se

    @property
    def p_value(self) -> tuple[float | None, ...]:
        """Two-sided p of each coefficient against zero, by Student's t with ``df``."""
        if self.coefficients is None:
            return (None,) * len(self.terms)
        found = 2 * stdtr(np.maximum(self.df, 1), -np.abs(self.t))
        return tuple(float(p) if df > 0 else None for p, df in zip(found, self.df, strict=True))

    def interval(self, level: float = LEVEL, method: str = "t") -> tuple[Limits, ...]:
        """Each coefficient's interval: estimate +- quantile x se, or profile likelihood.

        ``t`` takes Student's quantile with ``df``, ``wald`` the normal one, as glmer does. With 8 raters
        ``t`` covered an intercept 95.8 to 96.3 % of the time at 95 %, ``profile`` 94.3 %, ``wald`` 91.2 to
        92.7 %; with 3 raters 98, 89 and 81 %.
        """
        if method not in ("t", "wald", "profile"):
            raise ValueError(f"method must be 't', 'wald' or 'profile', not {method!r}")
        if self.coefficients is None:
            return ((None, None),) * len(self.terms)
        if method == "profile":
            return tuple(self._profile(j, level, self.problem.scale[j]) for j in range(len(self.terms)))
        upper = (1 + level) / 2
        quantile = (
            stdtrit(np.maximum(self.df, 1), upper) if method == "t" else np.full(len(self.df), ndtri(upper))
        )
        defined = (self.df > 0) | (method != "t")
        low, high = self.coefficients - quantile * self.se, self.coefficients + quantile * self.se
        limits = zip(low.tolist(), high.tolist(), strict=True)
        return tuple(pair if known else (None, None) for pair, known in zip(limits, defined, strict=True))

    def sd_interval(self, factor: str, level: float = LEVEL) -> Limits:
        """The profile likelihood interval of the ``"rater"`` or ``"image"`` standard deviation.

        It begins at zero where zero is no worse than the chi-square quantile with one degree of freedom
        allows. A limit of ``None`` beside one that is a number means that there is none below 15 log-odds.
        """
        if factor not in FACTORS:
            raise ValueError(f"factor must be 'rater' or 'image', not {factor!r}")
        if self.optimum is None or factor not in self.problem.present:
            return None, None
        return self._profile(self.problem.index(factor), level, 1.0)

    def _profile(self, index: int, level: float, scale: float) -> Limits:
        rise = float(chdtri(1, 1 - level))
        data, mask = self.problem.data, self.problem.mask
        found = (profile_limit(data, self.optimum, mask, index, rise, way) for way in (-1, 1))
        low, high = (None if limit is None else float(limit / scale) for limit in found)
        return low, high
