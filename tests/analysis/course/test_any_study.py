"""Any small study: everything is finite, or None with a reason, and nothing warns."""

from dataclasses import asdict
from math import isfinite

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.analysis.course.answers import course_of
from backend.analysis.course.order import order_results
from backend.analysis.course.revisions import group_revisions, rater_revisions
from backend.analysis.images.diagnoses import diagnosis_results
from backend.analysis.images.difficulty import image_results
from backend.analysis.images.pairs import generator_pairs
from backend.analysis.images.sources import generator_results
from backend.analysis.ratings import RatingRow, RatingsTable

OPEN = {"degenerate", "source", "diagnosis", "one_order", "p_randomization"}
labels = st.sampled_from(["real", "fake", ""])


@st.composite
def studies(draw):
    raters, images = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    truths = draw(st.lists(st.sampled_from(["real", "fake"]), min_size=images, max_size=images))
    sources = draw(st.lists(st.sampled_from(["a", "b", ""]), min_size=images, max_size=images))
    shown = draw(st.lists(st.booleans(), min_size=raters * images, max_size=raters * images))
    shown[0] = True
    number = st.sampled_from(["", 1, 2, 3, 4.5, 0, 1e9])
    return [
        RatingRow(
            f"r{k // images}",
            f"g{k // images % 2}",
            f"i{k % images}",
            truths[k % images],
            draw(labels),
            first_answer=draw(labels),
            source=sources[k % images],
            diagnosis=sources[k % images],
            position=draw(number),
            response_ms=draw(number),
            revisions=draw(st.sampled_from(["", 0, 2])),
        )
        for k in range(raters * images)
        if shown[k]
    ]


@settings(max_examples=60, deadline=None)
@given(studies())
def test_nothing_is_undefined_without_a_reason(rows):
    table = RatingsTable.from_rows(rows)
    course = course_of(table)
    order = order_results(table, course)
    results = (
        *image_results(table),
        *generator_results(table),
        *generator_pairs(table),
        *diagnosis_results(table),
        *rater_revisions(table, course),
        *group_revisions(table, course),
        *order.trends,
        *order.blocks,
    )
    for row in results:
        values = asdict(row)
        assert all(isfinite(value) for value in values.values() if isinstance(value, float))
        undefined = [name for name, value in values.items() if value is None and name not in OPEN]
        assert row.degenerate or not undefined, row
        for name in (n for n, value in values.items() if n.endswith("_ci_low") and value is not None):
            middle, high = (values[name.removesuffix("_ci_low") + end] for end in ("", "_ci_high"))
            assert middle is None or values[name] - 1e-9 <= middle
            assert high is None or values[name] <= high
