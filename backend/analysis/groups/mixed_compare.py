"""Likelihood ratio tests of a fitted mixed model against the model without some of its terms."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import chdtrc

from backend.analysis.groups.mixed import fit_problem
from backend.analysis.groups.mixed_fit import MixedFit, calibrated_p


@dataclass(frozen=True)
class LikelihoodRatio:
    """A likelihood ratio test.

    Attributes:
        statistic: how much lower the deviance is with the terms than without, never negative.
        df: how many terms were left out.
        p_value: by the chi-square distribution, or its mixture for a variance.
        f_p_value: by F, calibrated by how few raters there are as in `MixedFit.interval`; ``None`` for a
            variance.
        degenerate: why there is no test; ``None`` where there is.
    """

    statistic: float | None = None
    df: int | None = None
    p_value: float | None = None
    f_p_value: float | None = None
    degenerate: str | None = None


def drop_terms(fit: MixedFit, terms: Sequence[str]) -> LikelihoodRatio:
    """Test the hypothesis that the coefficients of ``terms`` are all zero."""
    missing = [term for term in terms if term not in fit.terms]
    if missing or not terms:
        raise ValueError(f"terms to drop must be among {fit.terms}, not {tuple(terms)}")
    if fit.degenerate:
        return LikelihoodRatio(degenerate=fit.degenerate)
    kept = np.array([term not in terms for term in fit.terms])
    problem = fit.problem
    smaller = replace(
        problem,
        data=replace(problem.data, X=problem.data.X[:, kept]),
        terms=tuple(term for term in fit.terms if term not in terms),
        scale=problem.scale[kept],
    )
    statistic = max(0.0, fit_problem(smaller).at.deviance - fit.deviance)
    fewest = np.flatnonzero(~kept)[fit.df[~kept].argmin()]
    terms, df, units = len(fit.terms) - int(kept.sum()), int(fit.df[fewest]), int(fit.units[fewest])
    f_p_value = calibrated_p(statistic, terms, df, units) if df > 0 else None
    return LikelihoodRatio(statistic, terms, float(chdtrc(terms, statistic)), f_p_value)


def drop_variance(fit: MixedFit, factor: str) -> LikelihoodRatio:
    """Test the hypothesis that the ``"rater"`` or ``"image"`` variance is zero.

    Zero is the edge of what a variance can be: under the hypothesis half of all samples have their maximum
    there, and the statistic is 0 or chi-square with one degree of freedom with probability 1/2 each (Self &
    Liang 1987, J. Am. Stat. Assoc. 82:605, case 5), in large samples of raters and images; with a few it is
    conservative.
    """
    if fit.degenerate:
        return LikelihoodRatio(degenerate=fit.degenerate)
    if factor not in fit.problem.present:
        raise ValueError(f"the model has no {factor} variance")
    statistic = max(0.0, fit_problem(fit.problem, without=[factor]).at.deviance - fit.deviance)
    p_value = float(chdtrc(1, statistic)) / 2 if statistic > 1e-8 else 1.0
    return LikelihoodRatio(statistic, 1, p_value)
