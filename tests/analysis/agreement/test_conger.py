"""Conger's kappa against published values, Cohen's, its definition, and in degenerate studies."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given

from backend.analysis.agreement import conger_kappa, percent_agreement
from backend.analysis.agreement.counts import category_counts
from tests.analysis.agreement.tables import (
    DIAGNOSES_RATINGS,
    GWET_RATINGS,
    assert_honest,
    matrices_of_ratings,
    numbers,
)


def test_gwet_2014_with_missing_ratings():
    kappa = conger_kappa(GWET_RATINGS)
    assert kappa.value == pytest.approx(0.76282, abs=5e-6)
    assert kappa.se == pytest.approx(0.14917, abs=5e-6)
    assert kappa.interval() == pytest.approx((0.435, 1), abs=5e-4)


def test_the_diagnoses_as_the_r_package_irr_has_them():
    kappa = conger_kappa(DIAGNOSES_RATINGS)
    assert kappa.value == pytest.approx(0.4418, abs=5e-5)
    assert kappa.se == pytest.approx(0.050794406013, abs=1e-11)


def two_raters(random, items=60):
    first = random.integers(0, 3, items)
    return np.stack([first, np.where(random.random(items) < 0.6, first, random.integers(0, 3, items))])


def test_for_two_raters_it_is_cohens():
    from statsmodels.stats.inter_rater import cohens_kappa

    ratings = two_raters(np.random.default_rng(2))
    table = [[np.sum((ratings[0] == a) & (ratings[1] == b)) for b in range(3)] for a in range(3)]
    reference, kappa = cohens_kappa(np.array(table)), conger_kappa(ratings)
    assert kappa.value == pytest.approx(reference.kappa, abs=1e-14)
    assert kappa.se == pytest.approx(reference.std_kappa * np.sqrt(60 / 59), abs=1e-14)


@given(matrices_of_ratings)
def test_it_follows_its_definition(ratings):
    kappa = conger_kappa(ratings)
    assert_honest(kappa)
    answering = [row for row in ratings if max(row) >= 0]
    counts = category_counts(ratings, 3)
    if len(answering) < 2 or counts.sum(axis=1).max() < 2 or np.count_nonzero(counts.sum(axis=0)) < 2:
        assert kappa.value is None
        return

    def share(row, category):
        return row.count(category) / sum(x >= 0 for x in row)

    chances = [sum(share(g, k) * share(h, k) for k in range(3)) for g, h in combinations(answering, 2)]
    chance = sum(chances) / len(chances)
    observed = percent_agreement(counts).value
    assert kappa.value == pytest.approx((observed - chance) / (1 - chance), abs=1e-10)


def test_its_standard_error_is_that_of_the_jackknife():
    random = np.random.default_rng(4)
    truth = random.random(250) < 0.5
    bias = np.array([0.1, 0.3, 0.5])[:, None]
    ratings = np.where(random.random((3, 250)) < bias, random.integers(-1, 2, (3, 250)), truth)
    left = np.array([conger_kappa(np.delete(ratings, i, axis=1)).value for i in range(250)])
    jackknife = np.sqrt(249 / 250 * ((left - left.mean()) ** 2).sum())
    assert conger_kappa(ratings).se == pytest.approx(jackknife, rel=0.02)


@pytest.mark.parametrize(
    ("ratings", "reason"),
    [
        (np.zeros((0, 3), dtype=int), "no image was answered"),
        ([[-1, -1], [-1, -1]], "no image was answered"),
        ([[1, 0], [-1, -1]], "only one rater answered"),
        ([[1, -1], [-1, 0]], "no image was answered by two raters"),
        ([[1, 1], [1, 1]], "every rating is 'real': agreement by chance is 1, kappa is undefined"),
    ],
)
def test_an_undefined_kappa_says_why(ratings, reason):
    kappa = conger_kappa(ratings, categories=("fake", "real"))
    assert numbers(kappa) == (None, None, None, None)
    assert kappa.degenerate == reason


def test_one_image_has_a_value_alone():
    kappa = conger_kappa([[1], [0], [1]])
    assert kappa.value == 0.0
    assert kappa.degenerate == "one image only: its standard error is undefined"


@pytest.mark.parametrize("ratings", [[1, 0], [[0.5, 1.0]], [[-2, 1]], [[True, False]]])
def test_what_is_no_matrix_of_ratings_is_refused(ratings):
    with pytest.raises(ValueError, match="raters x images"):
        conger_kappa(ratings)
