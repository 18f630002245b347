"""Percent agreement and AC1 against Gwet's published values, their definition, and degenerate studies."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given

from backend.analysis.agreement import gwet_ac1, percent_agreement
from tests.analysis.agreement.tables import (
    DIAGNOSES_COUNTS,
    GWET_COUNTS,
    assert_honest,
    correlated,
    numbers,
    tables_of_counts,
)


def test_gwet_2014_with_missing_ratings():
    assert numbers(gwet_ac1(GWET_COUNTS)) == pytest.approx((0.77544, 0.14295, 0.461, 1.0), abs=5e-4)
    assert gwet_ac1(GWET_COUNTS).value == pytest.approx(0.775444068127, abs=1e-11)
    assert gwet_ac1(GWET_COUNTS).se == pytest.approx(0.142949950641, abs=1e-11)
    agreement = percent_agreement(GWET_COUNTS)
    assert agreement.value == pytest.approx(9 / 11, abs=1e-14)
    assert agreement.se == pytest.approx(0.1256090, abs=5e-8)
    assert agreement.interval()[0] == pytest.approx(0.542, abs=5e-4)


def test_the_diagnoses_of_fleiss_1971():
    assert gwet_ac1(DIAGNOSES_COUNTS).value == pytest.approx(0.4479, abs=5e-5)
    assert gwet_ac1(DIAGNOSES_COUNTS).se == pytest.approx(0.055662141682, abs=1e-11)
    assert percent_agreement(DIAGNOSES_COUNTS).value == pytest.approx(0.5556, abs=5e-5)


@given(tables_of_counts)
def test_both_follow_their_definition(counts):
    agreement, ac1 = percent_agreement(counts), gwet_ac1(counts)
    assert_honest(agreement)
    assert_honest(ac1)
    if max(map(sum, counts)) < 2:
        assert agreement.value is ac1.value is None
        return
    ratings = [[c for c, n in enumerate(row) for _ in range(n)] for row in counts]
    seen = [[a == b for a, b in combinations(row, 2)] for row in ratings if len(row) > 1]
    observed = sum(sum(pairs) / len(pairs) for pairs in seen) / len(seen)
    rated = [row for row in ratings if row]
    q = len(counts[0])
    pi = [sum(row.count(c) / len(row) for row in rated) / len(rated) for c in range(q)]
    chance = sum(p * (1 - p) for p in pi) / (q - 1)
    assert agreement.value == pytest.approx(observed, abs=1e-12)
    assert ac1.value == pytest.approx((observed - chance) / (1 - chance), abs=1e-12)


def test_their_standard_errors_are_those_of_simulated_studies():
    random = np.random.default_rng(3)
    tables = [correlated(random, 4, 60, 0.4, 0.8) for _ in range(400)]
    for statistic in (percent_agreement, gwet_ac1):
        found = [statistic(table) for table in tables]
        assert np.std([one.value for one in found]) == pytest.approx(
            np.mean([one.se for one in found]), rel=0.1
        )


def test_ac1_of_one_answer_throughout_is_1_and_percent_agreement_too():
    for statistic in (gwet_ac1, percent_agreement):
        found = statistic([[0, 3]] * 10)
        assert numbers(found) == (1.0, 0.0, None, None)
        assert found.degenerate == "all images agree alike: the standard error is 0 and gives no interval"


def test_categories_that_nobody_chose_count_for_ac1():
    two, three = [[2, 1], [3, 0], [0, 3]], [[2, 1, 0], [3, 0, 0], [0, 3, 0]]
    assert gwet_ac1(three).value > gwet_ac1(two).value
    assert percent_agreement(three) == percent_agreement(two)


def test_one_image_has_a_value_alone():
    for statistic, value in ((percent_agreement, 1 / 3), (gwet_ac1, -0.2)):
        found = statistic([[1, 2]])
        assert numbers(found) == (pytest.approx(value), None, None, None)
        assert found.degenerate == "one image only: its standard error is undefined"


@pytest.mark.parametrize("statistic", [percent_agreement, gwet_ac1])
def test_what_cannot_be_compared_is_undefined(statistic):
    assert statistic(np.zeros((4, 2))).degenerate == "no image was answered"
    assert statistic([[1, 0], [0, 1]]).degenerate == "no image was answered by two raters"


def test_one_category_leaves_chance_undefined():
    assert gwet_ac1([[3], [2]]).degenerate == "one category only: agreement by chance is undefined"


def test_only_the_t_interval_is_offered():
    with pytest.raises(ValueError, match="one of t, not 'profile'"):
        gwet_ac1([[1, 2], [3, 0]]).interval(method="profile")
