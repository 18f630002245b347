"""What is analysed is what is handed out: JSON, CSV and the schema, and no part takes another down."""

import csv
import io
import json
import random
import warnings
from dataclasses import replace

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.analysis.ratings import RatingRow, RatingsTable
from backend.analysis.report import serial
from backend.analysis.report.results import analyze
from backend.analysis.report.text import to_text
from tests.analysis.studies import full_rows

CONTRACT = ["rater", "group", "n", "missing", "tp", "fp", "fn", "tn", "accuracy", "tpr", "tnr", "fpr"]
AGREEMENT = {
    *("statistic", "subset", "group", "value", "se", "ci_low", "ci_high"),
    *("items", "raters", "missing", "degenerate"),
}
STATISTICS = {
    *("fleiss_kappa", "percent_agreement", "gwet_ac1"),
    *("krippendorff_alpha", "conger_kappa", "light_kappa"),
}


def study(*rows):
    return RatingsTable.from_rows(RatingRow(*row) for row in rows)


def strictly(text):
    def refuse(constant):
        raise AssertionError(f"{constant} in JSON")

    return json.loads(text, parse_constant=refuse)


def test_the_json_contract(paper):
    found = strictly(serial.to_json(analyze(paper, convention="blank_as_error", level=0.9)))
    expected = {"convention": "blank_as_error", "level": 0.9, "margin": None, "seed": 0}
    assert found["configuration"] == expected
    assert list(found["raters"][0])[:12] == CONTRACT
    assert found["raters"][0]["rater"] == "DLE1"
    assert found["raters"][0]["tnr"] == 4 / 30
    assert [group["group"] for group in found["groups"]] == ["DLE", "ED", "all"]
    assert set(found["agreement"][0]) >= AGREEMENT
    assert {row["statistic"] for row in found["agreement"]} == STATISTICS
    summary = {key: value for key, value in found["ratings"].items() if key != "sha256"}
    assert summary == {"rows": 640, "raters": 8, "images": 80, "real": 50, "fake": 30, "missing": 4}


def test_the_schema_describes_what_is_given_and_nothing_else(paper_results, full_results):
    schema = serial.schema()
    check = jsonschema_rs.validator_for(schema)
    for results in (paper_results, full_results):
        check.validate(strictly(serial.to_json(results)))
    spoilt = serial.to_dict(full_results)
    spoilt["raters"][0]["accuracy"] = "0.5"
    assert not check.is_valid(spoilt)
    del spoilt["raters"][0]["accuracy"]
    assert not check.is_valid(spoilt)


def test_a_full_study_fills_every_table(full_results):
    empty = [name for name in serial.tables() if not getattr(full_results, name)]
    assert empty == []


def test_every_field_says_what_it_holds():
    for table, (meaning, fields) in serial.codebook().items():
        assert meaning.endswith("."), table
        assert not [field.name for field in fields if len(field.meaning) < 5], table


def test_the_order_of_the_rows_changes_no_digit(full_results):
    rows = full_rows()
    random.Random(3).shuffle(rows)
    again = analyze(RatingsTable.from_rows(rows), margin=0.1)
    assert serial.to_json(again) == serial.to_json(full_results)


def test_the_csv_tables_hold_the_digits_of_the_json(full_results):
    everything = serial.to_dict(full_results)
    for table in serial.tables():
        read = list(csv.DictReader(io.StringIO(serial.to_csv(full_results, table), newline="")))
        expected = [
            {key: "" if value is None else str(value) for key, value in row.items()}
            for row in everything[table]
        ]
        assert read == expected


def test_a_table_of_nothing_still_has_its_columns(paper_results):
    lines = serial.to_csv(paper_results, "equivalence").splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("kind,rater,group")


answers = st.sampled_from(["real", "fake", ""])


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.integers(0, 5), answers, answers),
        unique_by=lambda t: t[:2],
        min_size=1,
    ),
    st.integers(0, 6),
    st.sampled_from(["missing", "blank_as_error", "paper"]),
)
def test_no_study_gives_nan_or_a_warning(ratings, reals, convention):
    rows = [
        RatingRow(
            *(r, "ED" if r == "A" else "DLE", str(i), "real" if i < reals else "fake", a),
            position=i + 1,
            first_answer=first if a else "",
            confidence=i if a else "",
            response_ms=100.0 * i,
            source="real" if i < reals else "pgan" if i % 2 else "dcgan",
        )
        for r, i, a, first in ratings
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = analyze(RatingsTable.from_rows(rows), convention=convention, margin=0.2)
    found = strictly(serial.to_json(results))
    for row in found["agreement"]:
        assert (row["value"] is None) <= bool(row["degenerate"])
    for row in found["raters"]:
        assert (None in (row["accuracy"], row["tpr"], row["tnr"])) == (row["degenerate"] is not None)
    assert "nan" not in to_text(results)


@pytest.mark.parametrize(
    "row",
    [
        {"confidence": "sure"},
        {"response_ms": "1,5"},
        {"response_ms": "-5"},
        {"position": "first"},
        {"first_answer": "perhaps"},
        {"revisions": "1e999"},
    ],
)
def test_an_optional_column_that_cannot_be_read_is_left_out_and_said(row, full_results):
    (column,) = row
    rows = full_rows()
    rows[3] = replace(rows[3], **row)
    results = analyze(RatingsTable.from_rows(rows), margin=0.1)
    (warning,) = [text for text in results.warnings if f"The column {column} is left out" in text]
    assert rows[3].image in warning
    assert results.agreement == full_results.agreement
    assert [one.accuracy for one in results.raters] == [one.accuracy for one in full_results.raters]


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_that_is_none_is_refused(paper, level):
    with pytest.raises(ValueError, match="between 0 and 1"):
        analyze(paper, level=level)


@pytest.mark.parametrize("margin", [0, 0.5, -0.1])
def test_a_margin_that_is_none_is_refused(paper, margin):
    with pytest.raises(ValueError, match="margin"):
        analyze(paper, margin=margin)


def test_a_convention_that_is_none_is_refused(paper):
    with pytest.raises(ValueError, match="convention must be one of"):
        analyze(paper, convention="baur")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("A", "ED", "x", "real", "")], "Nothing was answered by A"),
        ([("A", "ED", "x", "real", "real")], "There is one rater"),
        ([("A", "ED", "x", "real", "real")], "All images are real"),
        (
            [("A", "ED", i, t, "real") for i, t in (("x", "real"), ("y", "fake"))],
            "Every image got the same answer from A",
        ),
        (
            [(r, r, i, t, "real") for r in "AB" for i, t in (("x", "real"), ("y", "fake"))],
            "the smallest p that 1 and 1 raters allow is 1.000",
        ),
    ],
)
def test_a_reader_is_warned(rows, words):
    assert words in " ".join(analyze(study(*rows)).warnings)
