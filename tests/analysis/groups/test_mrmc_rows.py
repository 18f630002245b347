"""MRMC rows from a table of ratings and a matrix of scores."""

import numpy as np
import pytest

from backend.analysis.groups.mrmc_gallas import gallas
from backend.analysis.groups.mrmc_obuchowski import obuchowski_rockette, obuchowski_rockette_difference
from backend.analysis.groups.mrmc_rows import METHODS, mrmc_results
from backend.analysis.groups.mrmc_scores import Readings


@pytest.fixture
def scores(paper):
    confidence = np.random.default_rng(0).integers(1, 6, paper.answers.shape)
    sign = np.array([-1.0, 1.0, np.nan])[paper.answers]
    return sign * confidence


def test_every_group_everyone_and_every_pair_by_either_method(paper, scores):
    rows = mrmc_results(paper, scores, level=0.9)
    subjects = [("DLE", None), ("ED", None), ("all", None), ("DLE", "ED")]
    assert [(r.method, r.group, r.other_group) for r in rows] == [(m, *s) for s in subjects for m in METHODS]
    everyone = Readings.of(scores, paper.truths)
    groups = [everyone.chosen(paper.members(group)) for group in paper.groups]
    assert rows[4].variance == gallas(everyone).variance
    assert (rows[5].ci_low, rows[5].ci_high) == obuchowski_rockette(everyone).interval(0.9, "logit")
    difference = obuchowski_rockette_difference(*groups)
    assert (rows[7].estimate, rows[7].cov3) == (difference.value, difference.cov3)
    assert rows[6].ms_raters is rows[0].cov2 is None
    assert {(r.raters, r.reals, r.fakes) for r in rows[4:]} == {(8, 50, 30)}
    for row in rows:
        assert row.degenerate is None
        assert row.ci_low < row.estimate < row.ci_high
        assert (row.p_value < 0.1) == (not row.ci_low < (0 if row.other_group else 0.5) < row.ci_high)


@pytest.mark.parametrize("as_nan", [True, False])
def test_without_confidence_there_is_one_row_a_method_that_says_so(paper, as_nan):
    rows = mrmc_results(paper, np.full(paper.answers.shape, np.nan) if as_nan else None)
    assert [(row.method, row.group, row.degenerate) for row in rows] == [
        (method, "all", "no confidence was recorded") for method in METHODS
    ]
    assert rows[0].estimate is rows[0].ci_low is None


def test_raters_with_too_few_scores_are_left_out_and_counted(paper, scores):
    scores[0] = np.nan
    scores[6, np.flatnonzero(paper.truths == 0)[1:]] = np.nan
    rows = {(r.method, r.group, r.other_group): r for r in mrmc_results(paper, scores)}
    everyone = rows["obuchowski_rockette", "all", None]
    assert everyone.raters == 6
    assert everyone.degenerate == "2 of 8 raters scored fewer than two reals or fakes"
    others = np.array([1, 2, 3, 4, 5, 7])
    assert everyone.estimate == obuchowski_rockette(Readings.of(scores[others], paper.truths)).value
    assert rows["gallas", "ED", None].raters == 2


def test_a_group_of_one_and_a_group_of_none(paper, scores):
    scores[:4] = np.nan
    rows = {(r.method, r.group, r.other_group): r for r in mrmc_results(paper, scores)}
    for method in METHODS:
        alone = rows[method, "DLE", None]
        assert alone.estimate is not None
        assert alone.se is alone.p_value is None
        assert "4 of 5 raters scored fewer" in alone.degenerate
        assert rows[method, "DLE", "ED"].ci_low is None
    scores[:5] = np.nan
    rows = {(r.method, r.group, r.other_group): r for r in mrmc_results(paper, scores)}
    for method in METHODS:
        assert rows[method, "DLE", None].estimate is rows[method, "DLE", "ED"].estimate is None
        assert rows[method, "all", None].estimate == rows[method, "ED", None].estimate


def test_scores_of_another_shape_are_refused(paper):
    with pytest.raises(ValueError, match="raters x images"):
        mrmc_results(paper, np.zeros((8, 3)))
