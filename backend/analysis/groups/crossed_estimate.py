"""A mean over raters and images, or a difference of two, with its interval and tests."""

from dataclasses import dataclass

from scipy.special import expit, logit, stdtr, stdtrit

from backend.analysis.intervals import LEVEL

METHODS = ("logit", "t")
ROUNDING = 1e-14
Interval = tuple[float, float] | tuple[None, None]


@dataclass(frozen=True)
class Variance:
    """What makes up the variance of an estimate; negative estimates of a part are taken as 0.

    Attributes
    ----------
    raters, images, residual : float or None
        The contribution of raters, of images, and of what neither explains (in binary answers mostly chance).
    """

    raters: float | None = None
    images: float | None = None
    residual: float | None = None

    @property
    def total(self) -> float | None:
        """The variance itself: 0 where it is but rounding."""
        if self.raters is None or self.images is None or self.residual is None:
            return None
        total = self.raters + self.images + self.residual
        return total if total > ROUNDING else 0.0


@dataclass(frozen=True)
class CrossedEstimate:
    """A mean over raters, or a difference of two, with its variance over raters and images.

    Attributes
    ----------
    value : float or None
        The mean of the raters' weighted means, or the difference of two such means.
    se : float or None
        Its standard error over other raters and other images.
    df : float or None
        Satterthwaite's degrees of freedom of ``se``.
    variance : Variance
        What raters, images and the residual contribute to the square of ``se``.
    raters, images : int
        How many the value rests on.
    difference : bool
        Whether the value is a difference, between -1 and 1, or a mean, between 0 and 1.
    degenerate : str or None
        Why something is ``None``.
    """

    value: float | None
    se: float | None
    df: float | None
    variance: Variance
    raters: int
    images: int
    difference: bool
    degenerate: str | None = None

    def interval(self, level: float = LEVEL, method: str | None = None) -> Interval:
        """The two-sided confidence interval; ``(None, None)`` where it is undefined.

        Parameters
        ----------
        level : float
            Confidence level, between 0 and 1.
        method : str, optional
            ``logit`` (for a mean, and what it gets unless told otherwise: t interval of its log odds, with
            the standard error se / (value (1 - value)) of the delta method) or ``t`` (value -+ t se, cut
            where the value cannot lie; for a difference always).

        Raises
        ------
        ValueError
            For a level outside (0, 1), or a method that is none or does not fit.

        Notes
        -----
        In simulations of 3 to 10 raters and 30 to 80 images with standard deviations of 0.3 to 0.8 (raters)
        and 0.5 to 1.2 (images) on the logit scale and a mean of 0.5 to 0.9, the logit interval covered 0.93
        to 0.99 at a nominal 0.95, and the t interval 0.90 to 0.99. Wilson's interval of the pooled answers,
        which ignores raters and images, covered 0.45 to 0.95.
        """
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1, not {level}")
        logistic = self._logistic(method)
        if not self.se or self.df is None:
            return None, None
        half = float(stdtrit(self.df, (1 + level) / 2)) * self.se
        if logistic:
            half /= self.value * (1 - self.value)
            return float(expit(logit(self.value) - half)), float(expit(logit(self.value) + half))
        return max(-1.0 if self.difference else 0.0, self.value - half), min(1.0, self.value + half)

    def one_sided(self, bound: float, method: str | None = None) -> tuple[float, float] | tuple[None, None]:
        """The p-values against the value being at most, and at least, ``bound``; methods as for ``interval``.

        The interval of level 1 - 2 alpha lies above the bound exactly where the first is below alpha, and
        below the bound where the second is.
        """
        logistic = self._logistic(method)
        if not self.se or self.df is None:
            return None, None
        if logistic:
            distance = (logit(self.value) - logit(bound)) * self.value * (1 - self.value)
        else:
            distance = self.value - bound
        t = float(distance / self.se)
        return float(stdtr(self.df, -t)), float(stdtr(self.df, t))

    def _logistic(self, method: str | None) -> bool:
        allowed = METHODS[1:] if self.difference else METHODS
        if method not in (None, *allowed):
            raise ValueError(f"method must be one of {', '.join(allowed)}, not {method!r}")
        return (method or allowed[0]) == "logit"
