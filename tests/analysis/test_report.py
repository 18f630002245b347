"""Results as JSON, CSV, text and a folder, and that they say the same."""

import csv
import io
import json
import random
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.analysis.ratings import RatingRow, RatingsTable
from backend.analysis.report.folder import write_folder
from backend.analysis.report.results import TABLES, analyze, to_csv, to_dict, to_json
from backend.analysis.report.text import to_text
from training.errors import UserError


def study(*rows):
    return RatingsTable.from_rows(RatingRow(*row) for row in rows)


ONE_BLANK = study(("A", "ED", "x", "real", ""))


def strictly(text):
    def refuse(constant):
        raise AssertionError(f"{constant} in JSON")

    return json.loads(text, parse_constant=refuse)


def test_the_json_contract(paper):
    found = strictly(to_json(analyze(paper, blank_as_error=True, level=0.9)))
    assert found["configuration"] == {"blank_as_error": True, "level": 0.9}
    assert set(found) == {"tool_version", "configuration", "ratings", "raters", "groups", "agreement"}
    assert list(found["raters"][0])[:12] == [
        "rater",
        "group",
        "n",
        "missing",
        "tp",
        "fp",
        "fn",
        "tn",
        "accuracy",
        "tpr",
        "tnr",
        "fpr",
    ]
    assert found["raters"][0]["rater"] == "DLE1"
    assert found["raters"][0]["tnr"] == 4 / 30
    assert [group["group"] for group in found["groups"]] == ["DLE", "ED", "all"]
    assert set(found["agreement"][0]) == {
        "statistic",
        "subset",
        "group",
        "value",
        "se",
        "ci_low",
        "ci_high",
        "items",
        "raters",
        "missing",
        "degenerate",
    }
    assert {row["statistic"] for row in found["agreement"]} == {"fleiss_kappa", "percent_agreement"}
    summary = {key: value for key, value in found["ratings"].items() if key != "sha256"}
    assert summary == {"rows": 640, "raters": 8, "images": 80, "real": 50, "fake": 30, "missing": 4}


answers = st.sampled_from(["real", "fake", ""])


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.integers(0, 5), answers), unique_by=lambda t: t[:2], min_size=1
    ),
    st.integers(0, 6),
    st.booleans(),
)
def test_no_study_gives_nan_or_a_warning(ratings, reals, blank_as_error):
    rows = [
        (r, "ED" if r == "A" else "DLE", str(i), "real" if i < reals else "fake", a) for r, i, a in ratings
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = analyze(study(*rows), blank_as_error=blank_as_error)
    found = strictly(to_json(results))
    for row in found["agreement"]:
        assert (row["value"] is None) <= bool(row["degenerate"])
    for row in found["raters"]:
        assert (None in (row["accuracy"], row["tpr"], row["tnr"])) == (row["degenerate"] is not None)
    assert "nan" not in to_text(results)


def test_the_order_of_the_rows_changes_no_digit(paper):
    rows = list(paper.rows())
    random.Random(3).shuffle(rows)
    assert to_json(analyze(RatingsTable.from_rows(rows))) == to_json(analyze(paper))


def test_the_csv_tables_hold_the_digits_of_the_json(paper):
    results = analyze(paper)
    for table in TABLES:
        read = list(csv.DictReader(io.StringIO(to_csv(results, table), newline="")))
        expected = [
            {key: "" if value is None else str(value) for key, value in row.items()}
            for row in to_dict(results)[table]
        ]
        assert read == expected


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_that_is_none_is_refused(paper, level):
    with pytest.raises(ValueError, match="between 0 and 1"):
        analyze(paper, level=level)


def test_the_text_rounds_for_reading(paper):
    text = to_text(analyze(paper, blank_as_error=True))
    assert "8 raters in 2 groups, 80 images (50 real, 30 fake), 640 ratings." in text
    assert "4 of 640 answers are missing: counted as errors for the raters and left out of agreement." in text
    assert "DLE2   DLE    80        0  30  10  20  20     0.625  0.515 to 0.723  0.600  0.667  0.333" in text
    assert "Undefined values" not in text


def test_the_text_explains_what_is_undefined():
    text = to_text(analyze(ONE_BLANK))
    assert "1 rater in 1 group, 1 image (1 real, 0 fake), 1 rating." in text
    assert "rater A: no image answered" in text
    assert "Fleiss' kappa, all images, group ED: no image was answered" in text
    assert "None" not in text


def test_the_folder_holds_everything(paper, tmp_path):
    results, folder = analyze(paper), tmp_path / "new" / "report"
    write_folder(results, folder)
    figures = [f"figure5{letter}.{kind}" for letter in "ab" for kind in ("png", "svg")]
    tables = ["agreement.csv", "groups.csv", "raters.csv"]
    assert sorted(path.name for path in folder.iterdir()) == sorted([*figures, *tables, "results.json"])
    assert (folder / "results.json").read_text(encoding="utf-8") == to_json(results)
    assert (folder / "raters.csv").read_bytes().decode() == to_csv(results, "raters")
    assert [path.name for path in folder.parent.iterdir()] == ["report"]


def test_an_existing_folder_is_left_alone(tmp_path):
    (tmp_path / "kept").write_text("mine")
    with pytest.raises(UserError, match="already exists"):
        write_folder(analyze(ONE_BLANK), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
