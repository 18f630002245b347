"""Krippendorff's alpha against published values, the package krippendorff, and in degenerate studies."""

import numpy as np
import pytest
from hypothesis import given

from backend.analysis.agreement import category_counts, fleiss_kappa, krippendorff_alpha, profile_interval
from tests.analysis.agreement.tables import (
    DIAGNOSES_COUNTS,
    GWET_COUNTS,
    assert_honest,
    correlated,
    matrices_of_ratings,
    numbers,
)


def test_gwet_2014_with_missing_ratings():
    """Krippendorff's (2011) own example too, with alpha 0.743."""
    alpha = krippendorff_alpha(GWET_COUNTS)
    assert alpha.value == pytest.approx(0.74342, abs=5e-6)
    assert alpha.se == pytest.approx(0.14557, abs=5e-6)
    assert alpha.items == 11
    assert alpha.interval() == pytest.approx((0.419, 1), abs=5e-4)


def test_the_diagnoses_of_fleiss_1971():
    alpha, kappa = krippendorff_alpha(DIAGNOSES_COUNTS), fleiss_kappa(DIAGNOSES_COUNTS)
    assert alpha.value == pytest.approx(0.4334, abs=5e-5)
    assert alpha.se == pytest.approx(kappa.se, abs=1e-14)


@given(matrices_of_ratings)
def test_it_is_that_of_the_package(ratings):
    import krippendorff

    counts = category_counts(ratings, 3)
    alpha = krippendorff_alpha(counts)
    assert_honest(alpha)
    pairable = counts[counts.sum(axis=1) > 1]
    if np.count_nonzero(pairable.sum(axis=0)) < 2:
        assert alpha.value is None
        return
    expected = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
    assert alpha.value == pytest.approx(expected, abs=1e-10)


def test_lone_ratings_change_nothing():
    table = correlated(np.random.default_rng(1), 3, 20, 0.3, 0.6)
    with_lone = np.vstack([table, [[1, 0]] * 5, [[0, 0]]])
    assert numbers(krippendorff_alpha(with_lone)) == numbers(krippendorff_alpha(table))


def test_its_interval_for_two_categories_is_the_likelihoods():
    table = correlated(np.random.default_rng(1), 3, 20, 0.3, 0.6)
    alpha = krippendorff_alpha(table)
    assert alpha.default_method == "profile"
    assert alpha.interval(0.9) == profile_interval(table, 0.9)
    assert alpha.interval(0.9, "t") != alpha.interval(0.9)


def test_its_standard_error_is_that_of_simulated_studies():
    random = np.random.default_rng(5)
    ratings = np.repeat([2, 3, 6], 30)

    def study():
        real = random.binomial(ratings, random.beta(1.2, 0.8, len(ratings)))
        return krippendorff_alpha(np.stack([ratings - real, real], axis=1))

    found = [study() for _ in range(400)]
    assert np.std([one.value for one in found]) == pytest.approx(np.mean([one.se for one in found]), rel=0.1)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (np.zeros((3, 2)), "no image was answered"),
        ([[1, 0], [0, 1]], "no image was answered by two raters"),
        ([[0, 3], [0, 2], [1, 0]], "every rating is 'real': agreement by chance is 1, alpha is undefined"),
    ],
)
def test_an_undefined_alpha_says_why(counts, reason):
    alpha = krippendorff_alpha(counts, categories=("fake", "real"))
    assert numbers(alpha) == (None, None, None, None)
    assert alpha.degenerate == reason
