"""The mixed logistic model against its definition, its limits, and a naive fit with dense matrices."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.special import expit
from scipy.stats import chi2, norm, ttest_1samp
from scipy.stats import t as student

from backend.analysis.groups.mixed import fit_mixed
from backend.analysis.groups.mixed_fit import calibrated_p
from backend.analysis.groups.mixed_input import arrange
from backend.analysis.groups.mixed_laplace import evaluate


def study(seed, raters=5, images=12, rater_sd=1.0, image_sd=0.8, kept=0.85):
    """A simulated study: response, X with a slope that varies by row, rater, image; some answers missing."""
    random = np.random.default_rng(seed)
    rater, image = np.indices((raters, images)).reshape(2, -1)
    slope = random.standard_normal(raters * images)
    effects = (
        rater_sd * random.standard_normal(raters)[rater] + image_sd * random.standard_normal(images)[image]
    )
    y = (random.random(raters * images) < expit(0.4 + 0.5 * slope + effects)).astype(int)
    y[random.random(len(y)) > kept] = -1
    return y, np.column_stack([np.ones(len(y)), slope]), rater, image


def laplace_deviance(parameters, y, X, rater, image):
    """By its definition: minimise over all effects at once, then take the determinant of the Hessian."""
    *beta, rater_sd, image_sd = parameters
    Z = np.hstack(
        [rater_sd * (rater[:, None] == np.unique(rater)), image_sd * (image[:, None] == np.unique(image))]
    )
    b = np.zeros(Z.shape[1])
    for _ in range(100):
        mean = expit(X @ beta + Z @ b)
        hessian = np.eye(len(b)) + (Z * (mean * (1 - mean))[:, None]).T @ Z
        step = np.linalg.solve(hessian, Z.T @ (y - mean) - b)
        b = b + step / max(1, np.abs(step).max())
        if np.abs(step).max() < 1e-11:
            break
    chance = np.where(y == 1, mean, 1 - mean)
    return -2 * np.log(chance).sum() + b @ b + np.linalg.slogdet(hessian)[1]


def answered(y, *others):
    return (y[y >= 0], *(other[y >= 0] for other in others))


@pytest.mark.parametrize("seed", [0, 3, 9, 11])
def test_the_fit_is_the_least_laplace_deviance_of_many_starts(seed):
    data = study(seed)
    fit = fit_mixed(*data)
    rows = answered(*data)
    found = [
        minimize(
            laplace_deviance, (0.2, 0.2, *sds), rows, "Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10}
        )
        for sds in ((0.2, 1.5), (1.5, 0.2), (0.7, 0.7))
    ]
    best = min(found, key=lambda result: result.fun)
    assert fit.converged
    assert fit.deviance == pytest.approx(best.fun, abs=1e-8)
    assert fit.coefficients == pytest.approx(best.x[:2], abs=2e-5)
    assert (fit.rater_sd, fit.image_sd) == pytest.approx(tuple(np.abs(best.x[2:])), abs=1e-4)


def test_standard_errors_are_those_of_the_deviances_hessian():
    data = study(3)
    fit = fit_mixed(*data)
    at, h, eye = np.array([*fit.coefficients, fit.rater_sd, fit.image_sd]), 1e-3, np.eye(4)
    rows = answered(*data)

    def deviance(shift):
        return laplace_deviance(at + h * shift, *rows)

    hessian = [
        [(deviance(a + b) - deviance(a - b) - deviance(b - a) + deviance(-a - b)) / (4 * h * h) for b in eye]
        for a in eye
    ]
    assert fit.covariance == pytest.approx(2 * np.linalg.inv(hessian), rel=1e-4, abs=1e-6)
    assert fit.se == pytest.approx(np.sqrt(np.diagonal(fit.covariance)[:2]))


@pytest.mark.parametrize("shape", [(4, 9), (9, 4)])
@pytest.mark.parametrize("sigmas", [(0.7, 1.2), (0.0, 0.5), (-0.4, 0.9), (0.0, 0.0)])
def test_the_gradient_is_the_deviances(shape, sigmas):
    data = arrange(*study(5, *shape), None).data
    at, h = np.array([0.3, -0.2, *sigmas]), 1e-5
    found = evaluate(data, at, np.zeros(sum(shape)))
    assert found.deviance == pytest.approx(
        laplace_deviance(at, data.y, data.X, data.first, data.second), abs=1e-9
    )
    for j, shift in enumerate(h * np.eye(4)):
        ahead, behind = (evaluate(data, at + way * shift, found.modes).deviance for way in (1, -1))
        assert found.gradient[j] == pytest.approx((ahead - behind) / (2 * h), abs=1e-6)


def test_without_spread_it_is_logistic_regression():
    from statsmodels.api import Logit

    y, X, rater, image = study(6, rater_sd=0.0, image_sd=0.0)
    fit = fit_mixed(y, X, rater, image)
    plain = Logit(*answered(y, X)).fit(disp=0)
    assert (fit.rater_variance_zero, fit.image_variance_zero) == (True, True)
    assert (fit.rater_sd, fit.image_sd) == (0.0, 0.0)
    assert "the rater variance is estimated as zero" in fit.singular
    assert "the image variance is estimated as zero" in fit.singular
    assert fit.converged
    assert fit.coefficients == pytest.approx(plain.params, abs=1e-9)
    assert fit.se == pytest.approx(plain.bse, rel=1e-6)
    assert fit.loglik == pytest.approx(plain.llf, abs=1e-9)
    assert not fit.rater_modes.mode.any()
    assert fit.aic == pytest.approx(plain.aic + 4)


@pytest.mark.parametrize("seed", range(12))
def test_a_zero_variance_is_where_the_deviance_does_not_fall(seed):
    """Scan each sigma around the estimate: nothing near by is lower, and a zero is a zero of a minimum."""
    data = study(seed, raters=4, images=10, rater_sd=0.3, image_sd=0.3)
    fit, rows = fit_mixed(*data), answered(*data)
    at = [*fit.coefficients, fit.rater_sd, fit.image_sd]
    assert fit.deviance == pytest.approx(laplace_deviance(at, *rows), abs=1e-9)
    for j in (2, 3):
        for size in (0.0, 0.02, 0.1, 0.3):
            other = [*at[:j], at[j] + size, *at[j + 1 :]]
            assert laplace_deviance(other, *rows) >= fit.deviance - 1e-9
    assert (fit.singular is None) == (not fit.rater_variance_zero and not fit.image_variance_zero)


@pytest.mark.parametrize("seed", [62, 63, 285])
def test_a_small_spread_is_no_zero_where_the_deviance_falls_from_zero(seed):
    data = study(seed, raters=8, images=20, rater_sd=0.15, image_sd=0.3, kept=1)
    fit = fit_mixed(*data)
    (j,) = [j for j, sd in enumerate((fit.rater_sd, fit.image_sd)) if 0 < sd < 0.05]
    sds = [fit.rater_sd, fit.image_sd]
    for smaller in (0.0, sds[j] / 2, 2 * sds[j]):
        other = [*fit.coefficients, *sds[:j], smaller, *sds[j + 1 :]]
        assert laplace_deviance(other, *data) > fit.deviance
    assert not (fit.rater_variance_zero, fit.image_variance_zero)[j]


def test_a_search_that_ends_below_zero_is_turned_up():
    random = np.random.default_rng(2)
    rater, image = np.indices((8, 80)).reshape(2, -1)
    effects = 0.5 * random.standard_normal(8)[rater] + 0.2 * random.standard_normal(80)[image]
    y = (random.random(640) < expit(0.4 + effects)).astype(int)
    fit = fit_mixed(y, np.ones(640), rater, image)
    assert (fit.rater_sd, fit.image_sd) == pytest.approx((0.62203, 0.16525), abs=1e-5)
    assert fit.image_modes.sd.min() > 0
    assert fit.image_modes.mode @ (np.bincount(image, weights=y) - np.bincount(image, weights=y).mean()) > 0


def test_one_factor_with_many_answers_is_the_exact_maximum_likelihood():
    """Laplace's error vanishes with the cluster's size; the integral by a fine grid has none."""
    random = np.random.default_rng(2)
    images, size = 30, 200
    image = np.repeat(np.arange(images), size)
    y = (random.random(len(image)) < expit(-0.5 + random.standard_normal(images)[image])).astype(int)
    fit = fit_mixed(y, np.ones(len(y)), None, image)
    right, grid = np.bincount(image, weights=y), np.linspace(-6, 6, 1201)

    def deviance(parameters):
        eta = parameters[0] + parameters[1] * grid
        log_chance = np.outer(right, eta) - size * np.logaddexp(0, eta)
        peak = log_chance.max(axis=1, keepdims=True)
        return -2 * (np.log(np.exp(log_chance - peak) @ norm.pdf(grid)) + peak[:, 0]).sum()

    exact = minimize(deviance, (0, 0.5), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-8})
    assert fit.coefficients[0] == pytest.approx(exact.x[0], abs=1e-4)
    assert fit.image_sd == pytest.approx(exact.x[1], abs=2e-3)
    assert fit.rater_sd is None


def test_modes_are_where_the_posterior_is_greatest():
    y, X, rater, image = study(10)
    fit = fit_mixed(y, X, 10 * rater + 3, image)
    assert fit.rater_modes.code.tolist() == [3, 13, 23, 33, 43]
    rows, b = y >= 0, np.concatenate([fit.rater_modes.mode, fit.image_modes.mode])
    Z = np.hstack([rater[rows, None] == range(5), image[rows, None] == range(12)]).astype(float)
    variance = np.repeat([fit.rater_sd**2, fit.image_sd**2], [5, 12])
    mean = expit(X[rows] @ fit.coefficients + Z @ b)
    assert Z.T @ (y[rows] - mean) == pytest.approx(b / variance, abs=1e-7)
    precision = (Z * (mean * (1 - mean))[:, None]).T @ Z + np.diag(1 / variance)
    sds = np.sqrt(np.diagonal(np.linalg.inv(precision)))
    assert np.concatenate([fit.rater_modes.sd, fit.image_modes.sd]) == pytest.approx(sds, rel=1e-6)


def test_order_codes_and_the_names_of_factors_do_not_matter():
    y, X, rater, image = study(1)
    fit, order = fit_mixed(y, X, rater, image), np.random.default_rng(0).permutation(len(y))
    shuffled = fit_mixed(y[order], X[order], 7 - rater[order], image[order] * 100)
    swapped = fit_mixed(y, X, image, rater)
    without = fit_mixed(*answered(y, X, rater, image))
    turned = fit_mixed(np.where(y >= 0, 1 - y, -1), X, rater, image)
    assert shuffled.coefficients == pytest.approx(fit.coefficients, abs=1e-7)
    assert (swapped.image_sd, swapped.rater_sd) == pytest.approx((fit.rater_sd, fit.image_sd), abs=1e-7)
    assert without.deviance == fit.deviance
    assert turned.coefficients == pytest.approx(-fit.coefficients, abs=1e-7)
    assert (turned.rater_sd, turned.deviance) == pytest.approx((fit.rater_sd, fit.deviance), abs=1e-7)


def test_the_scale_of_a_column_does_not_matter():
    y, X, rater, image = study(1)
    fit, scaled = fit_mixed(y, X, rater, image), fit_mixed(y, X * [1, 1000], rater, image)
    assert scaled.coefficients == pytest.approx(fit.coefficients / [1, 1000], rel=1e-6)
    assert scaled.se == pytest.approx(fit.se / [1, 1000], rel=1e-6)
    assert scaled.interval(method="profile")[1][0] == pytest.approx(
        fit.interval(method="profile")[1][0] / 1000
    )


def test_a_profile_limit_is_where_the_least_deviance_has_risen():
    data = study(10)
    fit, rows = fit_mixed(*data), answered(*data)
    at = np.array([*fit.coefficients, fit.rater_sd, fit.image_sd])

    def risen(j, value, level):
        def others(rest):
            return laplace_deviance(np.insert(rest, j, value), *rows)

        least = minimize(others, np.delete(at, j), method="BFGS", options={"gtol": 1e-4}).fun
        return least - fit.deviance - chi2.ppf(level, 1)

    low, high = fit.sd_interval("rater", 0.9)
    assert risen(2, low, 0.9) == pytest.approx(0, abs=1e-5)
    assert risen(2, high, 0.9) == pytest.approx(0, abs=1e-5)
    assert 0 < low < fit.rater_sd < high
    slope_low, slope_high = fit.interval(0.9, "profile")[1]
    assert slope_low == pytest.approx(brentq(lambda x: risen(1, x, 0.9), -3, at[1], xtol=1e-5), abs=1e-4)
    assert risen(1, slope_high, 0.9) == pytest.approx(0, abs=1e-5)


def test_a_spread_of_zero_may_grow_along_the_profile():
    """Raters take up what images would: where the raters' spread is held elsewhere, images have one."""
    data = study(4)
    fit, rows = fit_mixed(*data), answered(*data)
    assert fit.image_variance_zero
    high = fit.sd_interval("rater", 0.9)[1]

    def others(rest):
        return laplace_deviance(np.insert(rest, 2, high), *rows)

    least = minimize(others, (4.0, 1.0, 0.5), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
    assert abs(least.x[2]) > 0.1
    assert least.fun - fit.deviance == pytest.approx(chi2.ppf(0.9, 1), abs=1e-4)


def test_an_interval_of_a_zero_standard_deviation_begins_at_zero():
    fit = fit_mixed(*study(6, rater_sd=0.0, image_sd=0.0))
    low, high = fit.sd_interval("image")
    assert low == 0
    assert 0.1 < high < 2
    assert fit.sd_interval("image", 0.5)[1] < high


def test_intervals_take_notice_of_how_few_raters_there_are():
    fit = fit_mixed(*study(1))
    answers = np.count_nonzero(study(1)[0] >= 0)
    assert fit.df.tolist() == [4, answers - 2]
    assert fit.units.tolist() == [5, answers]
    (t, _), (wald, _) = fit.interval(method="t"), fit.interval(method="wald")
    assert t[1] - t[0] == pytest.approx(2 * 2.7764451 * fit.se[0])
    assert wald[1] - wald[0] == pytest.approx(2 * 1.9599640 * fit.se[0])
    assert fit.t == pytest.approx(fit.coefficients / fit.se)
    calibrated, profile = fit.interval(), fit.interval(method="profile")
    assert calibrated[0][0] < profile[0][0] < profile[0][1] < calibrated[0][1]
    assert calibrated[1] == pytest.approx(profile[1], abs=0.05)
    assert fit.interval(0.5)[0][0] > calibrated[0][0]


def test_the_calibrated_limit_is_exact_for_normal_means():
    """There the likelihood ratio is units x log(1 + t^2 / df); so far the deviance rises at a limit."""
    fit = fit_mixed(*study(10))
    rise = 5 * np.log(1 + student.ppf(0.95, 4) ** 2 / 4)
    limits = fit.interval(chi2.cdf(rise, 1), "profile")[0]
    assert fit.interval(0.9)[0] == pytest.approx(limits, abs=1e-6)
    values = np.array([0.3, 1.9, -0.4, 1.1, 0.8])
    t = ttest_1samp(values, 0)
    ratio = 5 * np.log((values**2).mean() / values.var())
    assert calibrated_p(ratio, 1, 4, 5) == pytest.approx(t.pvalue)


@pytest.mark.parametrize("method", ["calibrated", "profile", "t", "wald"])
def test_a_p_value_is_where_the_interval_of_its_method_reaches_zero(method):
    fit = fit_mixed(*study(11))
    assert fit.p_value == fit.p_values()
    for j, p in enumerate(fit.p_values(method)):
        limits = fit.interval(1 - p, method)[j]
        assert min(np.abs(limits)) == pytest.approx(0, abs=2e-6)


def test_a_term_of_groups_of_raters_has_raters_less_groups_degrees_of_freedom():
    y, X, rater, image = study(1, raters=6)
    group = (rater >= 4).astype(float)
    fit = fit_mixed(y, np.column_stack([X[:, 0], group, X[:, 1]]), rater, image)
    assert fit.df.tolist()[:2] == [4, 4]
    assert fit.df[2] > 50


def test_a_large_study_takes_moments():
    random = np.random.default_rng(0)
    rater, image = np.indices((60, 300)).reshape(2, -1)
    effects = 0.5 * random.standard_normal(60)[rater] + 0.5 * random.standard_normal(300)[image]
    y = (random.random(len(rater)) < expit(0.3 + effects)).astype(int)
    fit = fit_mixed(y, np.ones(len(y)), rater, image)
    assert fit.converged
    assert (fit.rater_sd, fit.image_sd) == pytest.approx((0.5, 0.5), abs=0.15)
