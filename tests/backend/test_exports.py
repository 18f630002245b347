"""What an admin takes away: ratings, history, viewing times and participants, by page and by command."""

import csv
import io
import json
import re
import tempfile
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
from pyarrow import parquet

from backend.analysis.ratings import COLUMNS
from backend.analysis.ratings.rows import REPEATS
from backend.cli import exports as commands
from backend.database.tables import ConsentText, Presentation, Rater
from backend.routes.admin import exports as pages
from backend.studies import editing, lifecycle, recording
from backend.studies.answers import Answer, Viewing
from backend.studies.exports import EXPORTS, FORMATS, codebook, texts, write_export
from backend.studies.exports.columns import REPEATS as REPEAT_COLUMNS
from backend.studies.exports.texts import defused
from backend.studies.exports.xlsx import write_xlsx
from backend.studies.invitations import admit
from backend.tokens import hash_token
from tests.backend.conftest import ADMIN, hidden
from tests.support import consent, fill

CONTRACTS = Path(__file__).parents[2] / "docs" / "contracts.md"
QUESTIONS = [{"id": "years", "kind": "number"}, {"id": "group", "label": {"en": "Which group?"}}]


def export(world, what, kind="csv", study=None):
    """An export's bytes."""
    out = io.BytesIO()
    write_export(world.database, study or world.study.id, what, kind, out)
    return out.getvalue()


