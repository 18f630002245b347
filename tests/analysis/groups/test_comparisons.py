"""Groups compared: rows, Holm's families, Welch's interval, and groups that cannot be compared."""

import numpy as np
import pytest
from scipy import stats

from backend.analysis.groups.comparisons import comparison_results
from backend.analysis.groups.scores import MEASURES
from backend.analysis.groups.spread import MOST_GROUPS
from backend.analysis.groups.welch import welch_interval
from backend.analysis.raters.confusion import rater_results
from backend.analysis.ratings import RatingRow, RatingsTable


def study(answers):
    """``answers`` by (rater, group): a letter an image, R or F or a dot; images are real, fake, real, ..."""
    return RatingsTable.from_rows(
        RatingRow(rater, group, str(i), ("real", "fake")[i % 2], {"R": "real", "F": "fake", ".": ""}[letter])
        for (rater, group), letters in answers.items()
        for i, letter in enumerate(letters)
    )


def compared(answers):
    return comparison_results(rater_results(study(answers)))


def test_the_paper_s_groups(paper):
    rows = comparison_results(rater_results(paper, blank_as_error=True))
    assert [(row.group_a, row.group_b, row.measure) for row in rows] == [("DLE", "ED", m) for m in MEASURES]
    accuracy = rows[0]
    dle, ed = [54, 50, 57, 40, 36], [46, 47, 42]
    assert (accuracy.raters_a, accuracy.raters_b) == (5, 3)
    assert accuracy.mean_a == pytest.approx(np.mean(dle) / 80)
    assert accuracy.difference == pytest.approx(np.mean(dle) / 80 - np.mean(ed) / 80)
    assert accuracy.relabellings == 56
    assert accuracy.smallest_p == 1 / 56
    by_hand = stats.permutation_test(
        (dle, ed), lambda a, b: abs(np.mean(a) - np.mean(b)), alternative="greater", n_resamples=np.inf
    )
    assert accuracy.p_value == pytest.approx(by_hand.pvalue)
    assert rows[3].p_value == rows[4].p_value
    assert rows[3].difference == pytest.approx(-rows[4].difference)


def test_holm_is_over_the_pairs_of_groups_within_a_measure():
    rng = np.random.default_rng(0)
    letters = {
        (f"{group}{k}", group): "".join(rng.choice(list("RF"), 20)) for group in "ABC" for k in range(4)
    }
    rows = compared(letters)
    for measure in MEASURES:
        of_measure = sorted((row.p_value, row.p_holm) for row in rows if row.measure == measure)
        assert len(of_measure) == 3
        p_values, adjusted = np.transpose(of_measure)
        assert adjusted == pytest.approx(np.minimum(np.maximum.accumulate(p_values * [3, 2, 1]), 1))


def test_welch_s_interval_is_scipy_s():
    rng = np.random.default_rng(2)
    for m, n in ((5, 3), (2, 2), (12, 7)):
        first, second = rng.normal(0.6, 0.05, m), rng.normal(0.5, 0.02, n)
        low, high, df, reason = welch_interval(first, second, 0.9)
        reference = stats.ttest_ind(first, second, equal_var=False)
        expected = reference.confidence_interval(0.9)
        assert (low, high) == pytest.approx((max(expected.low, -1), min(expected.high, 1)), abs=1e-10)
        assert df == pytest.approx(reference.df)
        assert reason is None


def test_welch_s_interval_stays_between_minus_1_and_1():
    low, high, *_ = welch_interval([0.1, 0.9], [0.2, 0.7])
    assert (low, high) == (-1, 1)


def test_what_welch_cannot_do():
    assert "fewer than two raters" in welch_interval([0.5], [0.5, 0.6]).degenerate
    assert "all alike" in welch_interval([0.5, 0.5], [0.6, 0.6]).degenerate
    with pytest.raises(ValueError, match="between 0 and 1"):
        welch_interval([0.5, 0.6], [0.5, 0.6], 95)


def test_a_group_of_one_is_tested_but_has_no_interval():
    rows = compared({("a", "A"): "RFRF", ("b", "B"): "RRFF", ("c", "B"): "FFRR"})
    accuracy = rows[0]
    assert accuracy.p_value == accuracy.smallest_p == 1 / 3
    assert accuracy.ci_low is accuracy.ci_high is accuracy.df is None
    assert "fewer than two raters" in accuracy.degenerate


def test_a_group_without_answers_is_not_compared():
    rows = compared({("a", "A"): "....", ("b", "B"): "RRFF"})
    assert all(row.p_value is row.p_holm is row.difference is row.smallest_p is None for row in rows)
    assert rows[0].degenerate == "no rater of group A has the rate"
    assert (rows[0].raters_a, rows[0].relabellings) == (0, 0)


def test_a_rate_that_some_lack_is_compared_among_the_others():
    rows = {
        row.measure: row for row in compared({("a", "A"): "R.R.", ("b", "A"): "RFRF", ("c", "B"): "RRFF"})
    }
    assert (rows["tpr"].raters_a, rows["tnr"].raters_a, rows["balanced_accuracy"].raters_a) == (2, 1, 1)
    assert rows["accuracy"].raters_a == 2


def test_one_group_has_nothing_to_be_compared_with():
    assert compared({("a", "A"): "RFRF", ("b", "A"): "RRFF"}) == ()


def test_names_of_raters_in_place_of_groups_are_not_compared_pair_by_pair():
    letters = {(f"r{k}", f"g{k}"): "RFRF" for k in range(MOST_GROUPS + 1)}
    assert compared(letters) == ()
    letters.popitem()
    assert len(compared(letters)) == len(MEASURES) * MOST_GROUPS * (MOST_GROUPS - 1) / 2


def test_everyone_alike_gives_p_1():
    rows = compared({(name, name[0]): "RRRR" for name in ("a1", "a2", "b1", "b2")})
    assert {row.p_value for row in rows} == {1}
    assert "all alike" in rows[0].degenerate
