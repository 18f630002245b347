"""The fitted curve against its definition, the derivative of the fit, and simulation."""

import numpy as np
import pytest
from scipy.special import expit

from backend.analysis.course.curve import fitted
from backend.analysis.course.trend import Responses, fit_trend
from backend.analysis.course.variance import Sums, crossed_variance


def drawn(raters=6, images=40, *, seed=1, missing=0.1, linear=False, rater_sd=0.6, image_sd=0.5):
    random = np.random.default_rng(seed)
    position = np.array([random.permutation(images) + 1.0 for _ in range(raters)])
    truths = (np.arange(images) % 5 < 3).astype(np.int8)
    level = 0.3 + random.normal(0, rater_sd, (raters, 1)) + random.normal(0, image_sd, images)
    level = level + 0.1 * (position - images / 2) / 10
    response = (
        level + random.normal(0, 1, level.shape) if linear else random.random(level.shape) < expit(level)
    )
    answered = random.random((raters, images)) >= missing
    return Responses(response.astype(float), position, answered, truths, linear)


def by_definition(trend, x):
    """The mean over raters of their mean fit over their answers, all moved to one place."""
    data = trend.data
    level = trend.intercepts[:, data.truths] + trend.slope * x / 10
    fit = level if data.linear else expit(level)
    means = [fit[r][data.answered[r]].mean() for r in range(len(fit)) if data.answered[r].any()]
    return np.mean(means)


@pytest.mark.parametrize("linear", [False, True])
def test_it_is_the_mean_of_the_raters_fits(linear):
    trend = fit_trend(drawn(linear=linear))
    assert trend.informing.sum() == trend.data.answered.sum()
    for x, found in zip((1, 20, 40), fitted(trend, (1, 20, 40)), strict=True):
        assert found.value == pytest.approx(by_definition(trend, x))
        assert found.n == trend.data.answered.sum()


@pytest.mark.parametrize("linear", [False, True])
def test_its_variance_is_that_of_the_influences_taken_one_by_one(linear):
    data = drawn(linear=linear)
    trend = fit_trend(data)
    x = 33.0
    (found,) = fitted(trend, [x])
    level = trend.intercepts + trend.slope * x / 10
    fit, bend = (level, np.ones_like(level)) if linear else (expit(level), expit(level) * (1 - expit(level)))
    n = np.stack([(data.answered & (data.truths == kind)).sum(axis=1) for kind in (0, 1)], axis=1)
    share = n / n.sum(axis=1, keepdims=True)
    own = (share * fit).sum(axis=1)
    to_slope = (share * bend * (x / 10 - trend.centres)).sum() / len(n)
    influence = np.zeros_like(data.response)
    for r, i in zip(*np.nonzero(data.answered), strict=True):
        k = data.truths[i]
        influence[r, i] = share[r, k] * bend[r, k] / len(n) / trend.weights[r, k] * trend.residuals[r, i]
        influence[r, i] += to_slope * trend.influence[r, i]
        influence[r, i] += (own[r] - own.mean()) / len(n) / n[r].sum()
    assert influence.sum() == pytest.approx(0, abs=1e-9)
    variance, df = crossed_variance(Sums.of(influence, data.answered))
    assert (found.se, found.df) == pytest.approx((np.sqrt(variance), df))


def test_an_influence_is_how_far_one_answer_moves_the_curve():
    data = drawn(4, 60, missing=0, linear=True)
    trend = fit_trend(data)
    moved = data.response.copy()
    moved[2, 7] += 1e-3
    before, after = (
        fitted(fit_trend(Responses(y, data.position, data.answered, data.truths, linear=True)), [50.0])[
            0
        ].value
        for y in (data.response, moved)
    )
    k = data.truths[7]
    share = (data.truths == k).mean()
    to_slope = (50 / 10 - trend.centres) @ [1 - data.truths.mean(), data.truths.mean()]
    expected = (
        share / 4 / trend.weights[2, k] + to_slope.mean() * trend.places[2, 7] / trend.information.sum()
    )
    assert (after - before) / 1e-3 == pytest.approx(expected)


def test_raters_whose_answers_are_all_the_same_count_with_their_mean():
    data = drawn(3, missing=0)
    response = data.response.copy()
    response[0] = 1
    trend = fit_trend(Responses(response, data.position, data.answered, data.truths))
    rest = Responses(response[1:], data.position[1:], data.answered[1:], data.truths)
    assert fitted(trend, [20.0])[0].value == pytest.approx(
        (1 + 2 * fitted(fit_trend(rest), [20.0])[0].value) / 3
    )


def test_its_band_holds_in_simulated_studies():
    scores = np.random.default_rng(0).normal(size=100_000)
    truth = expit(0.3 + np.sqrt(0.6**2 + 0.5**2) * scores + 0.1 * (35 - 20) / 10).mean()
    found = [fitted(fit_trend(drawn(8, seed=seed)), [35.0])[0].interval(0.9, "score") for seed in range(300)]
    assert np.mean([low <= truth <= high for low, high in found]) == pytest.approx(0.9, abs=0.06)