def table(world, what):
    """An export as a spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(export(world, what).decode(), newline=""), strict=True))


def columns(what):
    return [one.name for one in EXPORTS[what].columns]


def set_options(world, **changes):
    with world.database.write() as session:
        editing.change_options(session, world.study.id, changes)


@pytest.fixture
def rater(world):
    """A rater who agreed an hour ago; gives what sends answers and viewings by position."""
    set_options(world, confidence_levels=5)
    consent(world)
    with world.database.write() as session:
        agreed = datetime.now(UTC) - timedelta(hours=1)
        session.execute(sa.update(Rater).where(Rater.name == "ED1").values(consented_at=agreed))
        rater_id = admit(session, world.link["ED1"]).id
        query = sa.select(Presentation.key).where(Presentation.rater_id == rater_id)
        keys = session.scalars(query.order_by(Presentation.position)).all()

    def send(position, number, **entry):
        kind = Viewing if "visible_ms" in entry else Answer
        given = kind(id=f"entry-{number:04}", image=keys[position - 1], **entry)
        lists = ([], [given]) if kind is Viewing else ([given], [])
        with world.database.write() as session:
            assert recording.record(session, [recording.Parcel(world.link["ED1"], *lists)])[0].refused == []

    return send


def test_the_history_has_every_answer_in_the_order_in_which_it_was_given(world, rater):
    rater(2, 1, answer="real", response_ms=812.25, hidden_ms=3.5, age_ms=40_000.0)
    rater(1, 2, answer="fake", confidence=4, response_ms=99.0, age_ms=20_000.0)
    rater(2, 3, answer=None, age_ms=10_000.0)
    rater(2, 4, answer="fake", age_ms=30_000.0)  # given before the last one, arrived after it
    rows = table(world, "history")
    assert [(row["position"], row["answer"], row["confidence"]) for row in rows] == [
        ("2", "real", ""),
        ("2", "fake", ""),
        ("1", "fake", "4"),
        ("2", "", ""),
    ]
    first = rows[0]
    assert (first["study"], first["rater"], first["group"]) == (str(world.study.id), "ED1", "ED")
    assert (first["response_ms"], first["hidden_ms"], first["response_clock"]) == ("812.25", "3.5", "browser")
    assert (rows[1]["response_ms"], rows[1]["response_clock"]) == ("", "")
    for row in rows:
        answered, received = (datetime.fromisoformat(row[name]) for name in ("answered_at", "received_at"))
        assert answered.utcoffset() == timedelta(0)
        assert timedelta(0) < received - answered < timedelta(minutes=2)
    final = {row["position"]: row for row in table(world, "ratings")}
    assert (final["2"]["answer"], final["2"]["first_answer"], final["2"]["revisions"]) == ("", "real", "2")
    assert (final["1"]["answer"], final["1"]["confidence"]) == ("fake", "4")
    assert {(row["image"], row["truth"], row["source"]) for row in rows} <= {
        (row["image"], row["truth"], row["source"]) for row in final.values()
    }


def test_viewings_give_the_first_the_last_and_all_stays_of_an_image(world, rater):
    rater(
        3, 1, visible_ms=50.0, hidden_ms=7.0, age_ms=1000.0
    )  # the last to begin, though the first to arrive
    rater(3, 2, visible_ms=4000.5, age_ms=60_000.0)
    rater(3, 3, visible_ms=10.0, hidden_ms=1.0, age_ms=30_000.0)
    rater(1, 4, visible_ms=900.0, age_ms=5000.0)
    rows = table(world, "viewings")
    assert [row["position"] for row in rows] == ["1", "3"]
    times = [[float(row[name]) for name in columns("viewings")[4:9]] for row in rows]
    assert times == [[1, 900.0, 900.0, 900.0, 0.0], [3, 4000.5, 50.0, 4060.5, 8.0]]
    age = datetime.now(UTC) - datetime.fromisoformat(rows[1]["first_began_at"])
    assert timedelta(seconds=59) < age < timedelta(seconds=90)
    images = {row["position"]: row["image"] for row in table(world, "ratings")}
    assert [row["image"] for row in rows] == [images["1"], images["3"]]


def test_participants_are_who_agreed_with_what_they_told(world):
    set_options(world, questions=QUESTIONS)
    consent(world, "ED2", years="7,5", group="Skin, hair")
    set_options(world, questions=QUESTIONS[:1])
    consent(world, "DLE1")
    rows = table(world, "participants")
    assert [row["rater"] for row in rows] == ["ED2", "DLE1"]
    assert [row["q_years"] for row in rows] == ["7.5", ""]
    assert [row["q_group"] for row in rows] == ["Skin, hair", ""]  # asked no more, and kept
    assert [row["group"] for row in rows] == ["ED", "DLE"]
    assert {row["language"] for row in rows} == {"en"}
    assert {row["submitted_at"] for row in rows} == {""}
    assert {row["first_choice"] for row in rows} <= {"real", "fake"}
    with world.database.read() as session:
        texts = {text.version for text in session.scalars(sa.select(ConsentText))}
    assert {row["consent_version"] for row in rows} == texts


EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\uff1d1+1"]


@pytest.mark.parametrize("before", ["", "skin;", "skin; ", "skin\n", "skin\t", "skin\r\n"])
@pytest.mark.parametrize("evil", EVIL)
def test_a_text_is_no_formula_wherever_a_spreadsheet_ends_its_cells(before, evil):
    cell = defused(before + evil)
    assert not any(part.strip(" ").startswith(tuple("=+-@\uff1d")) for part in re.split("[;\t\r\n]", cell))
    assert cell.replace("'", "") == (before + evil).replace("'", "")


def test_free_text_is_no_formula(world):
    set_options(world, questions=QUESTIONS)
    consent(world, group="skin;=1+1", years="0")
    row = table(world, "participants")[0]
    assert (row["q_group"], row["q_years"]) == ("skin;'=1+1", "0.0")


def test_nothing_recorded_is_a_header(world):
    for what in ("ratings", "history", "viewings", "participants"):
        assert export(world, what).decode() == ",".join(columns(what)) + "\r\n"
        assert export(world, what, "json") == b"[]\n"


def test_another_study_is_left_out(world, rater):
    rater(1, 1, answer="real")
    rater(1, 2, visible_ms=900.0)
    with world.database.write() as session:
        other = lifecycle.create_study(session, [world.mix_id], "Other").id
    for what in set(EXPORTS) - {"images"}:
        # Of the other there is only that it was made.
        assert export(world, what, study=other).count(b"\n") == 1 + (what == "events"), what
        assert export(world, what).count(b"\n") > 1, what


@pytest.fixture
def recorded(world, rater):
    """A world in which something of every kind happened, also what a spreadsheet would execute."""
    set_options(world, questions=QUESTIONS)
    consent(world, "ED2", years="7,5", group="=1+1")
    for position in range(1, 9):
        rater(position, position, answer="real", confidence=3, response_ms=800.25)
        rater(position, position, visible_ms=800.5)
    rater(2, 99, answer=None)
    return world


def test_all_formats_say_the_same(recorded):
    for what in EXPORTS:
        held = json.loads(export(recorded, what, "json"))
        lines = list(csv.DictReader(io.StringIO(export(recorded, what).decode(), newline="")))
        frame = parquet.read_table(io.BytesIO(export(recorded, what, "parquet")))
        names = frame.column_names
        assert held, what
        assert names[: len(columns(what))] == columns(what)
        assert all(list(row) == names for row in [*held, *lines])
        assert all(field.metadata[b"description"] for field in frame.schema)
        for row, line, typed in zip(held, lines, frame.to_pylist(), strict=True):
            assert [as_text(typed[name]) for name in names] == [as_text(row[name]) for name in names]
            assert [line[name].removeprefix("'") for name in names] == [as_text(row[name]) for name in names]
        sheets = workbook(export(recorded, what, "xlsx"))
        assert list(sheets) == [what, "columns"]
        assert sheets[what][0] == names
        assert sheets[what][1:] == [[as_cell(row[name]) for name in names] for row in held]
        assert [row[0] for row in sheets["columns"][1:]] == names


def as_text(value):
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return "" if value is None else texts.plain(value) if isinstance(value, dict | list) else str(value)


def as_cell(value):
    return value if value is None or isinstance(value, int | float | str) else texts.plain(value)


def workbook(data):
    """The rows of each sheet, as a reader of its own understands the file: numbers are numbers."""
    space = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    found = {}
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        names = [
            one.get("name")
            for one in ElementTree.fromstring(packed.read("xl/workbook.xml")).find("x:sheets", space)
        ]
        for number, name in enumerate(names, start=1):
            page = ElementTree.fromstring(packed.read(f"xl/worksheets/sheet{number}.xml"))
            assert page.find(".//x:f", space) is None, "a formula"
            rows = []
            for row in page.iterfind(".//x:row", space):
                cells = {}
                for cell in row.iterfind("x:c", space):
                    place = ord(re.match("[A-Z]+", cell.get("r"))[0]) - ord("A")
                    number_of = cell.find("x:v", space)
                    text = cell.find("x:is/x:t", space)
                    value = (text.text or "") if number_of is None else float(number_of.text)
                    cells[place] = int(value) if isinstance(value, float) and value.is_integer() else value
                rows.append(cells)
            width = max(map(len, (rows[0],)))
            found[name] = [[cells.get(place) for place in range(width)] for cells in rows]
    return found


def test_a_workbook_goes_on_on_another_sheet(recorded):
    out = io.BytesIO()
    with recorded.database.snapshot() as session:
        study = lifecycle.get_study(session, recorded.study.id)
        write_xlsx(EXPORTS["images"].sheet("images", session, study), out, most_rows=4)
    sheets = workbook(out.getvalue())
    assert list(sheets) == ["images", "images 2", "images 3", "columns"]
    assert [len(sheets[name]) for name in list(sheets)[:3]] == [4, 4, 3]
    rows = [row for name in list(sheets)[:3] for row in sheets[name][1:]]
    assert [row[0] for row in rows] == [row["image"] for row in table(recorded, "images")]


def test_page_and_command_give_the_same_bytes(recorded, admin, dermvtt, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", recorded.settings.database_url)
    shown = admin.get("/admin/studies/1/exports").text
    for what in EXPORTS:
        for kind in ("csv", "json", "parquet"):
            address = f"/admin/studies/1/exports/{what}.{kind}"
            reply = admin.get(address)
            assert reply.status_code == 200
            assert reply.headers["content-type"] == FORMATS[kind].media
            assert reply.headers["content-disposition"] == f'attachment; filename="study-1-{what}.{kind}"'
            assert int(reply.headers["content-length"]) == len(reply.content)
            target = tmp_path / f"{what}.{kind}"
            assert dermvtt("export", "--study", 1, "--what", what, "--out", target)[0] == 0
            assert target.read_bytes() == reply.content
            assert address in shown
        code, out, _ = dermvtt("export", "--study", 1, "--what", what)
        assert (code, out.encode()) == (0, (tmp_path / f"{what}.csv").read_bytes())
    assert admin.get("/admin/studies/1/exports/codebook.md").text == codebook()


def test_no_export_has_a_link_or_an_address(recorded, admin):
    """Neither links' fingerprints nor admins' e-mail addresses leave with the data."""
    admin.post(
        "/admin/studies/1/state",
        data={"state": "closed", "csrf": hidden(admin.get("/admin/studies/1").text, "csrf")},
    )
    everything = "".join(export(recorded, what).decode() for what in EXPORTS)
    assert "closed,,admin," in everything
    assert ADMIN not in everything
    for token in recorded.link.values():
        assert token not in everything
        assert hash_token(token) not in everything


def test_an_export_is_of_one_moment(recorded, rater):
    """Answers given while it is written are not in it, on neither database; and they do not wait for it."""
    with recorded.database.snapshot() as session:
        study = lifecycle.get_study(session, recorded.study.id)
        before = list(EXPORTS["history"].rows(session, study))
        rater(1, 500, answer="fake")
        assert [*EXPORTS["history"].rows(session, study)] == before
    assert len(table(recorded, "history")) == len(before) + 1


def test_memory_does_not_grow_with_the_rows(world):
    """Thousands of rows more may not be held: a list of them would be megabytes."""
    small, large = fill(world.database, 2, 1000), fill(world.database, 6, 1000, number=1)
    for what, kind in (("ratings", "csv"), ("history", "xlsx")):
        export(world, what, kind)  # what is loaded and kept at the first time
        peaks = []
        for study in (small, large):
            with tempfile.TemporaryFile() as file:
                tracemalloc.start()
                write_export(world.database, study, what, kind, file)
                peaks.append(tracemalloc.get_traced_memory()[1])
                tracemalloc.stop()
        assert peaks[1] < peaks[0] + 1_000_000, (what, kind, peaks)


def test_page_command_and_rules_know_the_same_exports():
    assert set(get_args(pages.What)) == set(get_args(commands.What)) == set(EXPORTS)
    assert set(get_args(pages.Kind)) == set(get_args(commands.Kind)) == set(FORMATS)


def test_every_column_is_in_the_codebook_in_its_order():
    for what in EXPORTS:
        section = codebook().split(f"## `{what}`\n")[1].split("\n## ")[0]
        listed = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
        assert listed == columns(what)
    section = CONTRACTS.read_text().split("## Ratings CSV\n")[1].split("\n## ")[0]
    listed = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
    assert listed == [*COLUMNS, *REPEATS] == [*columns("ratings"), *(one.name for one in REPEAT_COLUMNS)]
