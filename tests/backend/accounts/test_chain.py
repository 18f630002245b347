"""The audit log: chained, append-only, the same on both databases."""

import subprocess
import sys
from datetime import UTC, datetime
from threading import Thread

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from backend import accounts
from backend.database import events, schema
from backend.database.sessions import Database
from backend.database.tables import Event
from backend.studies import audit_log, lifecycle
from backend.studies.invitations import invite

APPENDING = """
import sys
from backend.database import events
from backend.database.sessions import Database
database, name, count = Database(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
for number in range(count):
    with database.write() as session:
        events.add(session, None, "tried", by=name, number=number)
"""


def verdict(database, noted=""):
    with database.read() as session:
        return audit_log.verify(session, noted)


def unguarded(world):
    """A transaction of somebody who took the guard away, as the owner of a database can."""
    with world.database.write() as session:
        if session.get_bind().dialect.name == "sqlite":
            session.execute(sa.text("DROP TRIGGER events_no_update"))
            session.execute(sa.text("DROP TRIGGER events_no_delete"))
        else:
            session.execute(sa.text("DROP TRIGGER events_no_change ON events"))
    return world.database.write()


def test_appends_from_two_processes_make_one_chain(database, settings):
    """Real ones, at the same time: neither overwrites the other, and the log does not fork."""
    command = [sys.executable, "-c", APPENDING, settings.database]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    both = [subprocess.Popen([*command, name, "40"], **pipes) for name in "ab"]
    for one in both:
        assert one.stdout.readline() == "ready\n"
    for one in both:
        one.stdin.write("\n")
        one.stdin.flush()
    assert [one.wait(timeout=60) for one in both] == [0, 0]
    for one in both:
        one.stdin.close()
        one.stdout.close()
    found = verdict(database)
    assert (found.rows, found.broken) == (80, None)
    with database.read() as session:
        rows = session.execute(sa.select(Event.by, Event.details, Event.hash).order_by(Event.id)).all()
    assert len({row.hash for row in rows}) == 80
    for name in "ab":
        assert [row.details["number"] for row in rows if row.by == name] == list(range(40))


@pytest.mark.parametrize("change", ["UPDATE events SET kind = 'other'", "DELETE FROM events"])
def test_the_database_refuses_changes_of_the_log(world, change):
    with pytest.raises(DBAPIError, match="append-only"), world.database.write() as session:
        session.execute(sa.text(change))


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_postgresql_refuses_to_empty_it(world):
    with pytest.raises(DBAPIError, match="append-only"), world.database.write() as session:
        session.execute(sa.text("TRUNCATE events"))


FORGED = [
    {"kind": "forged"},
    {"by": "somebody@example.org"},
    {"details": {"mix": 7}},
    {"at": datetime(2020, 1, 1, tzinfo=UTC)},
    {"study_id": None},
    {"rater_id": 77},
    {"hash": "0" * 64},
]


def test_whatever_is_forged_in_a_row_is_found(world):
    with unguarded(world) as session:
        third = session.scalars(sa.select(Event.id).order_by(Event.id)).all()[2]
        for values in FORGED:
            with session.begin_nested() as savepoint:
                session.execute(sa.update(Event).where(Event.id == third).values(**values))
                session.expire_all()
                assert audit_log.verify(session).broken == third, values
                savepoint.rollback()
        assert audit_log.verify(session).broken is None


def test_a_row_taken_from_the_middle_or_put_there_is_found(world):
    with unguarded(world) as session:
        ids = session.scalars(sa.select(Event.id).order_by(Event.id)).all()
        kept = session.execute(sa.select(Event.__table__).where(Event.id == ids[1])).one()._mapping
        session.execute(sa.delete(Event).where(Event.id == ids[1]))
    assert verdict(world.database).broken == ids[2]
    with world.database.write() as session:
        session.execute(sa.insert(Event.__table__).values(dict(kept)))
    assert verdict(world.database).broken is None
    with world.database.write() as session:  # the same row once more, at the end
        session.execute(sa.insert(Event.__table__).values({**kept, "id": ids[-1] + 1}))
    assert verdict(world.database).broken == ids[-1] + 1


def test_an_end_that_was_cut_off_shows_against_a_hash_that_was_noted(world):
    noted = verdict(world.database).head
    assert verdict(world.database, noted).head_at == verdict(world.database).rows
    with world.database.write() as session:
        invite(session, 1, "ED")
    assert verdict(world.database, noted).head_at == verdict(world.database).rows - 1
    last = verdict(world.database).head
    with unguarded(world) as session:
        session.execute(sa.delete(Event).where(Event.hash == last))
    cut = verdict(world.database, last)
    assert (cut.broken, cut.head_at) == (None, None)  # it holds together, and still it is not all of it
    assert verdict(world.database, noted).head_at == cut.rows


