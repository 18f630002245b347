"""ROC curves and areas: the definition, published values, and areas whose standard error says nothing."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, norm

from backend.analysis.raters.auc import METHODS, auc
from backend.analysis.raters.roc import roc_curve

# DeLong, DeLong & Clarke-Pearson (1988), the 43 of their patients with all three tests, as SAS/STAT prints
# them (LOGISTIC, "Comparing Receiver Operating Characteristic Curves"): albumin, total protein, K-G score,
# and whether surgery failed (0) or not (1).
OVARIAN = """
3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0  1.6 5.6 5 1
3.8 5.7 5 1  3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1  4.3 7.0 4 1  3.6 6.7 4 0
2.3 4.4 6 1  4.2 7.6 4 0  4.0 6.6 6 0  3.5 5.8 6 1  3.8 6.8 7 1  3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1
3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1  4.3 6.5 4 1  3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0
3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1  3.5 6.2 5 1  2.9 5.7 9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1
3.3 5.7 6 1  3.7 6.9 5 1  3.6 6.6 5 1
"""
ALBUMIN, PROTEIN, SCORE, OUTCOME = np.array(OVARIAN.split(), dtype=float).reshape(-1, 4).T


@pytest.mark.parametrize(
    ("scores", "value", "se", "low", "high"),
    [
        (ALBUMIN, 0.7366, 0.0927, 0.5549, 0.9182),
        (-SCORE, 0.7258, 0.1028, 0.5243, 0.9273),
        (PROTEIN, 0.6478, 0.1000, 0.4518, 0.8439),
    ],
)
def test_the_published_areas_of_delong(scores, value, se, low, high):
    found = auc(OUTCOME, scores)
    assert (found.positives, found.negatives) == (31, 12)
    assert (found.value, found.se) == pytest.approx((value, se), abs=5.1e-5)
    assert found.interval(method="delong") == pytest.approx((low, high), abs=5.1e-5)


def beats(a, b):
    return 1.0 if a > b else 0.5 if a == b else 0.0


def by_definition(positives, negatives):
    """The area and DeLong's variance from all pairs."""
    table = np.array([[beats(a, b) for b in negatives] for a in positives])
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    m, n = table.shape
    if m < 2 or n < 2:
        return table.mean(), None
    return table.mean(), math.sqrt(rows.var(ddof=1) / m + columns.var(ddof=1) / n)


scores = st.lists(st.integers(-4, 4), min_size=1, max_size=12)


@given(scores, scores)
def test_area_and_standard_error_follow_their_definition(positives, negatives):
    found = auc([1] * len(positives) + [0] * len(negatives), positives + negatives)
    value, se = by_definition(positives, negatives)
    assert found.value == pytest.approx(value, abs=1e-14)
    u = mannwhitneyu(positives, negatives).statistic
    assert found.value == pytest.approx(u / (len(positives) * len(negatives)))
    if found.se is None:
        assert se is None or se < 1e-12
        assert "no standard error" in found.degenerate
    else:
        assert found.degenerate is None
        assert found.se == pytest.approx(se, rel=1e-10)


@given(scores, scores, st.sampled_from(METHODS), st.floats(0.5, 0.999))
def test_the_interval_holds_the_area_and_stays_in_its_range(positives, negatives, method, level):
    found = auc([1] * len(positives) + [0] * len(negatives), positives + negatives)
    low, high = found.interval(level, method)
    if low is None:
        assert high is None
        assert found.degenerate
    else:
        assert 0 <= low <= found.value + 1e-12
        assert found.value - 1e-12 <= high <= 1


def test_both_intervals_are_their_formulas():
    found, z = auc(OUTCOME, ALBUMIN), norm.ppf(0.95)
    assert found.interval(0.9, "delong") == pytest.approx(
        (found.value - z * found.se, found.value + z * found.se)
    )
    centre = math.log(found.value / (1 - found.value))
    half = z * found.se / (found.value * (1 - found.value))
    assert found.interval(0.9) == pytest.approx([1 / (1 + math.exp(-centre - s * half)) for s in (-1, 1)])
    assert auc([1, 1, 0, 0], [1, 3, 2, 0]).interval(method="delong")[1] == 1


