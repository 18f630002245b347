"""Mixed logistic models and generalised estimating equations; each draws what it assumes."""

import warnings
from collections.abc import Iterator

import numpy as np
from scipy.special import logit

from backend.analysis.groups.gee import fit_gee
from backend.analysis.groups.mixed import fit_mixed
from backend.analysis.groups.mixed_compare import drop_terms, drop_variance
from backend.analysis.groups.mixed_probability import marginal_probability
from backend.analysis.planning.model import marginal
from benchmarks.coverage.outcomes import WARNINGS, Outcome, covers, rejects
from benchmarks.coverage.settings import ABILITY_SD, IMAGE_SD, TRUTHS, Setting, draw

METHODS = ("calibrated", "t")


def mixed(random: np.random.Generator, setting: Setting) -> Iterator[Outcome]:
    """The log-odds of a right answer, its spreads, and discrimination; GEE as the check."""
    study = draw(random, setting.raters, (setting.accuracy,) * 2, readiness=0.0)
    y, rater, image = _long(study.right)
    fit = fit_mixed(y, np.ones(y.size), rater, image)
    for method in METHODS:
        limits = (None, None) if fit.degenerate else fit.interval(method=method)[0]
        yield covers(f"mixed model: log-odds of right, {method}", limits, float(study.mu[0]))
    if not fit.degenerate:
        mean = marginal_probability(fit, [1.0]).interval()
        yield covers("mixed model: mean accuracy, t", mean, setting.accuracy)
        for factor, sd in (("rater", ABILITY_SD), ("image", IMAGE_SD)):
            yield covers(f"mixed model: SD of {factor}s, profile", fit.sd_interval(factor), sd)
    a, b = study.raters[:, 0], study.images
    given = {"rater": marginal(study.mu[0] + b, ABILITY_SD), "image": marginal(study.mu[0] + a, IMAGE_SD)}
    for name, codes in (("rater", rater), ("image", image)):
        gee = fit_gee(y, np.ones(y.size), codes)
        limits = (None, None) if gee.degenerate else gee.interval()[0]
        yield covers(f"GEE by {name}: log-odds of right, t", limits, float(logit(given[name].mean())))
    yield from _discrimination(random, setting)


def _discrimination(random: np.random.Generator, setting: Setting) -> Iterator[Outcome]:
    study = draw(random, setting.raters, (setting.tpr, setting.tnr), readiness=0.0)
    y, rater, image = _long(study.right)
    X = np.column_stack([np.ones(y.size), TRUTHS[image] - 0.5])
    fit = fit_mixed(y, X, rater, image)
    for method in METHODS:
        limits = (None, None) if fit.degenerate else fit.interval(method=method)[0]
        half = float(study.mu.sum()) / 2
        yield covers(f"mixed model: discrimination, {method}", limits, half)


def nothing(random: np.random.Generator, setting: Setting) -> Iterator[Outcome]:
    """Tests where there is nothing to find: raters who do not differ, and groups that do not."""
    same = draw(random, setting.raters, (setting.accuracy,) * 2, ability=0.0, readiness=0.0)
    y, rater, image = _long(same.right)
    fit = fit_mixed(y, np.ones(y.size), rater, image)
    p = None if fit.degenerate else drop_variance(fit, "rater").p_value
    yield rejects("raters alike: mixed model, variance of raters", p)
    study = draw(random, sum(setting.groups), (setting.accuracy,) * 2, readiness=0.0)
    y, rater, image = _long(study.right)
    X = np.column_stack([np.ones(y.size), rater >= setting.groups[0]])
    fit = fit_mixed(y, X, rater, image, ["intercept", "group"])
    test = None if fit.degenerate else drop_terms(fit, ["group"])
    yield rejects("groups alike: mixed model, F", test and test.f_p_value)
    yield rejects("groups alike: mixed model, t", None if fit.degenerate else fit.p_values("t")[1])
    yield rejects("groups alike: mixed model, chi-square", test and test.p_value)


def bayes(random: np.random.Generator, setting: Setting) -> Iterator[Outcome]:
    """The same log-odds by statsmodels' variational Bayes, mean -+ 1.96 SD."""
    study = draw(random, setting.raters, (setting.accuracy,) * 2, readiness=0.0)
    mean, sd = variational(study.right)
    limits = mean - 1.96 * sd, mean + 1.96 * sd
    name = "log-odds of right, statsmodels' BinomialBayesMixedGLM"
    yield covers(name, limits, float(study.mu[0]), WARNINGS)


def variational(right: np.ndarray) -> tuple[float, float]:
    """statsmodels' posterior mean and standard deviation of the intercept, by variational Bayes."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - statsmodels takes a second to import
    from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM  # noqa: PLC0415

    y, rater, image = _long(right)
    raters, images = right.shape
    effects = csr_matrix(np.hstack([np.eye(raters)[rater], np.eye(images)[image]]))
    model = BinomialBayesMixedGLM(
        y.astype(float), np.ones((y.size, 1)), effects, np.repeat([0, 1], [raters, images]), vcp_p=1, fe_p=2
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # It draws its start from numpy's global generator.
        np.random.seed(0)  # noqa: NPY002
        found = model.fit_vb()
    return float(found.fe_mean[0]), float(found.fe_sd[0])


def _long(right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rater, image = np.indices(right.shape).reshape(2, -1)
    return right.ravel().astype(np.int64), rater, image
