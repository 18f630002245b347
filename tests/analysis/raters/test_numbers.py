"""Optional columns as numbers and labels, and the errors that say where a text is none."""

import math

import numpy as np
import pytest

from backend.analysis.raters.confusion import rater_results
from backend.analysis.ratings import RatingRow, RatingsError, RatingsTable
from backend.analysis.ratings.numbers import labels, numbers


def table(column, *texts):
    """One rater; a text an image."""
    return RatingsTable.from_rows(
        RatingRow("A", "ED", f"x{i}", "real", "real", **{column: text}) for i, text in enumerate(texts)
    )


def refusal(column, *texts):
    with pytest.raises(RatingsError) as refused:
        (labels if column == "first_answer" else numbers)(table(column, *texts), column)
    return str(refused.value)


def test_numbers_are_read_and_gaps_are_nan():
    texts = ["3", "", None, "0.25", " 4 ", "  ", "1e3", "0", 7, 2.5]
    found = numbers(table("confidence", *texts), "confidence")
    expected = [3, math.nan, math.nan, 0.25, 4, math.nan, 1000, 0, 7, 2.5]
    np.testing.assert_array_equal(found, expected)


def test_an_absent_column_is_all_empty():
    assert np.isnan(numbers(table("confidence", "", ""), "confidence")).all()
    assert labels(table("first_answer", "", ""), "first_answer").tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("high", "'high' is not a number; leave it empty where there is none."),
        ("3,5", "'3,5' is not a number; decimals come after a point, as in 3.5."),
        ("-2", "'-2' is negative; it must be 0 or more."),
        ("nan", "'nan' is not a finite number."),
        ("inf", "'inf' is not a finite number."),
        ("-inf", "'-inf' is not a finite number."),
        ("1,2,3", "'1,2,3' is not a number; leave it empty where there is none."),
    ],
)
def test_what_is_no_number_is_refused_with_rater_and_image(text, complaint):
    message = refusal("response_ms", "12", text)
    assert message == f"Column response_ms, rater 'A' and image 'x1': {complaint}"


def test_the_first_five_are_listed():
    message = refusal("confidence", *["high"] * 8)
    assert message.count("is not a number") == 5
    assert message.endswith("... and 3 more of the kind.")


def test_labels_are_read_in_any_case_and_others_refused():
    found = labels(table("first_answer", "real", "Fake", " REAL ", "", None), "first_answer")
    assert found.tolist() == [1, 0, 1, -1, -1]
    assert refusal("first_answer", "real", "yes") == (
        "Column first_answer, rater 'A' and image 'x1': 'yes' is neither 'real' nor 'fake', nor empty."
    )


@pytest.mark.parametrize("column", ["confidence", "response_ms", "first_answer"])
def test_the_results_of_raters_give_the_same_error_once(column):
    with pytest.raises(RatingsError, match=f"Column {column}, rater 'A' and image 'x0'"):
        rater_results(table(column, "unsure"))
