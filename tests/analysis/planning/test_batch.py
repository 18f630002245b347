"""The planned analysis is the report's, to the last digits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.analysis.groups.crossed import crossed_mean
from backend.analysis.groups.equivalence_rows import equivalence_results
from backend.analysis.groups.random_effects import random_effects_results
from backend.analysis.groups.scores import measured
from backend.analysis.planning.batch import mean_rates
from backend.analysis.planning.design import Design
from backend.analysis.planning.model import CrossedModel, Draws
from backend.analysis.ratings import RatingRow, RatingsTable


def both(right, reals, measure="accuracy", level=0.95):
    """Value, limits and degrees of freedom of one table (raters, images), as planned and as reported."""
    truths = (np.arange(right.shape[1]) < reals).astype(np.int8)
    scores, weights = measured(right.astype(float), truths, measure)
    reported = crossed_mean(scores, weights, truths)
    kinds = [block[None] for block in np.split(right, [reals], axis=1) if block.size]
    shares = Design(measure=measure).weights(reals, right.shape[1] - reals)
    planned = mean_rates(kinds, [share for share in shares if share])
    return planned, planned.interval(level), reported, reported.interval(level)


def agree(right, reals, measure="accuracy", level=0.95):
    planned, (low, high), reported, limits = both(right, reals, measure, level)
    assert planned.value[0] == pytest.approx(reported.value, abs=1e-12)
    if limits == (None, None):
        assert (low[0], high[0]) == (0, 1)
        return
    assert planned.variance[0] == pytest.approx(reported.se**2, rel=1e-9)
    assert planned.df[0] == pytest.approx(reported.df, rel=1e-9)
    assert (low[0], high[0]) == pytest.approx(limits, abs=1e-10)


@pytest.mark.parametrize("measure", ["accuracy", "balanced_accuracy"])
@pytest.mark.parametrize(("raters", "reals", "fakes"), [(2, 3, 2), (3, 25, 15), (8, 50, 30), (20, 9, 60)])
@pytest.mark.parametrize(("rater_sd", "image_sd"), [(0, 0), (0.4, 0.7), (1.5, 0.1)])
def test_studies_of_the_model(raters, reals, fakes, rater_sd, image_sd, measure):
    draws = Draws.make(np.random.default_rng(3), 15, raters, reals + fakes)
    for right in draws.right(CrossedModel(0.6, 0.5, rater_sd, image_sd), reals, fakes):
        agree(right, reals, measure, level=0.9)


@settings(max_examples=150)
@given(st.data())
def test_any_table(data):
    raters, reals = data.draw(st.integers(2, 4)), data.draw(st.sampled_from([0, 2, 3, 5]))
    fakes = data.draw(st.sampled_from([0, 2, 4] if reals else [2, 4]))
    cells = st.lists(st.booleans(), min_size=reals + fakes, max_size=reals + fakes)
    agree(np.array([data.draw(cells) for _ in range(raters)]), reals)


def test_the_rows_of_the_report():
    reals, fakes, margin = 25, 15, 0.11
    draws = Draws.make(np.random.default_rng(6), 30, 10, reals + fakes)
    right = draws.right(CrossedModel(0.5, 0.52, 0.2, 0.3), reals, fakes)
    kinds = np.split(right, [reals], axis=2)
    planned = mean_rates(kinds, Design().weights(reals, fakes))
    low, high = planned.interval(0.95)
    least, greatest = planned.interval(0.9)
    equivalent = (least > 0.5 - margin) & (greatest < 0.5 + margin)
    assert 0 < np.count_nonzero(equivalent) < 30
    for study in range(30):
        table = as_table(right[study], reals)
        (row,) = (r for r in random_effects_results(table) if (r.group, r.measure) == ("all", "accuracy"))
        assert (row.ci_low, row.ci_high) == pytest.approx((low[study], high[study]), abs=1e-10)
        (test,) = (
            r for r in equivalence_results(table, (), margin) if (r.group, r.measure) == ("all", "accuracy")
        )
        assert test.equivalent == equivalent[study]


def as_table(right, reals):
    """The answers of one study as a ratings table; names of images keep reals before fakes."""
    rows = []
    for (rater, image), correct in np.ndenumerate(right):
        truth = "real" if image < reals else "fake"
        wrong = "fake" if truth == "real" else "real"
        rows.append(RatingRow(f"R{rater}", "ED", str(image), truth, truth if correct else wrong))
    return RatingsTable.from_rows(rows)


def test_answers_that_do_not_vary_show_nothing():
    for same in (True, False):
        planned = mean_rates([np.full((2, 3, 4), same)], [1.0])
        low, high = planned.interval(0.95)
        assert (low.tolist(), high.tolist()) == ([0, 0], [1, 1])


def test_many_tables_at_once_are_those_one_by_one():
    draws = Draws.make(np.random.default_rng(5), 6, 4, 20)
    right = draws.right(CrossedModel(0.6, 0.6, 0.3, 0.5), 20, 0)
    together = mean_rates([right], [1.0])
    for number, table in enumerate(right):
        alone = mean_rates([table[None]], [1.0])
        assert alone.variance[0] == together.variance[number]
        assert alone.df[0] == together.df[number]
