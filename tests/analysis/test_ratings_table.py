"""The ratings table: what is read, what is written, and what is refused with its place."""

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.analysis.ratings import RatingRow, RatingsError, RatingsTable, read_ratings, write_ratings
from training.errors import UserError

HEADER = "rater,group,image,truth,answer\n"


def read(text):
    return read_ratings(io.StringIO(text, newline=""))


def refusal(text):
    with pytest.raises(RatingsError) as caught:
        read(text)
    return str(caught.value)


def test_a_table_is_read_into_arrays():
    table = read(HEADER + "B,ED,x,real,fake\nA,DLE,x,real,real\nA,DLE,y,fake,\n")
    assert (table.raters, table.groups, table.images) == (("A", "B"), ("DLE", "ED"), ("x", "y"))
    assert table.rater.tolist() == [1, 0, 0]
    assert table.group.tolist() == [1, 0, 0]
    assert table.image.tolist() == [0, 0, 1]
    assert table.truth.tolist() == [1, 1, 0]
    assert table.answer.tolist() == [0, 1, -1]
    assert table.rater_group.tolist() == [0, 1]
    with pytest.raises(ValueError, match="read-only"):
        table.answer[0] = 1


def test_case_blanks_byte_order_mark_column_order_and_further_columns_are_accepted(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_bytes(
        "\ufeffAnswer, truth ,note,image,group,rater\r\n REAL ,Fake,ü,x, ED , A\r\n\r\n".encode()
    )
    assert list(read_ratings(path).rows()) == [RatingRow("A", "ED", "x", "fake", "real")]
    assert len(read_ratings(str(path))) == 1


def test_names_sort_as_people_count():
    rows = "".join(f"R{i},ED,{i},real,real\n" for i in (10, 9, 1, 100))
    table = read(HEADER + rows)
    assert table.raters == ("R1", "R9", "R10", "R100")
    assert table.images == ("1", "9", "10", "100")


def test_a_name_of_very_many_digits_is_sorted_too():
    assert read(HEADER + f"{'9' * 5000},ED,x,real,real\n").raters == ("9" * 5000,)


def test_optional_columns_are_carried_as_text():
    row = RatingRow(
        "A", "ED", "x", "real", "fake", study="s", position=3, response_ms=812.5, answered_at="2026"
    )
    stream = io.StringIO(newline="")
    write_ratings([row, replace(row, image="y", position=None)], stream)
    table = read(stream.getvalue())
    assert table.optional == {
        "study": ("s", "s"),
        "position": ("3", ""),
        "response_ms": ("812.5", "812.5"),
        "answered_at": ("2026", "2026"),
    }
    assert next(table.rows()) == replace(row, position="3", response_ms="812.5")


@pytest.mark.parametrize("header", ["rater,group,image,truth", "rater,group,answer,image"])
def test_a_missing_column_is_named_with_those_there(header):
    message = refusal(f"{header}\nA,ED,x,real\n")
    absent = ({"rater", "group", "image", "truth", "answer"} - set(header.split(","))).pop()
    assert f"line 1: missing column {absent}" in message
    assert ", ".join(header.split(",")) in message


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_separator_is_recognised(mark, name):
    message = refusal((HEADER + "A,ED,x,real,real\n").replace(",", mark))
    assert f"separated by {name}; save the file with commas" in message


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("A,ED,x,real,real\nA,ED,y,reel,real\n", ["line 3, column truth: 'reel' is neither"]),
        ("A,ED,x,real,maybe\n", ["line 2, column answer: 'maybe' is neither"]),
        ("A,ED,x,real,NA\n", ["line 2, column answer: 'na' is neither", "nor empty"]),
        ("A,ED,x,,real\n", ["line 2, column truth: '' is neither"]),
        (" ,ED,x,real,real\n", ["line 2, column rater: is empty"]),
        ("A,,x,real,real\n", ["line 2, column group: is empty"]),
        ("A,ED,,real,real\n", ["line 2, column image: is empty"]),
        ("A,All,x,real,real\n", ["line 2, column group: 'All' stands for all raters"]),
        ("A,ED,x,real,real\nA,ED,y,real,\nA,ED,x,real,\n", ["line 4", "'A'", "'x'", "in line 2"]),
        ("A,ED,x,real,real\nB,ED,x,fake,real\n", ["line 3, column truth: image 'x' is 'fake'", "in line 2"]),
        ("A,ED,x,real,real\nA,DLE,y,real,real\n", ["line 3, column group: rater 'A'", "'ED' in line 2"]),
        ("A,ED,x,real,real\nA,ED,y,real\n", ["line 3: 4 fields where the header has 5 columns"]),
        ("A,ED,x,real,real,\n", ["line 2: 6 fields where the header has 5 columns"]),
        ('A,ED,"x,real,real\nA,ED,y,real,real\n', ["line 2: not valid CSV"]),
        ('"A\nB",ED,"x\r\ny\nz",real,real\n\nC,ED,x,real,?\n', ["line 7, column answer"]),
        ("", ["holds no ratings"]),
        ("\n\n", ["holds no ratings"]),
    ],
)
def test_a_breach_is_refused_with_its_place(body, parts):
    message = refusal(HEADER + body)
    assert all(part in message for part in parts), message
    assert message.startswith("ratings")


