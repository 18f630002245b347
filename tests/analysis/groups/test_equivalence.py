"""Equivalence tests: the published powers, scipy's binomial tests, and intervals that say the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from backend.analysis.groups.equivalence import binomial_equivalence
from backend.analysis.groups.equivalence_rows import equivalence_results
from backend.analysis.groups.random_effects import random_effects_results
from backend.analysis.multiplicity import holm
from backend.analysis.raters.confusion import rater_results
from backend.analysis.ratings import RatingRow, RatingsTable


@pytest.mark.parametrize(("n", "power"), [(80, 0.089), (200, 0.771), (400, 0.981)])
def test_the_power_at_a_true_accuracy_of_one_half(n, power):
    shown = [binomial_equivalence(k, n, 0.1).p_value <= 0.05 for k in range(n + 1)]
    assert stats.binom.pmf(np.arange(n + 1), n, 0.5) @ shown == pytest.approx(power, abs=5e-4)


@given(st.integers(1, 90).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.01, 0.49))
def test_both_tests_are_scipy_s(counts, margin):
    found = binomial_equivalence(*counts, margin)
    lower = stats.binomtest(*counts, 0.5 - margin, alternative="greater").pvalue
    upper = stats.binomtest(*counts, 0.5 + margin, alternative="less").pvalue
    assert (found.p_lower, found.p_upper) == pytest.approx((lower, upper), abs=1e-12)
    assert found.p_value == max(found.p_lower, found.p_upper)


@given(st.integers(0, 200), st.sampled_from([0.05, 0.1, 0.15]))
def test_equivalence_is_shown_where_the_exact_interval_lies_within_the_margin(k, margin):
    found = binomial_equivalence(k, 200, margin)
    low, high = found.interval(0.9)
    assert (found.p_value <= 0.05) == (0.5 - margin <= low and high <= 0.5 + margin)


def test_no_answers_no_test():
    found = binomial_equivalence(0, 0, 0.1)
    assert (found.value, found.p_value, found.interval()) == (None, None, (None, None))
    assert found.degenerate == "no image answered"


@pytest.mark.parametrize("margin", [0, 0.5, -0.1, 10])
def test_a_margin_that_is_none_is_refused(margin, paper):
    with pytest.raises(ValueError, match="margin must lie between"):
        binomial_equivalence(1, 2, margin)
    with pytest.raises(ValueError, match="margin must lie between"):
        equivalence_results(paper, rater_results(paper), margin)


def test_counts_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="successes"):
        binomial_equivalence(3, 2, 0.1)


def test_without_a_margin_there_is_no_result(paper):
    assert equivalence_results(paper, rater_results(paper), None) is None


def test_the_paper_s_raters_and_groups(paper):
    raters = rater_results(paper)
    rows = equivalence_results(paper, raters, 0.1)
    assert [row.kind for row in rows] == ["rater"] * 8 + ["group"] * 6 + ["difference"] * 2
    for row, rater in zip(rows[:8], raters, strict=True):
        assert (row.rater, row.estimate) == (rater.rater, rater.accuracy)
        assert (row.margin, row.reference, row.method) == (0.1, 0.5, "exact_binomial")
    assert {row.rater for row in rows if row.equivalent} == {"DLE4"}
    assert rows[3].p_value == pytest.approx(stats.binom.sf(39, 80, 0.4))
    assert [row.p_holm for row in rows[:8]] == list(holm([row.p_value for row in rows[:8]]))


def test_groups_are_tested_by_the_interval_over_raters_and_images(paper):
    intervals = {
        (row.group, row.other_group, row.measure): row for row in random_effects_results(paper, level=0.9)
    }
    for margin in (0.05, 0.12, 0.2, 0.3):
        for row in equivalence_results(paper, rater_results(paper), margin)[8:]:
            of = intervals[row.group, row.other_group, row.measure]
            assert (row.estimate, row.ci_low, row.ci_high) == (of.estimate, of.ci_low, of.ci_high)
            inside = row.reference - margin <= of.ci_low and of.ci_high <= row.reference + margin
            assert row.equivalent == inside == (row.p_value <= 0.05 + 1e-12)
            assert row.p_value == max(row.p_lower, row.p_upper)
            assert row.p_holm >= row.p_value


def test_everyone_is_a_family_of_its_own(paper):
    rows = {
        (r.group, r.other_group, r.measure): r for r in equivalence_results(paper, rater_results(paper), 0.2)
    }
    alone = rows["all", None, "accuracy"]
    assert alone.p_holm == alone.p_value
    pair = [rows[group, None, "accuracy"] for group in ("DLE", "ED")]
    assert [row.p_holm for row in pair] == list(holm([row.p_value for row in pair]))


def test_blanks_count_as_they_do_for_the_raters(paper):
    raters = rater_results(paper, blank_as_error=True)
    rows = equivalence_results(paper, raters, 0.1, blank_as_error=True)
    everyone = next(row for row in rows if row.group == "all")
    assert everyone.estimate == pytest.approx(np.mean([rater.accuracy for rater in raters]))


def test_who_answered_nothing_and_a_group_of_one_have_reasons():
    table = RatingsTable.from_rows(
        RatingRow(rater, group, str(i), ("real", "fake")[i % 2], answer)
        for rater, group, answers in (("a", "A", [""] * 4), ("b", "B", ["real", "fake", "fake", "real"]))
        for i, answer in enumerate(answers)
    )
    rows = equivalence_results(table, rater_results(table), 0.1)
    assert rows[0].degenerate == "no image answered"
    assert rows[0].equivalent is rows[0].p_holm is rows[0].ci_low is None
    assert rows[1].p_value is not None
    assert all(row.degenerate and row.equivalent is None for row in rows[2:])
