"""Whether a rater does better, or worse, than chance: exact tests, adjusted for the number of raters."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, gammaln

from backend.analysis.intervals import LEVEL, Limits, defined, normal_quantile, ratio
from backend.analysis.multiplicity import holm
from backend.analysis.raters.columns import Columns, limit_columns
from backend.analysis.raters.counts import Counts, unanswered

TIE = 1 + 1e-7
"""Tables whose probabilities differ by less are equally likely, as in scipy's and R's two-sided tests."""


@dataclass(frozen=True)
class ChanceTests:
    """Two tests of one rater against chance. Both are two-sided, so a small p is of worse than chance too.

    Attributes
    ----------
    binomial_p : float or None
        Exact binomial test of accuracy against 1/2. A rater who only favours one answer can pass it where
        reals and fakes are not equally many: see ``fisher_p``.
    binomial_p_holm : float or None
        ``binomial_p`` after Holm's adjustment for all raters of the table.
    fisher_p : float or None
        Fisher's exact test that answer and truth are independent, given how often the rater said "real"
        and how many images were. 1 where all answers are the same.
    fisher_p_holm : float or None
        ``fisher_p`` after Holm's adjustment for all raters of the table.
    odds_ratio : float or None
        The sample's, (TP x TN) / (FP x FN): 1 for answers that do not depend on the truth.
    odds_ratio_ci_low, odds_ratio_ci_high : float or None
        Woolf's interval.
    tests_degenerate : str or None
        Why one of them is ``None``; ``None`` where all are defined.
    """

    binomial_p: float | None
    binomial_p_holm: float | None
    fisher_p: float | None
    fisher_p_holm: float | None
    odds_ratio: float | None
    odds_ratio_ci_low: float | None
    odds_ratio_ci_high: float | None
    tests_degenerate: str | None


def binomial_p(successes: ArrayLike, trials: ArrayLike) -> NDArray[np.float64]:
    """Exact two-sided p-values of accuracy 1/2 for arrays of counts; NaN without trials.

    Notes
    -----
    At 1/2 the distribution is symmetric, so the outcomes that are no likelier than k of n are two equal
    tails: p = 2 P(X <= min(k, n - k)), at most 1.

    References
    ----------
    Clopper & Pearson (1934), Biometrika 26:404.

    Examples
    --------
    >>> round(float(binomial_p(54, 80)), 5)
    0.00232
    """
    n = np.asarray(trials, dtype=float)
    fewer = np.minimum(successes, n - successes)
    # P(X <= k) of Binomial(n, 1/2) is a regularised incomplete beta function.
    tail = betainc(np.where(n == 0, np.nan, n - fewer), fewer + 1, 0.5)
    return np.minimum(2 * tail, 1.0)


def fisher_p(tp: int, fp: int, fn: int, tn: int) -> float | None:
    """Fisher's exact two-sided p-value of answer against truth; ``None`` without reals or without fakes.

    Notes
    -----
    Given both margins, TP is hypergeometric if the answers do not depend on the truth. The p-value sums the
    probabilities of all tables that are no likelier than the one observed.

    References
    ----------
    Fisher (1935), J. R. Stat. Soc. 98:39.

    Examples
    --------
    >>> round(fisher_p(tp=50, fp=26, fn=0, tn=4), 5)
    0.01733
    """
    reals, fakes, called_real = tp + fn, fp + tn, tp + fp
    if not reals or not fakes:
        return None
    first = max(0, called_real - fakes)
    x = np.arange(first, min(called_real, reals) + 1)
    cells = (x, reals - x, called_real - x, fakes - called_real + x)
    log_weight = -sum(gammaln(cell + 1) for cell in cells)
    weight = np.exp(log_weight - log_weight.max())
    return float(min(weight[weight <= weight[tp - first] * TIE].sum() / weight.sum(), 1.0))


def odds_ratio_limits(
    tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike, level: float = LEVEL
) -> Limits:
    """Woolf's limits of the odds ratio for arrays of counts; NaN where a cell is 0.

    Notes
    -----
    The logarithm of the odds ratio has the variance 1/TP + 1/FP + 1/FN + 1/TN.

    References
    ----------
    Woolf (1955), Ann. Hum. Genet. 19:251.
    """
    a, b, c, d = (np.where(np.asarray(cell) == 0, np.nan, cell) for cell in (tp, fp, fn, tn))
    log_odds = np.log(a * d / (b * c))
    half = normal_quantile(level) * np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return np.exp(log_odds - half), np.exp(log_odds + half)


def chance_columns(counts: Counts, level: float = LEVEL) -> Columns:
    """The fields of ``ChanceTests``, each for all raters."""
    cells = (counts.tp, counts.fp, counts.fn, counts.tn)
    rows = list(zip(*(cell.tolist() for cell in cells), strict=True))
    binomial, fisher = defined(binomial_p(counts.correct, counts.n)), [fisher_p(*row) for row in rows]
    return {
        "binomial_p": binomial,
        "binomial_p_holm": list(holm(binomial)),
        "fisher_p": fisher,
        "fisher_p_holm": list(holm(fisher)),
        "odds_ratio": defined(ratio(counts.tp * counts.tn, counts.fp * counts.fn)),
        **limit_columns("odds_ratio_ci", odds_ratio_limits(*cells, level)),
        "tests_degenerate": [_reason(*row) for row in rows],
    }


def _reason(tp: int, fp: int, fn: int, tn: int) -> str | None:
    lacking = unanswered(tp + fn, fp + tn)
    if lacking:
        tests = "Fisher's test" if tp + fp + fn + tn else "both tests"
        return f"{lacking}: {tests} and the odds ratio are undefined"
    if fp * fn == 0:
        return "fp or fn is 0: the odds ratio is undefined"
    return None if tp * tn else "tp or tn is 0: the interval of the odds ratio is undefined"
