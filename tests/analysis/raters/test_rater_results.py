"""A rater's whole row: graded answers, response times, what is undefined, and how the parts hang together."""

import math
from dataclasses import asdict, fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, fisher_exact, mannwhitneyu
from statsmodels.stats.multitest import multipletests

from backend.analysis.raters import chance, confusion, detection, grades, rates, response_times
from backend.analysis.raters.auc import auc
from backend.analysis.raters.confusion import RaterResult, rater_results
from backend.analysis.raters.grades import graded_scores, rater_curves
from backend.analysis.ratings import RatingRow, RatingsTable

PARTS = {
    rates.Rates: "degenerate",
    chance.ChanceTests: "tests_degenerate",
    detection.Detection: "detection_degenerate",
    grades.Grades: "auc_degenerate",
    response_times.ResponseTimes: "response_degenerate",
}


def study(*rows, rater="A"):
    """Rows are (truth, answer, confidence, first answer, response time)."""
    names = ("truth", "answer", "confidence", "first_answer", "response_ms")
    return RatingsTable.from_rows(
        RatingRow(rater=rater, group="ED", image=str(i), **dict(zip(names, row, strict=False)))
        for i, row in enumerate(rows)
    )


def result(*rows, **options):
    (found,) = rater_results(study(*rows), **options)
    return found


GRADED = [
    ("real", "real", 3),
    ("real", "real", 1),
    ("real", "fake", 1),
    ("fake", "fake", 3),
    ("fake", "fake", 2),
    ("fake", "real", 2),
    ("fake", "real", ""),
    ("real", "", 3),
]


def test_confidence_grades_the_answers():
    found = result(*GRADED)
    expected = auc([1, 1, 1, 0, 0, 0], [3, 1, -1, -3, -2, 2])
    assert (found.graded, found.ungraded, found.missing) == (6, 1, 1)
    assert (found.auc, found.auc_se) == (expected.value, expected.se)
    assert found.auc == pytest.approx(7 / 9)
    assert (found.auc_ci_low, found.auc_ci_high) == expected.interval()
    assert found.auc_degenerate is None


def test_a_missing_answer_has_no_grade():
    np.testing.assert_array_equal(graded_scores(study(*GRADED)), [3, 1, -1, -3, -2, 2, math.nan, math.nan])


def test_curves_are_each_raters_own():
    one, other = study(*GRADED), study(("real", "real", 1), rater="B")
    curves = rater_curves(RatingsTable.from_rows([*one.rows(), *other.rows()]))
    assert curves["B"] is None
    assert curves["A"].tpr.tolist() == pytest.approx([0, 1 / 3, 1 / 3, 2 / 3, 1, 1, 1])


def test_without_confidence_there_is_no_area():
    found = result(("real", "real"), ("fake", "fake"))
    assert (found.graded, found.ungraded, found.auc) == (0, 2, None)
    assert found.auc_degenerate == "there is no grade"
    assert result(("real", "real", 2)).auc_degenerate == "no fake image has a grade"


TIMED = [
    ("real", "real", "", "", 1000),
    ("real", "real", "", "fake", 4000),  # wrong at first, when the time was taken
    ("fake", "fake", "", "fake", 2000),
    ("fake", "real", "", "real", 6000),
    ("fake", "", "", "fake", 3000),  # right at first, taken back
    ("fake", "", "", "", 9000),  # never answered: no time of an answer
    ("real", "fake", "", "", ""),
]


def test_a_response_time_belongs_to_the_first_answer():
    found = result(*TIMED)
    assert found.response_n == 5
    assert (found.q1_response_ms, found.median_response_ms, found.q3_response_ms) == (2000, 3000, 4000)
    assert found.median_response_ms_correct == 2000
    assert found.median_response_ms_wrong == 5000
    assert found.response_wrong_slower == 1
    assert found.response_p == pytest.approx(mannwhitneyu([4000, 6000], [1000, 2000, 3000]).pvalue)
    assert found.response_wrong_slower_ci_low == pytest.approx(0.025**0.5)
    assert found.response_degenerate == (
        "every response time of a wrong answer is above every right answer's: there is no standard error"
    )


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([("real", "real")], "there is no response time"),
        ([("real", "real", "", "", 5)], "no wrong answer has a response time"),
        ([("real", "fake", "", "", 5)], "no right answer has a response time"),
        (
            [("real", "fake", "", "", 5), ("real", "real", "", "", 5)],
            "every response time is the same: there is no standard error",
        ),
    ],
)
def test_a_relation_that_is_undefined_has_its_reason(rows, reason):
    found = result(*rows)
    assert found.response_degenerate == reason
    assert (found.response_wrong_slower is None) == (found.response_p is None) == (len(rows) == 1)


