"""Fleiss' kappa against published values, its definition and statsmodels, and in degenerate studies."""

from itertools import combinations, product
from math import isclose, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.analysis.agreement import fleiss_kappa
from tests.analysis.agreement.tables import (
    DIAGNOSES_COUNTS,
    GWET_COUNTS,
    assert_honest,
    correlated,
    numbers,
    tables_of_counts,
)


def test_fleiss_1971():
    kappa = fleiss_kappa(DIAGNOSES_COUNTS)
    assert kappa.value == pytest.approx(0.430, abs=5e-4)
    assert kappa.se == pytest.approx(0.0542, abs=5e-5)
    assert kappa.null_se == pytest.approx(0.0244, abs=5e-5)
    assert kappa.items == 30


def test_gwet_2014_with_missing_ratings():
    kappa = fleiss_kappa(GWET_COUNTS)
    assert kappa.value == pytest.approx(0.76117, abs=5e-6)
    assert kappa.se == pytest.approx(0.15302, abs=5e-6)
    low, high = kappa.interval()
    assert low == pytest.approx(0.424, abs=5e-4)
    assert high == 1.0


def test_complete_tables_agree_with_statsmodels():
    from statsmodels.stats.inter_rater import fleiss_kappa as reference

    random = np.random.default_rng(5)
    for q in (2, 3, 5):
        counts = random.multinomial(7, random.dirichlet(np.ones(q)), size=40)
        assert fleiss_kappa(counts).value == pytest.approx(reference(counts), abs=1e-12)


def test_the_null_standard_error_of_complete_tables_is_that_of_fleiss_nee_and_landis():
    random = np.random.default_rng(6)
    n, r = 50, 4
    counts = random.multinomial(r, [0.6, 0.3, 0.1], size=n)
    p = counts.sum(axis=0) / (n * r)
    pq = (p * (1 - p)).sum()
    variance = 2 / (n * r * (r - 1)) * (pq**2 - (p * (1 - p) * (1 - 2 * p)).sum()) / pq**2
    assert fleiss_kappa(counts).null_se == pytest.approx(sqrt(variance), abs=1e-14)


def test_the_null_standard_error_with_lone_ratings_is_that_of_all_outcomes_written_out():
    counts = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [2, 0, 1], [0, 0, 1], [3, 1, 0], [1, 0, 1]])
    pi = (counts / counts.sum(axis=1, keepdims=True)).mean(axis=0)
    chance, weight = pi @ pi, 7 / 4
    variance = 0.0
    for r in counts.sum(axis=1):
        for ratings in product(range(3), repeat=r):
            seen = np.mean([a == b for a, b in combinations(ratings, 2)]) - chance if r > 1 else 0.0
            moved = weight * seen - 2 * (pi[list(ratings)].mean() - chance)
            variance += pi[list(ratings)].prod() * (moved / (1 - chance)) ** 2
    assert fleiss_kappa(counts).null_se == pytest.approx(sqrt(variance) / 7, abs=1e-14)


def test_the_null_standard_error_is_that_of_simulated_guessing():
    random = np.random.default_rng(2)
    found = [fleiss_kappa(correlated(random, 4, 60, 0, 0.8)) for _ in range(500)]
    spread = np.std([one.value for one in found])
    assert spread == pytest.approx(np.mean([one.null_se for one in found]), rel=0.08)


def pairwise_kappa(counts):
    """Kappa by its words: agreeing pairs seen, against agreement of two ratings drawn by chance."""
    ratings = [[c for c, n in enumerate(row) for _ in range(n)] for row in counts]
    seen = [[a == b for a, b in combinations(row, 2)] for row in ratings if len(row) > 1]
    observed = sum(sum(pairs) / len(pairs) for pairs in seen) / len(seen)
    rated = [row for row in ratings if row]
    chance = sum(
        (sum(row.count(c) / len(row) for row in rated) / len(rated)) ** 2 for c in range(len(counts[0]))
    )
    return None if isclose(chance, 1) else (observed - chance) / (1 - chance)


@given(tables_of_counts)
def test_it_follows_its_definition(counts):
    kappa = fleiss_kappa(counts)
    assert_honest(kappa)
    if max(map(sum, counts)) < 2:
        assert kappa.value is None
        return
    expected = pairwise_kappa(counts)
    assert kappa.value is None if expected is None else kappa.value == pytest.approx(expected, abs=1e-10)


