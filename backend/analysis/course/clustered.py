"""An estimate with the standard error that raters and images give it, as clusters of answers that cross."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from backend.analysis.course.variance import Sums, Vector, crossed_variance
from backend.analysis.intervals import LEVEL, normal_quantile

ROUNDING = 1e-24


@dataclass(frozen=True)
class Clustered:
    """An estimate with the variance that raters and images give it.

    Attributes
    ----------
    value : float or None
        The estimate.
    se : float or None
        Its standard error over other raters and other images.
    df : float or None
        Degrees of freedom of Student's t for ``se`` (Satterthwaite).
    n : int
        Answers that it rests on.
    degenerate : str or None
        Why something is ``None``; ``None`` where all is defined.
    """

    value: float | None = None
    se: float | None = None
    df: float | None = None
    n: int = 0
    degenerate: str | None = None

    def interval(self, level: float = LEVEL, method: str = "t") -> tuple[float, float] | tuple[None, None]:
        """The two-sided interval; ``(None, None)`` where the standard error is undefined.

        Parameters
        ----------
        level : confidence level, between 0 and 1.
        method : ``t``: value -+ t se. ``score``, for a share: Wilson's interval with t for z and the number
            of independent answers that would have this standard error, but never more than were given; it
            stays within [0, 1] and has a width also where all answers are the same.

        Raises
        ------
        ValueError
            For a level outside (0, 1) or another method.
        """
        if method not in ("t", "score"):
            raise ValueError(f"method must be 't' or 'score', not {method!r}")
        normal_quantile(level)
        if self.reason(method):
            return None, None
        t = float(stdtrit(self.df, (1 + level) / 2))
        if method == "score":
            return score_limits(self.value, self.se, self.n, t)
        return self.value - t * self.se, self.value + t * self.se

    def p_value(self) -> float | None:
        """Student's two-sided test that the estimate is 0 in truth; ``None`` where there is no t interval."""
        return None if self.reason() else float(2 * stdtr(self.df, -abs(self.value) / self.se))

    def reason(self, method: str = "t") -> str | None:
        """Why there is no value, or no interval by this method."""
        if self.degenerate is None and self.se == 0 and method == "t":
            return "raters and images do not differ: the interval is undefined"
        return self.degenerate


def score_limits(share: float, se: float, n: int, t: float) -> tuple[float, float]:
    """Wilson's limits of a share whose standard error is ``se``, but at least that of n answers."""
    spread = share * (1 - share)
    size = min(spread / se**2, n) if spread > 0 and se > 0 else n
    middle = (size * share + t**2 / 2) / (size + t**2)
    half = t * np.sqrt(size * spread + t**2 / 4) / (size + t**2)
    low = float(middle - half) if share > 0 else 0.0
    return low, float(middle + half) if share < 1 else 1.0


def estimate(value: float, sums: Sums, leverage: Vector | None = None) -> Clustered:
    """An estimate with the variance of its influences; ``leverage`` as for ``crossed_variance``."""
    found = crossed_variance(sums, leverage)
    if isinstance(found, str):
        return Clustered(value=value, n=sums.n, degenerate=found)
    variance, df = found
    return Clustered(value=value, se=standard_error(variance), df=df, n=sums.n)


def standard_error(variance: float) -> float:
    """The root of a variance; 0 where that is but rounding."""
    return float(np.sqrt(variance)) if variance > ROUNDING else 0.0