def test_response_times_are_adjusted_for_all_raters():
    rows = [
        *study(*TIMED[:5]).rows(),
        *study(*TIMED[:5], rater="B").rows(),
        *study(*TIMED[:1], rater="C").rows(),
    ]
    one, other, lone = rater_results(RatingsTable.from_rows(rows))
    assert one.response_p_holm == other.response_p_holm == pytest.approx(2 * one.response_p)
    assert lone.response_p is lone.response_p_holm is None


def test_the_paper_against_scipy_and_statsmodels(paper):
    found = rater_results(paper, blank_as_error=True)
    binomial = [binomtest(r.tp + r.tn, 80).pvalue for r in found]
    fisher = [fisher_exact([[r.tp, r.fp], [r.fn, r.tn]]).pvalue for r in found]
    assert [r.binomial_p for r in found] == pytest.approx(binomial, rel=1e-10)
    assert [r.fisher_p for r in found] == pytest.approx(fisher, rel=1e-10)
    assert [r.binomial_p_holm for r in found] == pytest.approx(multipletests(binomial, method="holm")[1])
    assert [r.fisher_p_holm for r in found] == pytest.approx(multipletests(fisher, method="holm")[1])
    for r in found:
        exact = binomtest(r.tp + r.tn, r.n).proportion_ci(method="exact")
        assert (r.accuracy_exact_low, r.accuracy_exact_high) == pytest.approx(tuple(exact), abs=1e-9)
        assert r.fpr_ci_low == pytest.approx(1 - r.tnr_ci_high)
        assert r.fpr_exact_high == pytest.approx(1 - r.tnr_exact_low)
        assert r.balanced_accuracy == pytest.approx((r.tp / 50 + r.tn / 30) / 2)
        assert r.balanced_accuracy_ci_low < r.balanced_accuracy < r.balanced_accuracy_ci_high


def test_the_level_reaches_every_interval():
    rows = [(*graded, "", 100 * i + 50 * (i % 3)) for i, graded in enumerate(GRADED[:6])]
    narrow, wide = result(*rows, level=0.5), result(*rows, level=0.99)
    lows = [field.name for field in fields(RaterResult) if field.name.endswith("_low")]
    assert len(lows) == 2 * 4 + 1 + 1 + 2 + 1 + 1
    for low in lows:
        high = low.removesuffix("_low") + "_high"
        assert getattr(wide, low) < getattr(narrow, low) < getattr(narrow, high) < getattr(wide, high)


def test_a_level_that_is_none_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        result(*GRADED, level=95)


def test_every_field_is_described():
    for part in (confusion.Confusion, *PARTS):
        for field in fields(part):
            assert field.name in part.__doc__, f"{field.name} of {part.__name__}"


def test_blanks_as_errors_change_counts_rates_tests_and_detection_alone():
    fair, strict = asdict(result(*GRADED)), asdict(result(*GRADED, blank_as_error=True))
    same = {field.name for part in (grades.Grades, response_times.ResponseTimes) for field in fields(part)}
    assert {name for name in same if fair[name] != strict[name]} == set()
    assert strict["fn"] == fair["fn"] + 1
    assert strict["d_prime"] < fair["d_prime"]
    assert strict["binomial_p"] == binomtest(4, 8).pvalue
    assert strict["fisher_p"] == fisher_exact([[2, 2], [2, 2]]).pvalue


label = st.sampled_from(["real", "fake"])
answer = st.sampled_from(["real", "fake", ""])
number = st.sampled_from(["", "1", "2", "3"])
ratings = st.lists(
    st.tuples(st.sampled_from("AB"), st.integers(0, 6), answer, number, answer, number),
    unique_by=lambda t: t[:2],
    min_size=1,
)


@settings(max_examples=150)
@given(ratings, st.integers(0, 7), st.booleans())
def test_no_study_gives_nan_or_a_gap_without_a_reason(rows, reals, blank_as_error):
    table = RatingsTable.from_rows(
        RatingRow(
            rater,
            "ED",
            str(image),
            "real" if image < reals else "fake",
            given,
            confidence=confidence,
            first_answer=first,
            response_ms=time,
        )
        for rater, image, given, confidence, first, time in rows
    )
    for found in rater_results(table, blank_as_error=blank_as_error):
        for part, reason in PARTS.items():
            named = {field.name: getattr(found, field.name) for field in fields(part)}
            assert (None in [v for k, v in named.items() if k != reason]) == (named[reason] is not None)
        assert all(value is None or type(value) in (int, float, str) for value in asdict(found).values())
        assert all(math.isfinite(v) for v in asdict(found).values() if isinstance(v, float))


@given(ratings, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows, random):
    made = [
        RatingRow(r, "ED", str(i), "real" if i % 2 else "fake", a, confidence=c, response_ms=t)
        for r, i, a, c, _, t in rows
    ]
    shuffled = random.sample(made, len(made))
    assert rater_results(RatingsTable.from_rows(made)) == rater_results(RatingsTable.from_rows(shuffled))
