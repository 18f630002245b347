"""Rows of rates over raters and images, from a table of ratings."""

import numpy as np
import pytest

from backend.analysis.groups.crossed import crossed_mean
from backend.analysis.groups.random_effects import random_effects_results
from backend.analysis.groups.scores import MEASURES, correctness
from backend.analysis.groups.spread import group_results
from backend.analysis.raters.confusion import rater_results
from backend.analysis.ratings import RatingRow, RatingsTable


def by_subject(table, **options):
    rows = random_effects_results(table, **options)
    return {(row.group, row.other_group, row.measure): row for row in rows}


@pytest.mark.parametrize("blank_as_error", [False, True])
def test_the_estimates_are_the_groups_means(paper, blank_as_error):
    rows = by_subject(paper, blank_as_error=blank_as_error)
    assert len(rows) == 4 * len(MEASURES)
    groups = group_results(rater_results(paper, blank_as_error=blank_as_error))
    for group in groups:
        for measure in MEASURES:
            row = rows[group.group, None, measure]
            assert row.estimate == pytest.approx(getattr(group, measure).mean)
            assert row.raters == group.raters
            assert row.images == {"tpr": 50, "tnr": 30, "fpr": 30}.get(measure, 80)
            assert row.ci_low < row.estimate < row.ci_high
            parts = (row.variance_raters, row.variance_images, row.variance_residual)
            assert sum(parts) == pytest.approx(row.se**2)
            assert row.degenerate is None
    difference = rows["DLE", "ED", "tpr"]
    assert difference.estimate == pytest.approx(groups[0].tpr.mean - groups[1].tpr.mean)


def test_tpr_by_the_mean_squares_of_its_table(paper):
    """Raters x reals with blanks as errors: (MS_rater + MS_image - MS_residual) / (8 x 50)."""
    right = ((paper.answers == 1) & (paper.truths == 1))[:, paper.truths == 1].astype(float)
    rater = 50 * right.mean(axis=1).var(ddof=1)
    image = 8 * right.mean(axis=0).var(ddof=1)
    total = ((right - right.mean()) ** 2).sum()
    residual = (total - 7 * rater - 49 * image) / (7 * 49)
    row = by_subject(paper, blank_as_error=True)["all", None, "tpr"]
    assert row.se == pytest.approx(np.sqrt((rater + image - residual) / 400))
    squares = rater**2 / 7 + image**2 / 49 + residual**2 / 343
    assert row.df == pytest.approx((rater + image - residual) ** 2 / squares)


def test_reals_and_fakes_are_strata_of_the_accuracy(paper):
    right = correctness(paper)
    by_strata, pooled = crossed_mean(right, strata=paper.truths), crossed_mean(right)
    row = by_subject(paper)["all", None, "accuracy"]
    assert (row.se, row.df) == pytest.approx((by_strata.se, by_strata.df))
    assert row.se != pytest.approx(pooled.se)


def test_fpr_mirrors_tnr(paper):
    rows = by_subject(paper)
    tnr, fpr = rows["all", None, "tnr"], rows["all", None, "fpr"]
    assert (fpr.se, fpr.df) == pytest.approx((tnr.se, tnr.df))
    assert (fpr.ci_low, fpr.ci_high) == pytest.approx((1 - tnr.ci_high, 1 - tnr.ci_low))


def test_the_level_is_the_interval_s(paper):
    wide, narrow = by_subject(paper, level=0.99), by_subject(paper, level=0.5)
    for key, row in wide.items():
        assert row.ci_low < narrow[key].ci_low < narrow[key].ci_high < row.ci_high


def table(letters):
    """``letters`` by (rater, group): an answer an image; images are real, fake, real, fake, ..."""
    answers = {"R": "real", "F": "fake", ".": ""}
    return RatingsTable.from_rows(
        RatingRow(rater, group, f"{i:03}", ("real", "fake")[i % 2], answers[letter])
        for (rater, group), row in letters.items()
        for i, letter in enumerate(row)
    )


def test_a_group_of_one_has_a_mean_and_a_reason():
    rows = by_subject(table({("a", "A"): "RFRRFF", ("b", "B"): "RRFFRR", ("c", "B"): "RFFFRF"}))
    alone = rows["A", None, "accuracy"]
    assert alone.estimate == 4 / 6
    assert "only one rater" in alone.degenerate
    assert alone.se is alone.df is alone.ci_low is alone.variance_images is None
    assert "only one rater" in rows["A", "B", "accuracy"].degenerate
    assert rows["B", None, "accuracy"].degenerate is None


def test_only_reals_leave_tnr_undefined_and_the_accuracy_that_of_reals():
    reals = RatingsTable.from_rows(
        RatingRow(rater, "A", str(i), "real", answer)
        for rater, answers in {"a": ["real", "fake", "real"], "b": ["real", "real", "fake"]}.items()
        for i, answer in enumerate(answers)
    )
    rows = by_subject(reals)
    assert rows["A", None, "tnr"].degenerate == "no rater has the rate"
    assert rows["A", None, "balanced_accuracy"].estimate is None
    assert rows["A", None, "accuracy"].se == rows["A", None, "tpr"].se


def test_a_group_without_answers():
    rows = by_subject(table({("a", "A"): "....", ("b", "B"): "RRFF", ("c", "B"): "RFFF"}))
    assert rows["A", None, "accuracy"].degenerate == "no rater has the rate"
    assert rows["A", "B", "accuracy"].estimate is None
    assert rows["all", None, "accuracy"].raters == 2
