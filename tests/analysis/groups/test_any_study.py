"""Whatever was answered: no NaN, no infinity, no warning, and a reason for whatever is undefined."""

import math
from dataclasses import fields, is_dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.analysis.groups.comparisons import comparison_results
from backend.analysis.groups.equivalence_rows import equivalence_results
from backend.analysis.groups.mrmc_rows import mrmc_results
from backend.analysis.groups.random_effects import random_effects_results
from backend.analysis.groups.spread import group_results
from backend.analysis.raters.confusion import rater_results
from backend.analysis.ratings import RatingRow, RatingsTable

answers = st.sampled_from(["real", "fake", "real", "fake", ""])
EXPECTED = {"estimate", "se", "ci_low", "ci_high", "p_value", "difference"}


def plain(value):
    """Whether a field holds what JSON can."""
    if is_dataclass(value):
        return all(plain(getattr(value, field.name)) for field in fields(value))
    return type(value) in (str, int, bool, type(None)) or (type(value) is float and math.isfinite(value))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ABCDE"), st.integers(0, 6), answers, st.integers(0, 3)),
        unique_by=lambda t: t[:2],
        min_size=1,
        max_size=35,
    ),
    st.integers(0, 7),
    st.booleans(),
)
def test_no_study_gives_nan_or_a_warning(ratings, reals, blank_as_error):
    table = RatingsTable.from_rows(
        RatingRow(r, "ED" if r in "AB" else "DLE", str(i), "real" if i < reals else "fake", a)
        for r, i, a, _ in ratings
    )
    scores = np.full(table.answers.shape, np.nan)
    for row, (*_, answer, confidence) in enumerate(ratings):
        if answer:
            scores[table.rater[row], table.image[row]] = confidence if answer == "real" else -confidence
    raters = rater_results(table, blank_as_error=blank_as_error)
    rows = [
        *group_results(raters),
        *comparison_results(raters),
        *random_effects_results(table, blank_as_error=blank_as_error),
        *equivalence_results(table, raters, 0.1, blank_as_error=blank_as_error),
        *mrmc_results(table, scores),
    ]
    for row in rows:
        assert plain(row), row
        names = {field.name for field in fields(row)} & EXPECTED
        if any(getattr(row, name) is None for name in names):
            assert row.degenerate, row