def test_several_studies_are_refused():
    message = refusal("study,rater,group,image,truth,answer\n1,A,ED,x,real,real\n2,A,ED,y,real,real\n")
    assert "line 3, column study" in message
    assert "'1' in line 2" in message
    assert "one study at a time" in message


def test_a_doubled_column_is_refused():
    assert "column rater stands there more than once" in refusal("rater," + HEADER)


def test_the_first_five_breaches_of_a_kind_are_listed():
    message = refusal(HEADER + "".join(f"A,ED,{i},real,wrong\n" for i in range(8)))
    assert [f"line {line}," in message for line in (2, 3, 4, 5, 6, 7)] == [True] * 5 + [False]
    assert message.endswith("... and 3 more of the kind.")


def test_rows_from_elsewhere_are_held_to_the_same_rules():
    rows = [RatingRow("A", "ED", "x", "real", None), RatingRow("A", "ED", "x", "real", "real")]
    assert RatingsTable.from_rows(rows[:1]).answer.tolist() == [-1]
    with pytest.raises(RatingsError, match=r"Study 7, row 2, column image: .* already stand in row 1"):
        RatingsTable.from_rows(rows, name="Study 7")
    with pytest.raises(UserError, match="holds no ratings"):
        RatingsTable.from_rows([])


def test_files_that_are_no_utf8_csv_are_refused(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_bytes(HEADER.encode() + b"M\xfcller,ED,x,real,real\n")
    with pytest.raises(RatingsError, match=r"ratings\.csv, line 2: not UTF-8 \(byte 0xfc\)"):
        read_ratings(path)
    path.write_bytes((HEADER + "A,ED,x,real,real\n").encode("utf-16"))
    with pytest.raises(RatingsError, match="line 1: not UTF-8"):
        read_ratings(path)
    path.write_bytes(b"")
    with pytest.raises(RatingsError, match=r"ratings\.csv is empty"):
        read_ratings(path)
    with pytest.raises(RatingsError, match="cannot be read: No such file"):
        read_ratings(tmp_path / "absent.csv")
    with pytest.raises(RatingsError, match="cannot be read: Is a directory"):
        read_ratings(tmp_path)


name = st.text(min_size=1).map(str.strip).filter(lambda text: text and text.lower() != "all")
encodable = name.filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text))


@st.composite
def tables(draw):
    raters = draw(st.dictionaries(encodable, encodable, min_size=1, max_size=4))
    images = draw(st.dictionaries(encodable, st.sampled_from(["real", "fake"]), min_size=1, max_size=5))
    answer = st.sampled_from(["real", "fake", ""])
    return [
        RatingRow(rater, group, image, truth, draw(answer))
        for rater, group in raters.items()
        for image, truth in images.items()
    ]


@settings(max_examples=40)
@given(tables())
def test_what_is_written_is_read_again(rows):
    table = RatingsTable.from_rows(rows)
    stream = io.StringIO(newline="")
    write_ratings(table, stream)
    again = read(stream.getvalue())
    assert list(again.rows()) == list(table.rows()) == rows
    assert again.sha256() == table.sha256()


def test_the_written_form_is_rfc_4180():
    stream = io.StringIO(newline="")
    write_ratings([RatingRow('A "x", B', "ED", "1\n2", "real")], stream)
    lines = stream.getvalue()
    assert lines.endswith("\r\n")
    assert lines.startswith(
        "rater,group,image,truth,answer,study,source,position,first_answer,revisions,"
        "confidence,response_ms,answered_at,diagnosis\r\n"
    )
    assert '"A ""x"", B",ED,"1\n2",real,' in lines
    assert len(list(csv.reader(io.StringIO(lines, newline="")))) == 2
