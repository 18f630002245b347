"""How rates spread over the raters of a group."""

from dataclasses import asdict

import numpy as np
import pytest

from backend.analysis.groups.scores import MEASURES, correctness, measured
from backend.analysis.groups.spread import MOST_GROUPS, group_pairs, group_results, subjects
from backend.analysis.raters.confusion import rater_results
from backend.analysis.ratings import RatingRow, RatingsTable


def test_the_paper_s_groups(paper):
    dle, ed, everyone = group_results(rater_results(paper, blank_as_error=True))
    assert [(g.group, g.raters) for g in (dle, ed, everyone)] == [("DLE", 5), ("ED", 3), ("all", 8)]
    assert asdict(dle.accuracy) == pytest.approx(
        {"mean": 0.5925, "median": 0.625, "q1": 0.5, "q3": 0.675, "min": 0.45, "max": 0.7125}
    )
    assert everyone.fpr.mean == pytest.approx(127 / 240)
    assert everyone.balanced_accuracy.mean == pytest.approx((259 / 400 + 113 / 240) / 2)
    assert everyone.degenerate is None


def test_a_group_leaves_out_whoever_has_no_rate():
    rows = [RatingRow("A", "ED", "x", "real", "real"), RatingRow("B", "ED", "y", "fake", "real")]
    found, everyone = group_results(rater_results(RatingsTable.from_rows(rows)))
    assert (found.tpr.mean, found.tnr.mean, found.accuracy.mean) == (1, 0, 0.5)
    assert set(asdict(found.balanced_accuracy).values()) == {None}
    assert "tpr is undefined for 1 of 2 raters" in found.degenerate
    assert "balanced_accuracy is undefined for 2 of 2 raters" in found.degenerate
    assert everyone.tpr == found.tpr


@pytest.mark.parametrize("blank_as_error", [False, True])
def test_scores_and_weights_give_every_rater_s_rates(paper, blank_as_error):
    right = correctness(paper, blank_as_error=blank_as_error)
    raters = rater_results(paper, blank_as_error=blank_as_error)
    for measure in MEASURES:
        scores, weights = measured(right, paper.truths, measure)
        found = np.nansum(scores * weights, axis=1)
        assert found == pytest.approx([getattr(rater, measure) for rater in raters])
        assert weights.sum(axis=1) == pytest.approx(1)


def test_an_image_that_was_never_shown_is_no_error():
    rows = [RatingRow("A", "ED", "x", "real", ""), RatingRow("B", "ED", "y", "fake", "fake")]
    right = correctness(RatingsTable.from_rows(rows), blank_as_error=True)
    assert np.array_equal(right, [[0, np.nan], [np.nan, 1]], equal_nan=True)


def test_subjects_are_groups_then_everyone_then_pairs():
    assert subjects(["A", "B", "C"]) == [
        *(("A", None), ("B", None), ("C", None), ("all", None)),
        *(("A", "B"), ("A", "C"), ("B", "C")),
    ]
    assert len(group_pairs([f"g{i}" for i in range(MOST_GROUPS)])) == MOST_GROUPS * (MOST_GROUPS - 1) // 2
    assert group_pairs([f"g{i}" for i in range(MOST_GROUPS + 1)]) == []
