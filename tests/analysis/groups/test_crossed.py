"""Rates over raters and images: analysis of variance, unbiasedness by enumeration, and degenerate designs."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from backend.analysis.groups.crossed import crossed_difference, crossed_mean
from backend.analysis.groups.crossed_design import Design
from backend.analysis.groups.crossed_moments import components
from backend.analysis.groups.crossed_variance import contributions


def drawn(raters, images, seed, p=0.6):
    return (np.random.default_rng(seed).random((raters, images)) < p).astype(float)


def mean_squares(x):
    """Of raters, images and residual, by the sums of squares of a two-way table."""
    i, j = x.shape
    rater = j * ((x.mean(axis=1) - x.mean()) ** 2).sum()
    image = i * ((x.mean(axis=0) - x.mean()) ** 2).sum()
    residual = ((x - x.mean()) ** 2).sum() - rater - image
    return rater / (i - 1), image / (j - 1), residual / ((i - 1) * (j - 1))


@pytest.mark.parametrize("seed", range(5))
def test_complete_data_give_the_two_way_analysis_of_variance(seed):
    x = drawn(4, 30, seed) * (np.random.default_rng(seed).random(30) < 0.8)
    rater, image, residual = mean_squares(x)
    found = crossed_mean(x)
    variance = (max(rater, residual) + max(image, residual) - residual) / x.size
    assert found.value == pytest.approx(x.mean())
    assert found.se == pytest.approx(np.sqrt(variance))
    squares = rater**2 / 3 + image**2 / 29 + residual**2 / (3 * 29)
    assert found.df == pytest.approx(max((variance * x.size) ** 2 / squares, 3))
    assert found.variance.residual == pytest.approx(residual / x.size)


def test_the_degrees_of_freedom_are_those_of_the_raters_at_least():
    """Images that are all as easy add nothing to the variance, and their mean square nothing to its df."""
    x = np.vstack([np.tile(row, 10) for row in ([1, 0, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1], [0, 1, 0, 1])])
    x = np.vstack([x, np.ones((1, 40))])
    found = crossed_mean(x)
    assert found.variance.images == 0
    assert found.df == 4


@pytest.mark.parametrize("seed", range(5))
def test_two_strata_are_put_together_with_the_raters_covariance(seed):
    x, strata = drawn(5, 80, seed), np.repeat([1, 0], [50, 30])
    raters = x.mean(axis=1).var(ddof=1) / 5
    images, residual = 0.0, 0.0
    for code, n in ((1, 50), (0, 30)):
        _, image, rest = mean_squares(x[:, strata == code])
        images += max((n / 80) ** 2 * (image - rest) / (5 * n), 0)
        residual += (n / 80) ** 2 * rest / (5 * n)
    found = crossed_mean(x, strata=strata)
    assert found.variance.images == pytest.approx(images)
    assert found.variance.residual == pytest.approx(residual)
    assert found.se**2 == pytest.approx(max(raters - residual, 0) + images + residual)
    assert found.value == pytest.approx(x.mean())


def test_the_t_interval_of_a_difference_over_images_alone_is_the_paired_t_interval():
    """Raters who do not differ within a group leave the images: a paired comparison of the image means."""
    base, other = drawn(1, 40, 1), drawn(1, 40, 2)
    found = crossed_difference(np.repeat(base, 3, axis=0), np.repeat(other, 2, axis=0))
    reference = stats.ttest_rel(base[0], other[0])
    assert found.value == pytest.approx((base - other).mean())
    assert found.value / found.se == pytest.approx(reference.statistic)
    assert found.df == pytest.approx(39)
    assert found.interval(0.9) == pytest.approx(tuple(reference.confidence_interval(0.9)))


# Who is missing what, as dots in a table of 4 raters (two of either group) and 4 images (two of either kind).
PATTERNS = ["xxxx xxxx xxxx xxxx", "xxxx xxxx xx.x xxxx", ".xxx xxxx xxxx xxx."]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_variance_is_unbiased_whoever_is_drawn(pattern):
    """Every sample of raters and images from a small population, with cells missing by place."""
    there = np.array([[cell == "x" for cell in row] for row in pattern.split()])
    population = np.random.default_rng(4).integers(0, 2, (2, 2, 4)).astype(float)  # group, type, image type
    strata, values, variances = np.array([0, 0, 1, 1]), [], []
    for types in product(range(2), repeat=8):
        images = [types[4], types[5], 2 + types[6], 2 + types[7]]
        x = np.array([population[k // 2, types[k]][images] for k in range(4)])
        x[~there] = np.nan
        design = Design.contrast(*(Design.of(half, None, strata) for half in (x[:2], x[2:])))
        values.append((design.weights * design.scores).sum())
        variances.append(sum(part.sum() for part in contributions(design)))
    assert np.mean(variances) == pytest.approx(np.var(values))


@pytest.mark.parametrize("pattern", [*PATTERNS[:1], "xxx. .xxx xxxx xxxx"])
def test_the_components_are_unbiased(pattern):
    there = np.array([[cell == "x" for cell in row] for row in pattern.split()]).astype(float)
    population = np.array([[1.0, 0, 1], [1, 1, 0], [0, 0, 1]])
    one, found = np.ones((1, 4)), []
    for types in product(range(3), repeat=8):
        x = population[np.ix_(types[:4], types[4:])] * there
        found.append([part.item() for part in components(x, there, one, one)])
    raters, images = population.mean(axis=1).var(), population.mean(axis=0).var()
    expected = [raters, images, population.var() - raters - images]
    assert np.mean(found, axis=0) == pytest.approx(expected)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.1, 0.3]))
def test_right_and_wrong_are_mirror_images(seed, missing):
    x = drawn(4, 20, seed)
    x[np.random.default_rng(seed + 1).random(x.shape) < missing] = np.nan
    right, wrong = crossed_mean(x, strata=np.arange(20) % 2), crossed_mean(1 - x, strata=np.arange(20) % 2)
    assert right.value == pytest.approx(1 - wrong.value)
    assert right.se == pytest.approx(wrong.se)
    assert right.df == pytest.approx(wrong.df)
    assert right.interval() == pytest.approx(tuple(1 - limit for limit in wrong.interval()[::-1]))


def test_missing_answers_leave_every_rater_with_the_same_weight():
    x = np.array([[1.0, 1, 1, np.nan], [0, 1, 0, 0], [1, 0, 1, 1]])
    assert crossed_mean(x).value == pytest.approx((1 + 1 / 4 + 3 / 4) / 3)


def test_the_interval_and_the_one_sided_tests_say_the_same():
    found = crossed_mean(drawn(5, 60, 3), strata=np.arange(60) % 2)
    for method in ("logit", "t"):
        low, high = found.interval(0.9, method)
        assert found.one_sided(low, method)[0] == pytest.approx(0.05)
        assert found.one_sided(high, method)[1] == pytest.approx(0.05)
        assert sum(found.one_sided(0.55, method)) == pytest.approx(1)


def test_intervals_stay_where_rates_can_be():
    x = np.ones((3, 20))
    x[0, :6] = 0
    found = crossed_mean(x)
    assert 0 < found.interval()[0] < found.value < found.interval()[1] < 1
    assert found.interval(method="t")[1] == 1


@pytest.mark.parametrize(
    ("x", "strata", "reason", "value"),
    [
        ([[1, 0, 1]], None, "only one rater", 2 / 3),
        ([[1], [0]], None, "only one image", 0.5),
        ([[1, 0, 1], [1, 1, 0]], [0, 0, 1], "only one image", 2 / 3),
        ([[1, 1], [1, 1]], None, "do not vary", 1),
        ([[np.nan, np.nan], [np.nan, np.nan]], None, "no rater has the rate", None),
        ([[1, 0, np.nan, np.nan], [np.nan, np.nan, 1, 1]], None, "answered by two raters", 0.75),
    ],
)
def test_what_cannot_be_estimated_has_a_reason(x, strata, reason, value):
    found = crossed_mean(x, strata=strata)
    assert reason in found.degenerate
    assert found.value is None if value is None else found.value == pytest.approx(value)
    assert found.interval() == found.one_sided(0.5) == (None, None)


def test_a_rater_and_an_image_without_answers_do_not_count():
    x = drawn(4, 20, 8)
    padded = np.full((5, 21), np.nan)
    padded[:4, :20] = x
    found, expected = crossed_mean(padded), crossed_mean(x)
    assert (found.raters, found.images) == (4, 20)
    assert found == expected


def test_groups_that_share_no_image_are_independent():
    easy = np.arange(20) % 4 > 0
    first, second = drawn(3, 20, 1) * easy, drawn(4, 20, 2) * easy
    apart = [
        np.hstack([first, np.full_like(first, np.nan)]),
        np.hstack([np.full_like(second, np.nan), second]),
    ]
    found = crossed_difference(*apart)
    variances = [crossed_mean(x).se ** 2 for x in (first, second)]
    assert found.se**2 == pytest.approx(sum(variances))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="raters x images"):
        crossed_mean([1, 0, 1])
    with pytest.raises(ValueError, match="weights and strata"):
        crossed_mean([[1, 0]], strata=[1])
    with pytest.raises(ValueError, match="the same images"):
        crossed_difference([[1, 0]], [[1, 0, 1]], strata=None)
    found = crossed_difference(drawn(3, 9, 1), drawn(3, 9, 2))
    with pytest.raises(ValueError, match="method must be one of t"):
        found.interval(method="logit")
    with pytest.raises(ValueError, match="between 0 and 1"):
        found.interval(0)
