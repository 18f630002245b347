"""What an admin takes away: ratings, history, viewing times and participants, by page and by command."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
import sqlalchemy as sa

from backend.analysis.ratings import COLUMNS
from backend.cli.exports import What
from backend.database.tables import ConsentText, Presentation, Rater
from backend.routes.admin.exports import Data
from backend.studies import lifecycle, recording
from backend.studies.answers import Answer, Viewing
from backend.studies.exports import EXPORTS, HISTORY, PARTICIPANTS, VIEWINGS, chunks, csv_lines
from backend.studies.invitations import admit
from tests.support import consent

CONTRACTS = Path(__file__).parents[2] / "docs" / "contracts.md"
QUESTIONS = [{"id": "years", "kind": "number"}, {"id": "group", "label": {"en": "Which group?"}}]


def table(world, what):
    """An export as a spreadsheet reads it."""
    with world.database.read() as session:
        study = lifecycle.get_study(session, world.study.id)
        text = b"".join(chunks(csv_lines(session, study, what))).decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def set_options(world, **changes):
    with world.database.write() as session:
        lifecycle.change_options(session, world.study.id, changes)


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
    times = [[float(row[name]) for name in VIEWINGS[4:9]] for row in rows]
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


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_free_text_is_no_formula(world, evil):
    set_options(world, questions=QUESTIONS)
    consent(world, group=evil, years="0")
    row = table(world, "participants")[0]
    assert row["q_group"] == f"'{evil}"
    assert row["q_years"] == "0.0"


def test_nothing_recorded_is_a_header(world):
    for what, columns in (("history", HISTORY), ("viewings", VIEWINGS), ("participants", PARTICIPANTS)):
        with world.database.read() as session:
            study = lifecycle.get_study(session, world.study.id)
            lines = list(csv_lines(session, study, what))
        assert lines == [",".join(columns) + "\r\n"]


def test_another_study_is_left_out(world, rater):
    rater(1, 1, answer="real")
    rater(1, 2, visible_ms=900.0)
    with world.database.write() as session:
        other = lifecycle.create_study(session, world.study.mix_id, "Other")
    for what in EXPORTS:
        with world.database.read() as session:
            assert len(list(csv_lines(session, other, what))) == 1, what


def test_page_and_command_give_the_same_bytes(world, rater, admin, dermvtt, monkeypatch):
    for position in range(1, 9):
        rater(position, position, answer="real")
        rater(position, position, visible_ms=800.0)
    monkeypatch.setenv("DATABASE_URL", world.settings.database_url)
    for what in EXPORTS:
        reply = admin.get(f"/admin/studies/1/{what}.csv")
        assert reply.headers["content-type"] == "text/csv; charset=utf-8"
        assert reply.headers["content-disposition"] == f'attachment; filename="study-1-{what}.csv"'
        code, out, _ = dermvtt("export", "--study", 1, "--what", what)
        assert (code, out.encode()) == (0, reply.content)
        assert f"/{what}.csv" in admin.get("/admin/studies/1/results").text


def test_rows_are_sent_as_they_come():
    taken = []
    lines = (taken.append(number) or f"{number}\r\n" for number in range(1200))
    packets = chunks(lines)
    assert next(packets).count(b"\r\n") == len(taken) == 500
    assert [packet.count(b"\r\n") for packet in packets] == [500, 200]


def test_page_command_and_rules_know_the_same_exports():
    assert set(get_args(Data)) == set(get_args(What)) == set(EXPORTS)


@pytest.mark.parametrize(
    ("heading", "columns"),
    [
        ("Ratings CSV", COLUMNS),
        ("History CSV", HISTORY),
        ("Viewings CSV", VIEWINGS),
        ("Participants CSV", (*PARTICIPANTS, "q_…")),
    ],
)
def test_every_column_is_in_the_codebook_in_its_order(heading, columns):
    section = CONTRACTS.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    listed = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
    assert listed == list(columns)
