"""The regression on the place in the order, against statsmodels, simulation, and degenerate data."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit

from backend.analysis.course.trend import SAME, UNBOUNDED, Responses, fit_trend


def drawn(raters=6, images=40, *, slope=0.1, seed=1, missing=0.1, image_sd=0.5):
    random = np.random.default_rng(seed)
    position = np.array([random.permutation(images) + 1.0 for _ in range(raters)])
    truths = (np.arange(images) % 5 < 3).astype(np.int8)
    level = 0.3 + random.normal(0, 0.6, (raters, 1)) + random.normal(0, image_sd, images)
    response = (random.random((raters, images)) < expit(level + slope * (position - images / 2) / 10)).astype(
        float
    )
    return Responses(response, position, random.random((raters, images)) >= missing, truths)


def long(data):
    """Response, design (place, a column for each rater and kind) and raters and images, one row an answer."""
    rater, image = np.nonzero(data.answered)
    y = data.response[rater, image]
    strata = rater * 2 + data.truths[image]
    dummies = (strata[:, None] == np.unique(strata)).astype(float)
    varied = [k for k in range(dummies.shape[1]) if data.linear or 0 < y[dummies[:, k] == 1].mean() < 1]
    kept = dummies[:, varied].any(axis=1)
    design = np.column_stack([data.position[rater, image] / 10, dummies[:, varied]])[kept]
    return y[kept], design, rater[kept], image[kept]


@pytest.mark.parametrize("seed", range(4))
def test_the_logistic_slope_is_that_of_statsmodels(seed):
    data = drawn(seed=seed)
    y, design, *_ = long(data)
    expected = sm.Logit(y, design).fit(disp=0, tol=1e-12)
    trend = fit_trend(data)
    assert trend.slope == pytest.approx(expected.params[0], abs=1e-9)
    assert trend.information.sum() == pytest.approx(1 / expected.bse[0] ** 2)


def test_the_linear_slope_is_that_of_statsmodels():
    data = drawn()
    random = np.random.default_rng(3)
    response = random.normal(8, 0.5, data.position.shape) - 0.02 * data.position
    data = Responses(response, data.position, data.answered, data.truths, linear=True)
    y, design, *_ = long(data)
    assert fit_trend(data).slope == pytest.approx(sm.OLS(y, design).fit().params[0], abs=1e-10)


def test_the_parts_of_its_variance_are_statsmodels_cluster_robust_ones():
    data = drawn(raters=8, missing=0)
    y, design, rater, image = long(data)
    trend = fit_trend(data)
    influence = trend.influence

    def robust(groups):
        options = {"groups": groups, "use_correction": False}
        return sm.Logit(y, design).fit(disp=0, tol=1e-12, cov_type="cluster", cov_kwds=options).bse[0] ** 2

    assert (influence.sum(axis=1) ** 2).sum() == pytest.approx(robust(rater))
    assert (influence.sum(axis=0) ** 2).sum() == pytest.approx(robust(image))
    assert (influence**2).sum() == pytest.approx(robust(np.arange(len(y))))


def test_raters_weigh_in_its_variance_as_they_inform_it():
    data = drawn(5, missing=0)
    random = np.random.default_rng(2)
    answered = random.random(data.position.shape) < np.array([0.1, 0.3, 0.9, 1, 1])[:, None]
    # Raters' slopes differ so much that they alone make the variance.
    response = data.position * np.array([-2, -1, 0, 1, 2.0])[:, None] + random.normal(0, 1e-3, answered.shape)
    trend = fit_trend(Responses(response, data.position, answered, data.truths, linear=True))
    share = trend.information / trend.information.sum()
    by_rater = trend.influence.sum(axis=1)
    found = trend.estimate()
    assert found.se**2 >= (by_rater**2 / (1 - share)).sum() * (1 - 1e-9)
    assert found.se**2 == pytest.approx((by_rater**2 / (1 - share)).sum(), rel=0.2)
    assert (by_rater**2 / (1 - share)).sum() != pytest.approx((by_rater**2).sum() * 5 / 4, rel=0.05)
    assert found.df <= 1 / (share**2).sum() - 1 + 0.5


def test_its_interval_and_standard_error_hold_in_simulated_studies():
    found = [fit_trend(drawn(8, 40, seed=seed, image_sd=0.8, slope=0)).estimate() for seed in range(300)]
    covered = np.mean([low <= 0 <= high for low, high in (one.interval() for one in found)])
    assert 0.92 <= covered <= 1
    assert np.std([one.value for one in found]) <= 1.1 * np.sqrt(np.mean([one.se**2 for one in found]))


def test_raters_who_stopped_early_and_a_run_of_reals_are_no_trend():
    # An able rater sees 10 images, a poor one 40: answers grow worse along the order, but not for either.
    position = np.tile(np.arange(1.0, 41.0), (2, 1))
    answered = np.array([position[0] <= 10, position[0] <= 40])
    right = np.array([[1, 1, 1, 0, 1, 1, 1, 1, 0, 1] * 4, [1, 0, 0, 0, 0, 0, 0, 0, 0, 1] * 4], dtype=float)
    trend = fit_trend(Responses(right, position, answered, np.arange(40) % 2))
    assert abs(trend.slope) < 0.15
    # Reals come first and are all easier: nothing changes within a kind.
    truths = (np.arange(40) < 20).astype(np.int8)
    mostly = np.array([1, 1, 0, 1, 1, 1, 0, 1, 1, 1])
    right = np.array([*mostly, *mostly[::-1], *(1 - mostly), *(1 - mostly[::-1])], dtype=float)
    assert abs(fit_trend(Responses(right[None], position[:1], position[:1] > 0, truths)).slope) < 1e-9


def test_raters_whose_answers_are_all_the_same_do_not_inform_it():
    data = drawn()
    response = data.response.copy()
    response[0] = 1
    same = Responses(response, data.position, data.answered, data.truths)
    alone = Responses(*(m[1:] for m in (response, data.position, data.answered)), data.truths)
    assert fit_trend(same).slope == pytest.approx(fit_trend(alone).slope)
    assert fit_trend(same).estimate().se == pytest.approx(fit_trend(alone).estimate().se)
    assert not fit_trend(same).informing[0].any()


@pytest.mark.parametrize("unit", [1e-3, 1, 1e6])
def test_the_unit_of_places_changes_nothing_else(unit):
    data = drawn()
    scaled = Responses(data.response, data.position * unit + 7, data.answered, data.truths)
    assert fit_trend(scaled).slope * unit == pytest.approx(fit_trend(data).slope, rel=1e-7)


def test_what_cannot_be_fitted_says_why():
    data = drawn()
    position, answered, truths = data.position, data.answered, data.truths
    late = (position > 20).astype(float)
    for response, places, there, reason in (
        (late, position, answered, UNBOUNDED),
        (late * 0, position, answered, SAME),
        (data.response, position * 0 + 3, answered, SAME),
        (data.response, position, answered & False, SAME),
    ):
        assert fit_trend(Responses(response, places, there, truths)) == reason
    assert fit_trend(Responses(late, position * 0, answered, truths, linear=True)) == SAME
    two = Responses(np.array([[0.0, 1.0]]), np.array([[1.0, 2.0]]), np.full((1, 2), True), np.array([1, 1]))
    assert fit_trend(two) == UNBOUNDED


def test_one_rater_has_a_slope_without_an_interval():
    found = fit_trend(drawn(1)).estimate()
    assert found.value is not None
    assert (found.se, found.interval()) == (None, (None, None))
    assert found.degenerate == "one rater only: the interval is undefined"
