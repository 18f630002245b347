"""An installation's check: silent where all is well, and one line for each thing that is not."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from backend.database.tables import Image, Presentation, Rater
from backend.operations.check import findings
from backend.storage import ImageStore
from backend.studies.rating import answer_form, submit
from tests.support import consent


@pytest.fixture
def store(world):
    return ImageStore(world.settings.images_dir)


@pytest.fixture
def rated(world):
    """A world in which a rater has answered and submitted."""
    consent(world, "ED1")
    with world.database.write() as session:
        answer_form(session, world.link["ED1"], 1, "real")
        submit(session, world.link["ED1"], leave_unanswered=True)
    return world


def lines(world, store):
    return [str(one) for one in findings(world.database, store)]


def test_nothing_is_found_where_nothing_is_wrong(rated, store):
    assert lines(rated, store) == []


def test_an_image_that_rotted_one_that_is_gone_and_one_of_no_mix_are_found(world, store):
    store.put(b"of no mix")
    with world.database.read() as session:
        gone, rotten = session.scalars(sa.select(Image.sha256).limit(2))
    store.remove(gone)
    (world.settings.images_dir / rotten[:2] / f"{rotten}.png").write_bytes(b"other bytes")
    missing, altered, note = sorted(
        lines(world, store), key=lambda line: "altered" in line or 2 * ("note" in line)
    )
    assert gone in missing and "is missing" in missing
    assert rotten in altered
    assert note.startswith("note: 1 images")


DAY = timedelta(days=1)
NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (sa.update(Rater).where(Rater.name == "ED1").values(consented_at=None), "never agreed"),
        (sa.update(Rater).where(Rater.name == "ED1").values(submitted_at=NOW - DAY), "after she submitted"),
        (sa.update(Presentation).where(Presentation.position == 8).values(position=9), "has gaps"),
        (sa.delete(Presentation).where(Presentation.position == 8), "lacks 1 of the 8"),
        (sa.text("UPDATE mixes SET fakes = 4, reals = 4"), "says 4 reals and 4 fakes, and has 5 and 3"),
        (sa.text("UPDATE alembic_version SET version_num = '0001'"), "is behind"),
    ],
)
def test_what_no_rule_would_have_done_is_found(rated, store, change, found):
    with rated.database.write() as session:
        session.execute(change)
    assert any(found in line for line in lines(rated, store))


def test_a_clock_that_was_set_back_is_a_note(rated, store):
    with rated.database.write() as session:
        session.execute(sa.text("UPDATE ratings SET response_ms = -1"))
    (note,) = lines(rated, store)
    assert note.startswith("note: 1 negative response times")


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_references_that_lead_nowhere_are_found(rated, store):
    with rated.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")  # the setting is ignored within a transaction
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("DELETE FROM mixes")
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        connection.exec_driver_sql("BEGIN")
    assert "8 rows of images refer by mix_id to what is not there" in lines(rated, store)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_the_command_ends_with_one_where_something_is_wrong(rated, store, dermvtt, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", rated.settings.database)
    monkeypatch.setenv("DERMVTT_DATA_DIR", str(rated.settings.data_dir))
    assert dermvtt("check")[:2] == (0, "Everything is whole.\n")
    store.remove(next(store.iterate()))
    code, out, _ = dermvtt("check")
    assert code == 1
    assert "is missing" in out
