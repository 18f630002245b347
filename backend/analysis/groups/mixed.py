"""The mixed logistic model with crossed random intercepts for raters and images, by maximum likelihood."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from backend.analysis.groups.mixed_fit import MixedFit, Modes
from backend.analysis.groups.mixed_input import FACTORS, Problem, arrange, logistic, reason
from backend.analysis.groups.mixed_laplace import Floats
from backend.analysis.groups.mixed_optimise import Optimum, minimise, newton_step

LARGEST_SD = 15.0
CONVERGED = 1e-6


def fit_mixed(
    y: ArrayLike,
    X: ArrayLike,
    rater: ArrayLike | None,
    image: ArrayLike | None,
    terms: Sequence[str] | None = None,
) -> MixedFit:
    """Fit logit P(y = 1) = X beta + u[rater] + v[image], with u and v independent normal, mean zero.

    Parameters
    ----------
    y : array_like, shape (n,)
        Responses: 1, 0, or -1 for a missing one, which is left out.
    X : array_like, shape (n, p)
        The fixed part, its column of ones included.
    rater, image : array_like of int, shape (n,), or None
        Whose answer each row is, and to which image; None leaves the factor out of the model.
    terms : sequence of str, optional
        Names of the columns of ``X``.

    Returns
    -------
    MixedFit

    Raises
    ------
    ValueError
        For arrays whose shapes or values do not fit.

    Notes
    -----
    Maximum likelihood by the Laplace approximation, over coefficients and standard deviations together, as
    ``glmer(..., family = binomial, nAGQ = 1)`` of R's lme4 has it; `mixed_laplace` gives the formula. The
    standard errors come from the Hessian of the Laplace deviance over all parameters, the covariance being
    twice its inverse (glmer's default, ``use.hessian = TRUE``), so that they include the uncertainty of the
    variances. A variance of zero is left out of the Hessian, which changes nothing for the coefficients.

    Maximum likelihood makes the variance between a few raters too small (with 8 raters a standard deviation
    of 0.5 came out as 0.44 on average), and normal quantiles take no notice of how few they are. The
    intervals of `MixedFit.interval` therefore calibrate the likelihood ratio by the number of raters.

    References
    ----------
    Breslow & Clayton (1993), J. Am. Stat. Assoc. 88:9; Bates, Maechler, Bolker & Walker (2015), J. Stat.
    Softw. 67(1); Schluchter & Elashoff (1990), J. Stat. Comput. Simul. 37:69 (the degrees of freedom).

    Examples
    --------
    >>> import numpy as np
    >>> answers = np.array([[1, 1, 1, 1, 0, 1], [1, 0, 1, 1, 0, -1], [0, 0, 1, 0, 0, 1], [0, 1, 0, 0, 0, 0]])
    >>> rater, image = np.indices(answers.shape).reshape(2, -1)
    >>> fit = fit_mixed(answers.ravel(), np.ones(24), rater, image, ["intercept"])
    >>> fit.n, fit.converged, round(fit.rater_sd, 3), round(fit.image_sd, 3)
    (23, True, 0.727, 0.21)
    >>> [round(limit, 2) for limit in fit.interval()[0]]
    [-2.81, 2.63]
    """
    problem = arrange(y, X, rater, image, terms)
    why = reason(problem)
    if why:
        return _result(problem, degenerate=why)
    best = fit_problem(problem)
    for factor in problem.present:
        if abs(best.parameters[problem.index(factor)]) > LARGEST_SD:
            return _result(problem, degenerate=f"the spread between {factor}s grows without bound")
    if newton_step(best.hessian, best.at.gradient[best.free]) is None:
        return _result(problem, degenerate="the likelihood has no distinct maximum")
    return _estimates(problem, best)


def fit_problem(problem: Problem, without: Sequence[str] = ()) -> Optimum:
    """The least deviance of a problem that has one; the variances of ``without`` are held at zero."""
    beta, covariance, _ = logistic(problem.data)
    free = problem.mask
    for factor in without:
        free[problem.index(factor)] = False
    start = np.concatenate([beta, np.where(free[len(beta) :], 0.5, 0.0)])
    inverse_hessian = np.zeros((len(free), len(free)))
    inverse_hessian[: len(beta), : len(beta)] = covariance
    inverse_hessian[len(beta) :, len(beta) :] = 0.02 * np.eye(2)
    return minimise(problem.data, start, free, inverse_hessian[np.ix_(free, free)])


def _result(problem: Problem, **fields: object) -> MixedFit:
    counts = {factor: 0 if codes is None else len(codes) for factor, codes in problem.levels.items()}
    return MixedFit(
        terms=problem.terms,
        n=len(problem.data.y),
        raters=counts["rater"],
        images=counts["image"],
        problem=problem,
        **fields,
    )


def _estimates(problem: Problem, best: Optimum) -> MixedFit:
    p = len(problem.terms)
    covariance = _covariance(problem, best)
    sds = {factor: float(best.parameters[problem.index(factor)]) for factor in problem.present}
    zero = [factor for factor, sd in sds.items() if sd == 0]
    modes = _modes(problem, best)
    df, units = problem.degrees_of_freedom()
    deviance = best.at.deviance
    return _result(
        problem,
        coefficients=best.parameters[:p] / problem.scale,
        se=np.sqrt(np.diagonal(covariance)[:p]),
        df=df,
        units=units,
        covariance=covariance,
        rater_sd=sds.get("rater"),
        image_sd=sds.get("image"),
        rater_modes=modes.get("rater"),
        image_modes=modes.get("image"),
        loglik=-deviance / 2,
        deviance=deviance,
        aic=deviance + 2 * (p + len(sds)),
        rater_variance_zero="rater" in zero,
        image_variance_zero="image" in zero,
        singular="; ".join(_zero(factor) for factor in zero) or None,
        converged=best.step <= CONVERGED,
        optimum=best,
    )


def _zero(factor: str) -> str:
    return f"the {factor} variance is estimated as zero: {factor}s differ no more than by chance"


def _covariance(problem: Problem, best: Optimum) -> Floats:
    """Twice the inverse Hessian, ordered coefficients, rater, image, on the scale of X as it was given."""
    full = np.zeros((len(best.free), len(best.free)))
    full[np.ix_(best.free, best.free)] = 2 * np.linalg.inv(best.hessian)
    order = [*range(len(problem.terms)), *(problem.index(factor) for factor in FACTORS)]
    scale = np.concatenate([problem.scale, [1.0, 1.0]])
    return full[np.ix_(order, order)] / np.outer(scale, scale)


def _modes(problem: Problem, best: Optimum) -> dict[str, Modes]:
    """sigma b of each factor's levels, with sigma sqrt(diag A^-1)."""
    m = problem.data.levels[0]
    first, _, second = best.at.precision.inverse
    parts = ((best.at.modes[:m], first), (best.at.modes[m:], second))
    found = {}
    for factor in problem.present:
        sigma = best.parameters[problem.index(factor)]
        effects, variance = parts[problem.place[factor]]
        found[factor] = Modes(problem.levels[factor], sigma * effects, sigma * np.sqrt(variance))
    return found