def test_rows_from_before_the_chain_are_chained_by_the_migration(world):
    schema.downgrade(world.database.engine, "0006")
    with world.database.write() as session:
        before = session.execute(sa.text("SELECT id, kind FROM events ORDER BY id")).all()
        session.execute(sa.text('UPDATE events SET details = \'{"x": 1.5, "ä": null}\' WHERE id = 2'))
    schema.upgrade(world.database.engine)
    found = verdict(world.database)
    assert (found.rows, found.broken) == (len(before), None)
    with world.database.read() as session:
        after = session.execute(sa.text("SELECT id, kind FROM events ORDER BY id")).all()
        assert after == before
    with pytest.raises(DBAPIError, match="append-only"), world.database.write() as session:
        session.execute(sa.text("DELETE FROM events"))
    with world.database.write() as session:
        invite(session, 1, "ED")
    assert verdict(world.database).broken is None


def test_rows_of_an_older_program_during_an_upgrade_are_vouched_for_by_the_next(world):
    row = {"study_id": 1, "kind": "agreed", "details": {}, "at": datetime.now(UTC)}
    with world.database.write() as session:
        session.execute(sa.insert(Event.__table__), [row, row])  # as 0006 knows events: without a hash
    unsealed = verdict(world.database)
    assert unsealed.broken is None
    with world.database.write() as session:
        invite(session, 1, "ED")
    sealed = verdict(world.database, unsealed.head)
    assert (sealed.broken, sealed.rows - (sealed.head_at or 0)) == (None, 1)
    with unguarded(world) as session:
        session.execute(sa.update(Event).where(Event.kind == "agreed").values(kind="submitted"))
    assert verdict(world.database).broken is not None


def test_what_was_rolled_back_is_not_in_the_log(database):
    with pytest.raises(RuntimeError), database.write() as session:
        accounts.create_admin(session, "a@example.org")
        raise RuntimeError
    assert verdict(database).rows == 0
    with database.write() as session:
        events.add(session, None, "first")
        for outer in ("undone", "done"):
            with session.begin_nested() as savepoint:
                with session.begin_nested():
                    events.add(session, None, f"inner, {outer}")
                events.add(session, None, outer)
                if outer == "undone":
                    savepoint.rollback()
        events.add(session, None, "last")
    with database.read() as session:
        kinds = session.scalars(sa.select(Event.kind).order_by(Event.id)).all()
    assert kinds == ["first", "inner, done", "done", "last"]
    assert verdict(database).broken is None


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_who_holds_a_study_and_who_writes_about_it_do_not_wait_for_each_other_for_ever(world, settings):
    """Both end, in whichever order: neither holds the log while it waits for the study."""
    other, failed = Database(settings.database), []

    def download():
        try:
            with other.write() as session:
                events.add(session, 1, events.DOWNLOADED)
        except DBAPIError as error:
            failed.append(error)

    with world.database.write() as session:
        lifecycle.get_study(session, 1, lock=True)
        thread = Thread(target=download)
        thread.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not session.scalar(sa.text(waiting)):  # the other waits for the study
            assert thread.is_alive()
        events.add(session, 1, "tried")
    thread.join(timeout=20)
    other.close()
    assert not failed
    assert verdict(world.database).broken is None


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_the_commands_verify_and_export_it(world, dermvtt, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", world.settings.database)
    code, out, _ = dermvtt("audit", "verify")
    head = out.splitlines()[-1]
    assert (code, len(head)) == (0, 64)
    target = tmp_path / "log.json"
    assert dermvtt("audit", "export", "--out", target, "--study", 1)[0] == 0
    assert f'"hash": "{head}"' in target.read_text()
    assert "mix imported" not in target.read_text()  # which is of no study
    code, out, _ = dermvtt("audit", "verify", "--head", head.upper())
    assert (code, "entries since: 1." in out) == (0, True)
    code, out, err = dermvtt("audit", "verify", "--head", head[:-1])  # mistyped: that is no alarm
    assert (code, out) == (1, "")
    assert "no hash of the log" in err
    code, out, _ = dermvtt("audit", "verify", "--head", "f" * 64)
    assert (code, "BROKEN" in out) == (1, True)
    with unguarded(world) as session:
        session.execute(sa.text("UPDATE events SET kind = 'forged' WHERE id = 2"))
    code, out, _ = dermvtt("audit", "verify")
    assert (code, "entry 2" in out) == (1, True)
    code, out, _ = dermvtt("check")
    assert (code, "audit log is broken: entry 2" in out, "triggers are missing" in out) == (1, True, True)