def test_turning_classes_or_scores_round_turns_the_area_round():
    one = auc(OUTCOME, SCORE)
    for other in (auc(1 - OUTCOME, SCORE), auc(OUTCOME, -SCORE)):
        assert other.value == pytest.approx(1 - one.value)
        assert other.se == pytest.approx(one.se)
        assert other.interval() == pytest.approx([1 - limit for limit in reversed(one.interval())])


@pytest.mark.parametrize(
    ("positives", "negatives", "value", "reason"),
    [
        ([], [], None, "there is no score"),
        ([1], [], None, "no negative has a score"),
        ([], [1, 2], None, "no positive has a score"),
        ([2, 2], [2, 2], 0.5, "every score is the same: there is no standard error"),
        ([2], [1, 3], 0.5, "only one positive has a score: there is no standard error"),
        ([1, 3], [2], 0.5, "only one negative has a score: there is no standard error"),
    ],
)
def test_without_a_standard_error_there_is_a_reason_and_no_interval(positives, negatives, value, reason):
    found = auc([1] * len(positives) + [0] * len(negatives), positives + negatives)
    assert (found.value, found.se, found.degenerate) == (value, None, reason)
    for method in METHODS:
        assert found.interval(method=method) == (None, None)


def test_a_perfect_rater_has_an_exact_interval():
    found = auc([1] * 5 + [0] * 3, [5, 6, 7, 8, 9, 1, 2, 3])
    assert (found.value, found.se) == (1, None)
    assert (
        found.degenerate == "every score of a positive is above every negative's: there is no standard error"
    )
    for method in METHODS:
        assert found.interval(0.9, method) == pytest.approx((0.05 ** (1 / 3), 1))
    mirrored = auc([0] * 5 + [1] * 3, [5, 6, 7, 8, 9, 1, 2, 3])
    assert mirrored.value == 0
    assert "below" in mirrored.degenerate
    assert mirrored.interval(0.9) == pytest.approx((0, 1 - 0.05 ** (1 / 3)))


def test_complete_separation_is_no_likelier_than_the_exact_interval_says():
    """For every pair of distributions on three scores: 3 positives and 2 negatives are k = 2 pairs."""
    shares = [(a, b, 1 - a - b) for a, b in product(np.linspace(0, 1, 6), repeat=2) if a + b <= 1]
    for p, q in product(shares, repeat=2):
        area = sum(p[i] * q[j] * beats(i, j) for i, j in product(range(3), repeat=2))
        apart = sum(
            math.prod(p[i] for i in ps) * math.prod(q[j] for j in qs)
            for ps in product(range(3), repeat=3)
            for qs in product(range(3), repeat=2)
            if min(ps) > max(qs)
        )
        assert apart <= area**2 + 1e-12


def test_scores_that_are_missing_are_left_out():
    with_gaps = auc([1, 1, 0, 0, 1, 0], [3, math.nan, 1, math.nan, 0, 2])
    assert with_gaps == auc([1, 0, 1, 0], [3, 1, 0, 2])
    assert (with_gaps.positives, with_gaps.negatives) == (2, 2)


@given(scores, scores)
def test_the_area_is_that_under_the_curve(positives, negatives):
    truth, values = [1] * len(positives) + [0] * len(negatives), positives + negatives
    fpr, tpr, thresholds = roc_curve(truth, values)
    assert (fpr[0], tpr[0], fpr[-1], tpr[-1]) == (0, 0, 1, 1)
    assert float(np.trapezoid(tpr, fpr)) == pytest.approx(auc(truth, values).value)
    for point, threshold in enumerate(thresholds):
        assert tpr[point] == pytest.approx(np.mean(np.array(positives) >= threshold))
        assert fpr[point] == pytest.approx(np.mean(np.array(negatives) >= threshold))
    assert (np.diff(thresholds) < 0).all()


def test_a_curve_needs_both_classes():
    assert roc_curve([1, 1], [1, 2]) is roc_curve([0], [1]) is roc_curve([], []) is None


def test_methods_and_levels_that_are_none_are_refused():
    with pytest.raises(ValueError, match="method must be one of logit, delong, not 'exact'"):
        auc(OUTCOME, SCORE).interval(method="exact")
    with pytest.raises(ValueError, match="between 0 and 1"):
        auc(OUTCOME, SCORE).interval(95)
