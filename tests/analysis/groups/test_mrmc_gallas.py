"""Gallas's variance: pair by pair on small tables, unbiased by enumeration, and where it is undefined."""

from itertools import product

import numpy as np
import pytest

from backend.analysis.groups.mrmc_gallas import gallas, gallas_difference
from backend.analysis.groups.mrmc_moments import moments, success_sums
from backend.analysis.groups.mrmc_scores import Readings

TRUTHS = [1, 1, 1, 0, 0, 0]


def comparisons(scores, truths):
    """Every (rater, real, fake) that can be compared, with its success."""
    reals, fakes = np.flatnonzero(np.array(truths) == 1), np.flatnonzero(np.array(truths) == 0)
    return [
        (r, i, j, (row[i] > row[j]) + 0.5 * (row[i] == row[j]))
        for r, row in enumerate(scores)
        for i in reals
        for j in fakes
        if not np.isnan(row[i]) and not np.isnan(row[j])
    ]


def by_pairs(first, second, *, same_raters):
    """Sum over k of c_k M_k, by looking at every pair of comparisons."""
    kinds = {}
    for a, b in product(first, second):
        kind = (same_raters and a[0] == b[0], a[1] == b[1], a[2] == b[2])
        kinds.setdefault(kind, []).append(a[3] * b[3])
    pairs = sum(map(len, kinds.values()))
    shares = {kind: len(products) / pairs for kind, products in kinds.items()}
    shares[False, False, False] -= 1
    return sum(shares[kind] * np.mean(products) for kind, products in kinds.items())


def drawn(seed, raters=3, missing=0.2):
    rng = np.random.default_rng(seed)
    scores = rng.integers(-2, 3, (raters, 6)).astype(float)
    scores[rng.random(scores.shape) < missing] = np.nan
    scores[0] = rng.integers(-2, 3, 6)
    return scores


@pytest.mark.parametrize("seed", range(8))
def test_the_mean_and_its_variance_pair_by_pair(seed):
    scores = drawn(seed)
    every = comparisons(scores, TRUTHS)
    found = gallas(Readings.of(scores, TRUTHS))
    assert found.value == pytest.approx(np.mean([s for *_, s in every]))
    assert found.variance == pytest.approx(by_pairs(every, every, same_raters=True))


@pytest.mark.parametrize("seed", range(8))
def test_a_difference_pair_by_pair(seed):
    groups = [drawn(seed), drawn(seed + 100, raters=2)]
    first, second = (comparisons(scores, TRUTHS) for scores in groups)
    found = gallas_difference(*(Readings.of(scores, TRUTHS) for scores in groups))
    variance = by_pairs(first, first, same_raters=True) + by_pairs(second, second, same_raters=True)
    variance -= 2 * by_pairs(first, second, same_raters=False)
    assert found.value == pytest.approx(np.mean([s for *_, s in first]) - np.mean([s for *_, s in second]))
    assert found.variance == pytest.approx(variance)


POPULATION = np.array([[1, 3, 0, 2, 1, -1], [2, 0, 1, 1, 3, 0], [0, 1, 1, -2, 2, 2]], dtype=float)


@pytest.mark.parametrize("missing", [None, (0, 0), (1, 4)])
def test_the_variance_is_unbiased_whoever_is_drawn(missing):
    """Every sample of 2 raters, 2 reals and 2 fakes out of 3 kinds of each, a cell missing by its place."""
    values, variances = [], []
    for kinds in product(range(3), repeat=6):
        raters, reals, fakes = kinds[:2], kinds[2:4], kinds[4:]
        scores = POPULATION[np.ix_(raters, [*reals, *(3 + kind for kind in fakes)])]
        if missing is not None:
            scores[missing[0], missing[1] % 4] = np.nan
        found = gallas(Readings.of(scores, [1, 1, 0, 0]))
        values.append(found.value)
        variances.append(found.variance)
    assert np.mean(variances) == pytest.approx(np.var(values))


