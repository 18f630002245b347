"""Category kappas, kappa without each rater, counts and shares."""

import numpy as np
import pytest
from hypothesis import given

from backend.analysis.agreement import (
    category_counts,
    category_kappas,
    fleiss_kappa,
    leave_one_rater_out,
    prevalence,
)
from tests.analysis.agreement.tables import (
    DIAGNOSES_COUNTS,
    DIAGNOSES_RATINGS,
    GWET_COUNTS,
    GWET_RATINGS,
    binary_counts,
    matrices_of_ratings,
    numbers,
)


def test_the_categories_of_fleiss_1971():
    found = category_kappas(DIAGNOSES_COUNTS, categories=["depr", "pers", "schiz", "neur", "other"])
    values = [one.kappa.value for one in found]
    assert values == pytest.approx([0.245, 0.245, 0.520, 0.471, 0.566], abs=6e-4)
    assert [one.share for one in found] == pytest.approx([0.144, 0.144, 0.167, 0.306, 0.239], abs=6e-4)
    # Fleiss, Nee & Landis (1979): the same for all categories, sqrt(2 / (N r (r - 1))).
    assert [one.kappa.null_se for one in found] == pytest.approx([np.sqrt(2 / (30 * 6 * 5))] * 5, abs=1e-14)
    assert [one.category for one in found] == ["depr", "pers", "schiz", "neur", "other"]


def test_the_whole_kappa_is_the_categories_weighted_by_their_variance():
    found = category_kappas(DIAGNOSES_COUNTS)
    weights = [one.share * (1 - one.share) for one in found]
    mean = np.average([one.kappa.value for one in found], weights=weights)
    assert mean == pytest.approx(fleiss_kappa(DIAGNOSES_COUNTS).value, abs=1e-12)


@given(binary_counts)
def test_two_categories_have_the_kappa_of_the_whole_table(counts):
    whole = fleiss_kappa(counts)
    for one in category_kappas(counts):
        if whole.value is None:
            assert one.kappa.value is None
        else:
            assert numbers(one.kappa) == pytest.approx(numbers(whole), abs=1e-7)


def test_a_category_that_nobody_chose_says_so():
    found = category_kappas([[2, 1, 0], [0, 3, 0]], categories="abc")[2]
    assert (found.share, found.kappa.value) == (0.0, None)
    assert found.kappa.degenerate.startswith("every rating is 'not c'")
    assert category_kappas([[0, 0]])[0].share is None


def test_names_must_fit_the_categories():
    with pytest.raises(ValueError, match="3 names for 2 categories"):
        category_kappas([[1, 2]], categories="abc")


@given(matrices_of_ratings)
def test_without_a_rater_kappa_is_that_of_the_others(ratings):
    whole = fleiss_kappa(category_counts(ratings, 3))
    answering = [g for g, row in enumerate(ratings) if max(row) >= 0]
    found = leave_one_rater_out(ratings, 3)
    assert [one.rater for one in found] == answering
    for one in found:
        others = fleiss_kappa(category_counts(np.delete(ratings, one.rater, axis=0), 3))
        assert one.kappa == others
        known = whole.value is not None and others.value is not None
        assert one.change == (others.value - whole.value if known else None)


def test_without_one_of_two_raters_nothing_is_left_to_compare():
    for one in leave_one_rater_out([[1, 0, 1], [1, 1, 1]], names=("fake", "real")):
        assert (one.kappa.value, one.change) == (None, None)
        assert one.kappa.degenerate == "no image was answered by two raters"


def test_counts_are_those_of_the_published_tables():
    assert (category_counts(DIAGNOSES_RATINGS, 5) == DIAGNOSES_COUNTS).all()
    assert (category_counts(GWET_RATINGS, 5) == GWET_COUNTS).all()
    with pytest.raises(ValueError, match="below 2"):
        category_counts(GWET_RATINGS)


def test_prevalence_is_the_share_of_all_ratings():
    assert prevalence([[1, 0], [0, 3]]) == 0.75
    assert prevalence([[1, 0], [0, 3]], category=0) == 0.25
    assert prevalence([[0, 0]]) is None
