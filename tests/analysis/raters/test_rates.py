"""Raters' confusion tables and rates, and their spread over groups."""

from dataclasses import asdict
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.analysis.groups.spread import group_results
from backend.analysis.raters.confusion import rater_results
from backend.analysis.ratings import RatingRow, RatingsTable

RATES = ("accuracy", "tpr", "tnr", "fpr")

# Baur et al. (2018), Table 2, whose rates are truncated to three decimals.
TABLE_2 = """
rater TP FP FN TN ACC   TPR   TNR
DLE1  50 26 0  4  0.675 1.000 0.133
DLE2  30 10 20 20 0.625 0.600 0.666
DLE3  36 9  14 21 0.712 0.720 0.700
DLE4  26 16 24 14 0.500 0.520 0.466
DLE5  26 20 24 10 0.450 0.520 0.333
ED1   27 11 23 19 0.575 0.540 0.633
ED2   35 18 15 12 0.587 0.700 0.400
ED3   29 17 21 13 0.525 0.580 0.433
"""
CELLS = [line.split() for line in TABLE_2.strip().splitlines()[1:]]


def truncated(part, whole):
    """Three decimals in whole numbers, as a float's last bit may lie on either side of the digit."""
    return f"{part * 1000 // whole / 1000:.3f}"


@pytest.mark.parametrize("cells", CELLS, ids=lambda cells: cells[0])
def test_table_2_of_the_paper(paper, cells):
    (found,) = [r for r in rater_results(paper, blank_as_error=True) if r.rater == cells[0]]
    assert [found.tp, found.fp, found.fn, found.tn] == [int(cell) for cell in cells[1:5]]
    reals, fakes = found.tp + found.fn, found.fp + found.tn
    assert truncated(found.tp + found.tn, found.n) == cells[5]
    assert truncated(found.tp, reals) == cells[6]
    assert truncated(found.tn, fakes) == cells[7]
    assert found.accuracy == pytest.approx((found.tp + found.tn) / 80)
    assert found.tpr == pytest.approx(found.tp / 50)
    assert found.tnr == pytest.approx(found.tn / 30)
    assert found.fpr == pytest.approx(found.fp / 30)


def test_blanks_are_missing_unless_they_are_asked_to_be_errors(paper):
    for fair, strict in zip(rater_results(paper), rater_results(paper, blank_as_error=True), strict=True):
        assert (fair.tp, fair.tn, fair.missing) == (strict.tp, strict.tn, strict.missing)
        assert fair.n + fair.missing == strict.n == 80
    assert sum(r.missing for r in rater_results(paper)) == 4


def table(*answers):
    """One rater; an answer is (truth, answer)."""
    return RatingsTable.from_rows(
        RatingRow("A", "ED", str(i), truth, answer) for i, (truth, answer) in enumerate(answers)
    )


@pytest.mark.parametrize(
    ("answers", "undefined", "reason"),
    [
        ([("real", "real"), ("fake", "real")], set(), None),
        ([("real", "real"), ("fake", "")], {"tnr", "fpr"}, "no fake image answered: tnr, fpr and bal"),
        ([("fake", "fake")], {"tpr"}, "no real image answered: tpr and bal"),
        ([("fake", "")], set(RATES), "no image answered"),
    ],
)
def test_an_undefined_rate_is_none_with_its_reason(answers, undefined, reason):
    (found,) = rater_results(table(*answers))
    assert {rate for rate in RATES if getattr(found, rate) is None} == undefined
    assert (found.tnr_ci_low is None) == (found.fpr_exact_high is None) == ("tnr" in undefined)
    assert (found.balanced_accuracy is None) == (found.balanced_accuracy_ci_low is None) == bool(undefined)
    assert found.degenerate is None if reason is None else reason in found.degenerate


labels = st.sampled_from(["real", "fake"])


@settings(max_examples=50)
@given(
    st.lists(st.tuples(labels, st.sampled_from(["real", "fake", ""])), min_size=1, max_size=30), st.booleans()
)
def test_counts_and_rates_hang_together(answers, blank_as_error):
    (found,) = rater_results(table(*answers), blank_as_error=blank_as_error)
    assert found.tp == answers.count(("real", "real"))
    assert found.tn == answers.count(("fake", "fake"))
    assert found.missing == sum(answer == "" for _, answer in answers)
    assert found.tp + found.fp + found.fn + found.tn == found.n
    assert found.n == len(answers) - (0 if blank_as_error else found.missing)
    if found.fpr is not None:
        assert found.fpr + found.tnr == pytest.approx(1)
    for rate, kind in product(RATES, ("ci", "exact")):
        if (value := getattr(found, rate)) is not None:
            low, high = (getattr(found, f"{rate}_{kind}_{side}") for side in ("low", "high"))
            assert 0 <= low <= value + 1e-12
            assert value - 1e-12 <= high <= 1


def test_groups_spread_over_their_raters(paper):
    dle, ed, everyone = group_results(rater_results(paper, blank_as_error=True))
    assert [(g.group, g.raters) for g in (dle, ed, everyone)] == [("DLE", 5), ("ED", 3), ("all", 8)]
    assert asdict(dle.accuracy) == pytest.approx(
        {"mean": 0.5925, "median": 0.625, "q1": 0.5, "q3": 0.675, "min": 0.45, "max": 0.7125}
    )
    assert everyone.fpr.mean == pytest.approx(127 / 240)
    assert 1 - everyone.tpr.mean == pytest.approx(141 / 400)


def test_a_group_leaves_out_whoever_has_no_rate():
    rows = [RatingRow("A", "ED", "x", "real", "real"), RatingRow("B", "ED", "y", "fake", "real")]
    found, everyone = group_results(rater_results(RatingsTable.from_rows(rows)))
    assert (found.tpr.mean, found.tnr.mean, found.accuracy.mean) == (1, 0, 0.5)
    gaps = {f"{rate} is undefined for 1 of 2 raters" for rate in RATES[1:]}
    assert gaps <= set(found.degenerate.split("; "))
    assert everyone.tpr == found.tpr
    (nobody, _) = group_results(rater_results(RatingsTable.from_rows(rows[:1])))
    assert set(asdict(nobody.fpr).values()) == {None}
