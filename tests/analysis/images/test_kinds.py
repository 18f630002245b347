"""A text column as one text an image."""

from dataclasses import replace

import pytest

from backend.analysis.images.difficulty import image_results
from backend.analysis.images.kinds import texts_of_images
from backend.analysis.images.pairs import generator_pairs
from backend.analysis.images.sources import generator_results
from backend.analysis.ratings import RatingRow, RatingsError, RatingsTable


def table(*rows):
    """A row is (rater, image, source)."""
    return RatingsTable.from_rows(
        RatingRow(rater, "ED", image, "fake", "real", source=source) for rater, image, source in rows
    )


def test_an_image_has_the_text_of_any_of_its_rows():
    found = table(("A", "x", ""), ("B", "x", " pgan "), ("A", "y", ""))
    assert texts_of_images(found, "source") == ("pgan", "")
    assert texts_of_images(found, "diagnosis") == ("", "")


def test_two_texts_for_one_image_are_refused_with_the_image():
    rows = table(("A", "x", "pgan"), ("B", "y", "pgan"), ("B", "x", "dcgan"))
    with pytest.raises(RatingsError, match="Column source, image 'x': dcgan in one row and pgan in another"):
        generator_results(rows)


def test_the_order_of_rows_changes_nothing(three_generators):
    rows = list(three_generators.rows())
    for shuffled in (rows[::-1], sorted(rows, key=lambda row: row.answer)):
        again = RatingsTable.from_rows(shuffled)
        for results in (image_results, generator_results, generator_pairs):
            assert results(again) == results(three_generators)


def test_names_of_sources_are_taken_as_they_are(three_generators):
    rows = [replace(row, source=row.source.upper()) for row in three_generators.rows()]
    found = generator_results(RatingsTable.from_rows(rows))
    assert {r.source for r in found} == {"PGAN", "DCGAN", "LAPGAN"}
