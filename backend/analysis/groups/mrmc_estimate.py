"""What either method for several raters' areas gives: a mean area, or a difference, with a t interval."""

from dataclasses import dataclass
from math import sqrt

from scipy.special import expit, logit, stdtr, stdtrit

from backend.analysis.intervals import LEVEL

CHANCE = 0.5
METHODS = ("t", "logit")
ROUNDING = 1e-14
ALIKE = "the variance estimate is 0: the standard error gives no interval"


@dataclass(frozen=True)
class AreaEstimate:
    """A mean area under the ROC curve over raters, or the difference of two groups' means.

    Attributes
    ----------
    value : float or None
        The mean area, in [0, 1], or the difference, in [-1, 1].
    variance : float or None
        Its estimated variance over other raters and other images; an unbiased estimate can be negative.
    df : float or None
        Degrees of freedom.
    difference : bool
        Whether the value is a difference.
    degenerate : str or None
        Why something is ``None``, or there is no interval.
    """

    value: float | None = None
    variance: float | None = None
    df: float | None = None
    difference: bool = False
    degenerate: str | None = None

    @property
    def se(self) -> float | None:
        """The standard error; ``None`` where the variance is negative."""
        return None if self.variance is None or self.variance < 0 else sqrt(self.variance)

    def interval(self, level: float = LEVEL, method: str = "t") -> tuple[float, float] | tuple[None, None]:
        """The two-sided confidence interval; ``(None, None)`` where it is undefined.

        Parameters
        ----------
        level : float
            Confidence level, between 0 and 1.
        method : str
            ``t`` (value -+ t se, cut where the value cannot lie) or, for an area, ``logit`` (the t interval
            of its log odds, with the standard error se / (value (1 - value)): better near 1).

        Raises
        ------
        ValueError
            For a level outside (0, 1), or a method that is none or does not fit.
        """
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1, not {level}")
        if method not in METHODS[: 1 if self.difference else 2]:
            raise ValueError(f"no interval of a {'difference' if self.difference else 'mean'} by {method!r}")
        if self.value is None or self.df is None or not self.se:
            return None, None
        half = float(stdtrit(self.df, (1 + level) / 2)) * self.se
        if method == "logit" and 0 < self.value < 1:
            half /= self.value * (1 - self.value)
            return float(expit(logit(self.value) - half)), float(expit(logit(self.value) + half))
        return max(-1.0 if self.difference else 0.0, self.value - half), min(1.0, self.value + half)

    @property
    def p_value(self) -> float | None:
        """The two-sided t test of an area against 1/2, or of a difference against 0."""
        if self.value is None or self.df is None or not self.se:
            return None
        t = (self.value - (0.0 if self.difference else CHANCE)) / self.se
        return float(2 * stdtr(self.df, -abs(t)))