def test_the_variance_of_a_difference_is_unbiased():
    values, variances = [], []
    for kinds in product(range(2), repeat=8):
        scores = POPULATION[np.ix_([kinds[0], kinds[1], 1 + kinds[2], 1 + kinds[3]], range(6))]
        scores = scores[:, [kinds[4], kinds[5], 3 + kinds[6], 3 + kinds[7]]]
        found = gallas_difference(*(Readings.of(half, [1, 1, 0, 0]) for half in (scores[:2], scores[2:])))
        values.append(found.value)
        variances.append(found.variance)
    assert np.mean(variances) == pytest.approx(np.var(values))


@pytest.fixture
def complete():
    """Scores of 7 raters, 12 reals and 9 fakes, with their truths and the successes of all comparisons."""
    rng = np.random.default_rng(3)
    truths = np.repeat([1, 0], [12, 9])
    scores = rng.normal(size=(7, 21)) + 0.7 * truths + rng.normal(size=21) + rng.normal(size=(7, 1)) * truths
    return scores, truths, (scores[:, :12, None] > scores[:, None, 12:]).astype(float)


def test_the_degrees_of_freedom_weigh_raters_reals_and_fakes(complete):
    """On complete data the V-statistics are variances of means: of raters, of reals and of fakes."""
    scores, truths, success = (complete[0][:4], complete[1], complete[2][:4])
    parts = [success.mean(axis=axes).var(ddof=1) / n for axes, n in (((1, 2), 4), ((0, 2), 12), ((0, 1), 9))]
    found = gallas(Readings.of(scores, truths))
    squares = sum(part**2 / (n - 1) for part, n in zip(parts, (4, 12, 9), strict=True))
    assert found.df == pytest.approx(max(found.variance**2 / squares, 3))


def test_the_degrees_of_freedom_of_a_difference(complete):
    """Either group's raters, and the reals and fakes by how differently they fare in the groups."""
    scores, truths, success = complete
    apart = success[:4].mean(axis=0) - success[4:].mean(axis=0)
    parts = [
        (success[:4].mean(axis=(1, 2)).var(ddof=1), 4),
        (success[4:].mean(axis=(1, 2)).var(ddof=1), 3),
        (apart.mean(axis=1).var(ddof=1), 12),
        (apart.mean(axis=0).var(ddof=1), 9),
    ]
    found = gallas_difference(*(Readings.of(half, truths) for half in (scores[:4], scores[4:])))
    squares = sum((part / n) ** 2 / (n - 1) for part, n in parts)
    assert found.df == pytest.approx(max(found.variance**2 / squares, 2))
    assert found.df > 2


def test_the_eight_moments_of_complete_data():
    """Gallas (2006): c_1 = 1 / (N_0 N_1 N_r), c_4 = (N_0 - 1) (N_1 - 1) / (N_0 N_1 N_r), and so on."""
    found = moments(*success_sums(Readings.of(drawn(1, raters=5, missing=0), [1, 1, 1, 1, 0, 0])))
    expected = np.outer([4, 1], np.outer([3, 1], [1, 1])).reshape(2, 2, 2) / (5 * 4 * 2)
    expected[0, 0, 0] -= 1
    assert found.coefficients == pytest.approx(expected)
    assert found.sizes == pytest.approx([5, 4, 2])


def test_a_negative_estimate_is_shown_without_a_standard_error():
    scores = [[1, 0, 0, 1], [0, 1, 1, 0]]
    found = gallas(Readings.of(scores, [1, 1, 0, 0]))
    assert found.variance < 0
    assert found.se is found.p_value is found.df is None
    assert found.interval() == (None, None)
    assert "negative" in found.degenerate


@pytest.mark.parametrize(
    ("scores", "truths", "reason", "value"),
    [
        ([[2, 1, 0, 1]], [1, 1, 0, 0], "needs two raters", 0.875),
        ([[2, 0], [1, 3]], [1, 0], "needs two raters", 0.5),
        ([[2, 1], [1, 0]], [1, 1], "no rater scored a real and a fake", None),
        ([[3, 3, 0, 0], [2, 2, 1, 1]], [1, 1, 0, 0], "variance estimate is 0", 1),
    ],
)
def test_what_cannot_be_estimated_has_a_reason(scores, truths, reason, value):
    found = gallas(Readings.of(scores, truths))
    assert reason in found.degenerate
    assert found.value == value
    assert found.interval() == (None, None)