@given(tables_of_counts, st.randoms(use_true_random=False))
def test_it_does_not_depend_on_the_order_of_images_or_categories(counts, random):
    columns = list(range(len(counts[0])))
    random.shuffle(columns)
    shuffled = [[row[c] for c in columns] for row in random.sample(counts, len(counts))]
    one, other = fleiss_kappa(counts), fleiss_kappa(shuffled)
    assert (one.value is None) == (other.value is None)
    if one.value is not None:
        assert numbers(other) == pytest.approx(numbers(one), abs=1e-7)


def test_the_standard_error_is_that_of_simulated_studies():
    random = np.random.default_rng(1)
    found = [fleiss_kappa(correlated(random, 5, 80, 1 / 3, 0.5)) for _ in range(400)]
    assert np.std([one.value for one in found]) == pytest.approx(np.mean([one.se for one in found]), rel=0.1)


@pytest.mark.parametrize("method", ["t", "bootstrap"])
def test_the_interval_widens_with_its_level(method):
    kappa = fleiss_kappa(GWET_COUNTS)
    (wide_low, wide_high), (low, high) = kappa.interval(0.99, method), kappa.interval(0.5, method)
    assert wide_low < low < kappa.value < high <= wide_high


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (np.zeros((0, 2)), "no image was answered"),
        ([[0, 0]], "no image was answered"),
        ([[1, 0], [0, 1]], "no image was answered by two raters"),
        ([[0, 3], [0, 2]], "every rating is 'real': agreement by chance is 1, kappa is undefined"),
    ],
)
def test_an_undefined_kappa_says_why(counts, reason):
    kappa = fleiss_kappa(counts, categories=("fake", "real"))
    for method in ("profile", "t", "bootstrap"):
        assert numbers(kappa, method=method) == (None, None, None, None)
    assert kappa.degenerate == reason
    assert kappa.null_se is None


def test_one_image_has_a_value_and_a_wide_interval_without_a_standard_error():
    kappa = fleiss_kappa([[1, 2]])
    assert kappa.value == pytest.approx(-0.5)
    assert kappa.se is None
    assert kappa.interval(method="t") == (None, None)
    assert kappa.degenerate == "one image only: its standard error is undefined"
    low, high = kappa.interval()
    assert low == -0.5
    assert high > 0.5


def test_perfect_agreement_has_an_interval_although_its_standard_error_is_0():
    kappa = fleiss_kappa([[3, 0]] * 20 + [[0, 3]] * 20)
    assert (kappa.value, kappa.se, kappa.degenerate) == (1.0, 0.0, None)
    low, high = kappa.interval()
    assert 0.8 < low < high == 1.0
    assert kappa.interval(method="t") == (None, None)


def test_perfect_agreement_on_three_categories_says_why_it_has_no_interval():
    kappa = fleiss_kappa([[3, 0, 0], [0, 3, 0], [0, 0, 3]])
    assert numbers(kappa) == (1.0, 0.0, None, None)
    assert kappa.degenerate == "all images agree alike: the standard error is 0 and gives no interval"


def test_the_interval_holds_a_kappa_below_minus_one():
    kappa = fleiss_kappa([[1, 1], *[[1, 0]] * 9])
    assert kappa.value < -1
    for method in ("profile", "t"):
        low, high = kappa.interval(method=method)
        assert low <= kappa.value <= high


@pytest.mark.parametrize("counts", [[1, 2], [[1, -1]], [[0.5, 1]], np.zeros((3, 0))])
def test_what_is_no_table_of_counts_is_refused(counts):
    with pytest.raises(ValueError, match="images x categories"):
        fleiss_kappa(counts)


def test_wrong_arguments_of_the_interval_are_refused():
    kappa = fleiss_kappa([[1, 2], [3, 0]])
    with pytest.raises(ValueError, match="profile, t, bootstrap"):
        kappa.interval(method="wald")
    for method in ("profile", "t", "bootstrap"):
        with pytest.raises(ValueError, match="between 0 and 1"):
            kappa.interval(95, method)
    with pytest.raises(ValueError, match="two categories, not 5"):
        fleiss_kappa(DIAGNOSES_COUNTS).interval(method="profile")
