"""The crossed variance against the analysis of variance, clusters alone, and its degenerate cases."""

import numpy as np
import pytest

from backend.analysis.course.clustered import Clustered, estimate, score_limits, standard_error
from backend.analysis.course.variance import Sums, crossed_variance
from backend.analysis.groups.crossed import crossed_mean
from backend.analysis.intervals import wilson


def sums_of_mean(y, answered):
    """The sums of influences on the mean over raters of their means."""
    n, raters = answered.sum(axis=1), answered.any(axis=1).sum()
    means = np.where(answered, y, 0).sum(axis=1) / np.maximum(n, 1)
    mean = means.sum() / raters
    influence = np.where(answered, (y - mean) / (np.maximum(n, 1)[:, None] * raters), 0)
    return mean, Sums.of(influence, answered)


def drawn(raters, images, seed=0):
    random = np.random.default_rng(seed)
    level = 0.5 + random.normal(0, 0.2, (raters, 1)) + random.normal(0, 0.2, images)
    return (random.random((raters, images)) < level).astype(float)


@pytest.mark.parametrize(("raters", "images"), [(8, 30), (3, 10), (20, 5)])
def test_complete_tables_have_the_variance_of_the_two_way_analysis(raters, images):
    y = drawn(raters, images)
    mean, sums = sums_of_mean(y, y >= 0)
    residual = y - y.mean(axis=1, keepdims=True) - y.mean(axis=0) + y.mean()
    error = (residual**2).sum() / ((raters - 1) * (images - 1)) / (raters * images)
    of_raters, of_images = np.var(y.mean(axis=1), ddof=1) / raters, np.var(y.mean(axis=0), ddof=1) / images
    variance, df = crossed_variance(sums)
    assert min(of_raters, of_images) > error
    assert variance == pytest.approx(of_raters + of_images - error)
    parts = of_raters**2 / (raters - 1), of_images**2 / (images - 1)
    squares = sum(parts) + error**2 / ((raters - 1) * (images - 1))
    assert df == pytest.approx(variance**2 / squares)
    expected = crossed_mean(y)
    assert (mean, np.sqrt(variance)) == pytest.approx((expected.value, expected.se))


def test_it_is_at_least_that_of_raters_or_of_images_alone():
    y = np.tile([[0.0, 1.0], [1.0, 0.0]], (3, 5))
    random = np.random.default_rng(1)
    y = y + random.normal(0, 1e-3, (6, 1))
    _, sums = sums_of_mean(y, np.full(y.shape, True))
    variance, df = crossed_variance(sums)
    assert variance == pytest.approx(np.var(y.mean(axis=1), ddof=1) / 6)
    assert df == pytest.approx(5)


def test_near_the_groups_estimate_where_answers_are_missing():
    random = np.random.default_rng(5)
    y, answered = drawn(8, 40, 3), random.random((8, 40)) < 0.8
    mean, sums = sums_of_mean(y, answered)
    expected = crossed_mean(np.where(answered, y, np.nan))
    assert mean == pytest.approx(expected.value)
    assert np.sqrt(crossed_variance(sums)[0]) == pytest.approx(expected.se, rel=0.02)


@pytest.mark.parametrize(
    ("y", "leverage", "reason"),
    [
        (np.zeros((1, 5)), None, "one rater only"),
        (np.zeros((5, 1)), None, "one image only"),
        (np.zeros((2, 5)), np.array([1.0, 0.0]), "one rater only"),
        (np.zeros((0, 5)), None, "one rater only"),
    ],
)
def test_too_few_say_why(y, leverage, reason):
    found = estimate(0.5, Sums.of(y, np.full(y.shape, True)), leverage)
    assert (found.se, found.p_value()) == (None, None)
    assert found.interval() == found.interval(method="score") == (None, None)
    assert reason in found.degenerate


def test_the_score_interval_of_independent_answers_is_wilsons():
    se = np.sqrt(0.3 * 0.7 / 50)
    assert score_limits(0.3, se, 50, 1.959963984540054) == pytest.approx(wilson(15, 50))
    assert score_limits(0.3, se / 3, 50, 1.959963984540054) == pytest.approx(wilson(15, 50))
    assert score_limits(0.0, 0.0, 50, 1.959963984540054) == pytest.approx(wilson(0, 50))
    low, high = score_limits(0.3, 2 * se, 50, 1.959963984540054)
    assert low < wilson(15, 50)[0] < wilson(15, 50)[1] < high


def test_without_spread_there_is_a_score_interval_and_no_t_interval():
    found = Clustered(value=1.0, se=0.0, df=3.0, n=40)
    assert found.interval() == (None, None)
    assert "do not differ" in found.reason()
    low, high = found.interval(method="score")
    assert 0.7 < low < high == 1
    assert found.reason("score") is None
    assert standard_error(1e-30) == 0


def test_another_method_or_level_is_refused():
    found = Clustered(value=0.5, se=0.1, df=3.0, n=40)
    with pytest.raises(ValueError, match="method"):
        found.interval(method="wald")
    with pytest.raises(ValueError, match="level"):
        found.interval(1.0)
