"""Trends and blocks as rows of results: what they find, and degenerate studies."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from backend.analysis.course.answers import course_of
from backend.analysis.course.order import order_results
from backend.analysis.course.revisions import group_revisions, rater_revisions
from backend.analysis.course.series import NO_FIRST, NO_POSITION, NO_TIME, beyond, exponential
from backend.analysis.ratings import RatingRow, RatingsError, RatingsTable

SERIES = [
    ("accuracy", "final", "all"),
    ("called_real", "final", "all"),
    ("accuracy", "first", "all"),
    ("called_real", "first", "all"),
    ("response_ms", "first", "all"),
    ("response_ms", "first", "right"),
    ("response_ms", "first", "wrong"),
]


def of(table, **options):
    return order_results(table, course_of(table), **options)


def pick(rows, measure, answers="final", subset="all", group="all"):
    return [r for r in rows if (r.measure, r.answers, r.subset, r.group) == (measure, answers, subset, group)]


def finite(rows):
    return all(np.isfinite(v) for row in rows for v in asdict(row).values() if isinstance(v, float))


def test_there_is_a_row_for_every_series_and_group(study):
    found = of(study())
    keys = [(r.measure, r.answers, r.subset, r.group) for r in found.trends]
    assert keys == [(*series, group) for series in SERIES for group in ("DLE", "ED", "all")]
    assert len(found.blocks) == 8 * len(found.trends)
    assert [(r.block, r.first_position, r.last_position) for r in found.blocks[:2]] == [(1, 1, 5), (2, 6, 10)]
    assert finite((*found.trends, *found.blocks))


def test_learning_is_found_and_response_times_fall(study):
    found = of(study(8, 80, slope=0.2, changed=0.02, seed=3))
    (learning,) = pick(found.trends, "accuracy")
    assert learning.slope_ci_low < 0.2 < learning.slope_ci_high
    assert learning.slope_ci_low > 0
    assert max(learning.p_value, learning.p_randomization) < 0.01
    assert learning.ratio == pytest.approx(np.exp(learning.slope))
    assert (learning.ratio_ci_low, learning.ratio_ci_high) == pytest.approx(
        (np.exp(learning.slope_ci_low), np.exp(learning.slope_ci_high))
    )
    assert (learning.raters, learning.one_order, learning.degenerate) == (8, False, None)
    (faster,) = pick(found.trends, "response_ms", "first")
    assert faster.slope == pytest.approx(-0.03, abs=0.03)
    curve = [row.fitted for row in pick(found.blocks, "accuracy")]
    assert curve == sorted(curve)
    assert all(r.fitted_ci_low < r.fitted < r.fitted_ci_high for r in found.blocks)
    assert all(r.ci_low <= r.value <= r.ci_high for r in found.blocks)


@pytest.mark.parametrize(("measure", "answers"), [("accuracy", "final"), ("called_real", "first")])
def test_blocks_are_means_over_raters_by_hand(study, measure, answers):
    table = study(missing=0.2)
    rows = list(table.rows())
    for found in pick(of(table, blocks=3).blocks, measure, answers, group="ED"):
        shares = []
        for rater in table.raters:
            answered = [
                (row.answer if answers == "final" else row.first_answer, row.truth)
                for row in rows
                if row.rater == rater
                and row.group == "ED"
                and found.first_position <= int(row.position) <= found.last_position
            ]
            hits = [a == (t if measure == "accuracy" else "real") for a, t in answered if a]
            shares += [np.mean(hits)] if hits else []
        assert found.value == pytest.approx(np.mean(shares))
        assert found.raters == len(shares)


def test_response_times_belong_to_first_answers_and_are_given_in_milliseconds(study):
    table = study()
    rows = [r for r in table.rows() if r.first_answer and r.first_answer != r.truth and int(r.position) <= 5]
    medians = [
        np.median(np.log([float(r.response_ms) for r in rows if r.rater == rater]))
        for rater in table.raters
        if any(r.rater == rater for r in rows)
    ]
    found = pick(of(table).blocks, "response_ms", "first", "wrong")[0]
    assert found.value == pytest.approx(np.exp(np.mean(medians)))
    assert (found.n, found.raters) == (len(rows), len(medians))
    without = of(RatingsTable.from_rows(replace(row, first_answer=None) for row in table.rows()))
    n = sum(r.n for r in pick(without.blocks, "response_ms", "first", "wrong"))
    assert n == sum(bool(r.answer) and r.answer != r.truth for r in table.rows())


def test_times_of_0_and_those_without_an_answer_are_left_out(study):
    rows = list(study(2, 10, missing=0, without=("first_answer",)).rows())
    rows[0] = replace(rows[0], response_ms=0)
    rows[1] = replace(rows[1], answer="")
    found = of(RatingsTable.from_rows(rows))
    n = {
        s: sum(r.n for r in pick(found.blocks, "response_ms", "first", s)) for s in ("all", "right", "wrong")
    }
    assert n["all"] == 19
    assert n["right"] + n["wrong"] == 18
    assert finite(found.blocks)


def test_the_order_of_rows_changes_nothing(study):
    table = study()
    rows = list(table.rows())
    again = RatingsTable.from_rows(rows[::-1])
    assert of(again) == of(table)
    for revisions in (rater_revisions, group_revisions):
        assert revisions(again, course_of(again)) == revisions(table, course_of(table))


def test_one_order_for_all_is_told(study):
    (found,) = pick(of(study(one_order=True)).trends, "accuracy")
    assert (found.one_order, found.p_randomization) == (True, None)
    assert found.degenerate == "all raters saw one order: p_randomization is undefined"
    assert found.p_value is not None


@pytest.mark.parametrize(
    ("column", "measures", "reason"),
    [
        ("position", {"accuracy", "called_real", "response_ms"}, NO_POSITION),
        ("first_answer", {"accuracy", "called_real"}, NO_FIRST),
        ("response_ms", {"response_ms"}, NO_TIME),
    ],
)
def test_a_column_that_was_not_recorded_is_named(study, column, measures, reason):
    found = of(study(without=(column,)))
    empty = [
        row
        for row in found.trends
        if row.measure in measures and (column != "first_answer" or row.answers == "first")
    ]
    assert {row.degenerate for row in empty} == {reason}
    assert {(row.slope, row.p_value, row.p_randomization, row.n) for row in empty} == {(None, None, None, 0)}
    assert {row.degenerate for row in found.trends if row not in empty} <= {None}
    assert (found.blocks == ()) == (column == "position")
    assert finite((*found.trends, *found.blocks))


def test_a_study_without_any_optional_column_still_has_its_rows(paper):
    found = of(paper)
    assert (len(found.trends), found.blocks) == (21, ())
    assert {row.degenerate for row in found.trends} == {NO_POSITION}


def rows_of(*raters):
    """A rater is a text of answers to reals at places 1, 2, ...: R, F, or a dot for a missing one."""
    names = {"R": "real", "F": "fake", ".": ""}
    return RatingsTable.from_rows(
        RatingRow(
            f"r{r}", f"g{r}", f"i{(i + r) % len(answers)}", "real", names[a], position=i + 1, response_ms=1000
        )
        for r, answers in enumerate(raters)
        for i, a in enumerate(answers)
    )


@pytest.mark.parametrize(
    ("raters", "reason"),
    [
        (["RFRRFRFRRR"], "one rater only"),
        (["RRRR", "RRRR"], "no rater's answers vary"),
        (["FFFRRR", "FFRRRR"], "separates the answers"),
        (["....", "...."], "no answer has a position"),
        (["R"], "no rater's answers vary"),
    ],
)
def test_degenerate_studies_say_why(raters, reason):
    found = of(rows_of(*raters))
    (row,) = pick(found.trends, "accuracy")
    assert reason in row.degenerate
    assert row.p_value is None
    assert finite((*found.trends, *found.blocks))
    for row in (*found.trends, *found.blocks):
        undefined = [name for name, value in asdict(row).items() if value is None and name != "one_order"]
        assert (undefined == ["degenerate"]) == (row.degenerate is None)


def test_one_rater_still_has_a_randomization_test():
    (row,) = pick(of(rows_of("FRFFRFFFRRFRRRFRRR")).trends, "accuracy")
    assert 0 < row.p_randomization < 0.2
    assert (row.one_order, row.slope_se, row.raters) == (None, None, 1)


def test_all_response_times_the_same_give_no_interval():
    found = of(rows_of("RFRFRR", "FRRFFR"))
    (row,) = pick(found.trends, "response_ms", "first")
    assert row.slope == pytest.approx(0, abs=1e-9)
    assert (row.p_value, row.p_randomization) == (None, None)
    assert "do not differ" in row.degenerate
    assert pick(found.blocks, "response_ms", "first")[0].value == pytest.approx(1000)


def test_columns_that_are_no_numbers_are_refused(study):
    rows = [replace(row, position="third") for row in study().rows()]
    with pytest.raises(RatingsError, match="position"):
        of(RatingsTable.from_rows(rows))


def test_what_has_no_finite_exponential_is_none_with_a_reason():
    assert (exponential(None), exponential(800.0), exponential(-800.0)) == (None, None, 0)
    assert beyond(1.0, None) is None
    assert beyond(1.0, 800.0)
