"""Signal detection: how well a rater tells real from fake (d'), apart from which answer she favours (c)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from backend.analysis.intervals import LEVEL, Limits, defined, normal_quantile
from backend.analysis.raters.columns import Columns, limit_columns
from backend.analysis.raters.counts import Counts, unanswered


@dataclass(frozen=True)
class Detection:
    """A rater as a detector of reals: a hit is a real called real, a false alarm a fake called real.

    Attributes
    ----------
    d_prime : float or None
        Sensitivity; 0 for guessing, negative for whoever takes fakes for real more than reals.
    d_prime_se : float or None
        Standard error of ``d_prime``.
    d_prime_ci_low, d_prime_ci_high : float or None
        Normal interval of ``d_prime``.
    criterion : float or None
        The criterion c: positive for a bias to "fake", negative for a bias to "real", 0 for none.
    criterion_se : float or None
        Standard error of ``criterion``.
    criterion_ci_low, criterion_ci_high : float or None
        Normal interval of ``criterion``.
    detection_degenerate : str or None
        Why all of them are ``None``; ``None`` where they are defined.
    """

    d_prime: float | None
    d_prime_se: float | None
    d_prime_ci_low: float | None
    d_prime_ci_high: float | None
    criterion: float | None
    criterion_se: float | None
    criterion_ci_low: float | None
    criterion_ci_high: float | None
    detection_degenerate: str | None


class Measure(NamedTuple):
    """Estimates with their standard errors, as arrays; NaN where undefined."""

    value: NDArray[np.float64]
    se: NDArray[np.float64]

    def interval(self, level: float = LEVEL) -> Limits:
        """The normal interval. Raises ``ValueError`` for a level outside (0, 1)."""
        half = normal_quantile(level) * self.se
        return self.value - half, self.value + half


def signal_detection(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike) -> tuple[Measure, Measure]:
    """Sensitivity d' and criterion c for arrays of counts.

    Parameters
    ----------
    tp, fp, fn, tn : array_like of int
        Confusion counts with *real* as the positive class, of one shape or plain numbers.

    Returns
    -------
    d_prime, criterion : Measure
        NaN where no real or no fake was answered.

    Notes
    -----
    With the log-linear correction, which keeps rates off 0 and 1 and is applied to everyone alike,
    H = (TP + 1/2) / (TP + FN + 1) and F = (FP + 1/2) / (FP + TN + 1): d' = z(H) - z(F) and
    c = -(z(H) + z(F)) / 2, z being the normal quantile. Their standard errors come from
    var z(H) = H (1 - H) / (N phi(z(H))^2) with N reals (fakes for F) and phi the normal density; the two
    variances add for d', and a quarter of their sum is that of c.

    References
    ----------
    Hautus (1995), Behav. Res. Methods Instrum. Comput. 27:46 (correction). Gourevitch & Galanter (1967),
    Psychometrika 32:25 (variance). Macmillan & Creelman (2005), Detection Theory, 2nd ed., chapters 1, 2, 13.

    Examples
    --------
    >>> d_prime, criterion = signal_detection(tp=50, fp=26, fn=0, tn=4)
    >>> round(float(d_prime.value), 3), round(float(criterion.value), 3)  # nearly always "real": c < 0
    (1.276, -1.696)
    """
    hit, hit_variance = _quantile(tp, fn)
    alarm, alarm_variance = _quantile(fp, tn)
    se = np.sqrt(hit_variance + alarm_variance)
    return Measure(hit - alarm, se), Measure(-(hit + alarm) / 2, se / 2)


def detection_columns(counts: Counts, level: float = LEVEL) -> Columns:
    """The fields of ``Detection``, each for all raters."""
    columns: Columns = {}
    measures = signal_detection(counts.tp, counts.fp, counts.fn, counts.tn)
    for name, measure in zip(("d_prime", "criterion"), measures, strict=True):
        columns |= {name: defined(measure.value), f"{name}_se": defined(measure.se)}
        columns |= limit_columns(f"{name}_ci", measure.interval(level))
    seen = zip(counts.reals.tolist(), counts.fakes.tolist(), strict=True)
    lacking = [unanswered(*pair) for pair in seen]
    columns["detection_degenerate"] = [why and f"{why}: d' and c are undefined" for why in lacking]
    return columns


def _quantile(called_real: ArrayLike, called_fake: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """z of the corrected rate of "real", and its variance."""
    real, fake = np.asarray(called_real), np.asarray(called_fake)
    trials = np.where(real + fake == 0, np.nan, real + fake)
    rate = (real + 0.5) / (trials + 1)
    z = ndtri(rate)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return z, rate * (1 - rate) / (trials * density**2)
