"""Likelihood ratio tests, and probabilities of the average and over all raters and images."""

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import chi2, f, norm

from backend.analysis.groups.mixed import fit_mixed
from backend.analysis.groups.mixed_compare import drop_terms, drop_variance
from backend.analysis.groups.mixed_probability import marginal_probability, typical_probability


def study(seed, raters=8, images=30, rater_sd=0.8, image_sd=0.6, slope=0.5):
    random = np.random.default_rng(seed)
    rater, image = np.indices((raters, images)).reshape(2, -1)
    x = random.standard_normal(len(rater))
    effects = (
        rater_sd * random.standard_normal(raters)[rater] + image_sd * random.standard_normal(images)[image]
    )
    y = (random.random(len(rater)) < expit(0.5 + slope * x + effects)).astype(int)
    return y, np.column_stack([np.ones(len(y)), x, rater >= 5]), rater, image


@pytest.fixture(scope="module")
def fit():
    return fit_mixed(*study(2), ["intercept", "x", "group"])


def test_dropping_terms_is_the_difference_of_two_fits(fit):
    y, X, rater, image = study(2)
    smaller = fit_mixed(y, X[:, :2], rater, image)
    test = drop_terms(fit, ["group"])
    assert test.statistic == pytest.approx(smaller.deviance - fit.deviance, abs=1e-7)
    assert test.p_value == pytest.approx(chi2.sf(test.statistic, 1))
    assert test.f_p_value == pytest.approx(f.sf(6 * np.expm1(test.statistic / 8), 1, 6))
    assert test.p_value < test.f_p_value
    assert fit.p_values("profile")[2] == pytest.approx(test.p_value, abs=1e-9)
    assert fit.p_value[2] == pytest.approx(test.f_p_value, abs=1e-9)
    both = drop_terms(fit, ["x", "group"])
    assert both.df == 2
    assert both.statistic > test.statistic
    assert both.p_value == pytest.approx(chi2.sf(both.statistic, 2))
    assert both.f_p_value == pytest.approx(f.sf(6 * np.expm1(both.statistic / 8) / 2, 2, 6))


def test_dropping_everything_leaves_even_chances(fit):
    y, X, rater, image = study(2)
    alone = fit_mixed(y, X[:, :1], rater, image)
    test = drop_terms(alone, ["x0"])
    assert test.statistic > 0
    low, high = alone.interval(1 - test.p_value, "profile")[0]
    assert min(abs(low), abs(high)) == pytest.approx(0, abs=1e-5)


def test_dropping_a_variance_is_the_fit_without_the_factor(fit):
    y, X, rater, image = study(2)
    for factor, without in (("rater", (None, image)), ("image", (rater, None))):
        test = drop_variance(fit, factor)
        assert test.statistic == pytest.approx(fit_mixed(y, X, *without).deviance - fit.deviance, abs=1e-7)
        assert test.p_value == pytest.approx(chi2.sf(test.statistic, 1) / 2)
        assert test.f_p_value is None


def test_a_variance_that_is_zero_has_a_p_of_one():
    y, X, rater, image = study(4, rater_sd=0.0)
    fit = fit_mixed(y, X, rater, image)
    assert fit.rater_variance_zero
    assert (drop_variance(fit, "rater").statistic, drop_variance(fit, "rater").p_value) == (0.0, 1.0)


def test_the_typical_probability_is_that_of_the_coefficients(fit):
    typical = typical_probability(fit, [1, 0, 0])
    assert typical.value == pytest.approx(expit(fit.coefficients[0]))
    assert typical.interval() == pytest.approx(expit(np.array(fit.interval(method="t")[0])))
    other = typical_probability(fit, [1, 0, 1])
    variance = fit.covariance[0, 0] + fit.covariance[2, 2] + 2 * fit.covariance[0, 2]
    assert other.logit_se == pytest.approx(np.sqrt(variance))
    assert other.df == 6


def test_the_marginal_probability_is_the_integral_over_raters_and_images(fit):
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    u, v = np.meshgrid(fit.rater_sd * nodes, fit.image_sd * nodes)
    mean = (expit(fit.coefficients[0] + u + v) * np.outer(weights, weights)).sum() / (2 * np.pi)
    marginal = marginal_probability(fit, [1, 0, 0])
    assert marginal.value == pytest.approx(mean, abs=1e-9)
    assert 0.5 < marginal.value < typical_probability(fit, [1, 0, 0]).value
    low, high = marginal.interval(0.9)
    assert low < marginal.value < high


def test_the_marginal_standard_error_is_the_delta_methods(fit):
    def value(beta, rater_sd, image_sd):
        grid = np.linspace(-9, 9, 20001)
        sigma = np.hypot(rater_sd, image_sd)
        return logit((expit(beta + sigma * grid) * norm.pdf(grid)).sum() * (grid[1] - grid[0]))

    at, h = np.array([fit.coefficients[0], fit.rater_sd, fit.image_sd]), 1e-5
    gradient = np.array([(value(*(at + s)) - value(*(at - s))) / (2 * h) for s in h * np.eye(3)])
    chosen = fit.covariance[np.ix_([0, 3, 4], [0, 3, 4])]
    assert marginal_probability(fit, [1, 0, 0]).logit_se == pytest.approx(
        np.sqrt(gradient @ chosen @ gradient), rel=1e-6
    )


def test_without_spread_the_two_probabilities_are_one():
    y, X, rater, image = study(4, rater_sd=0.0, image_sd=0.0)
    fit = fit_mixed(y, X, rater, image)
    assert fit.rater_variance_zero
    assert fit.image_variance_zero
    marginal, typical = (estimate(fit, [1, 0, 0]) for estimate in (marginal_probability, typical_probability))
    assert marginal.value == pytest.approx(typical.value, abs=1e-12)
    assert marginal.logit_se == pytest.approx(typical.logit_se, rel=1e-9)
