"""The audit log: chained, append-only, the same on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from backend import accounts
from backend.database import events, schema
from backend.database.tables import Event
from backend.studies import audit_log


def test_appends_from_many_threads_make_one_chain_that_verifies(database):
    def append(number):
        with database.write() as session:
            events.add(session, None, "tried", number=number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(append, range(20)))
    with database.read() as session:
        found = audit_log.verify(session)
    assert (found.rows, found.broken) == (20, None)


@pytest.mark.parametrize("change", ["UPDATE events SET kind = 'other'", "DELETE FROM events"])
def test_the_database_refuses_changes_of_the_log(world, change):
    with pytest.raises(DBAPIError, match="append-only"), world.database.write() as session:
        session.execute(sa.text(change))


def test_a_forged_row_is_found_where_the_guard_was_taken_away(world):
    with world.database.write() as session:
        on_sqlite = session.get_bind().dialect.name == "sqlite"
        trigger = "events_no_update" if on_sqlite else "events_no_change ON events"
        session.execute(sa.text(f"DROP TRIGGER {trigger}"))
        second = session.scalars(sa.select(Event.id).order_by(Event.id)).all()[1]
        session.execute(sa.update(Event).where(Event.id == second).values(kind="forged"))
    with world.database.read() as session:
        assert audit_log.verify(session).broken == second


def test_rows_from_before_the_chain_are_chained_by_the_migration(world):
    schema.downgrade(world.database.engine, "0002")
    schema.upgrade(world.database.engine)
    with world.database.read() as session:
        found = audit_log.verify(session)
    assert found.rows > 0
    assert found.broken is None


def test_what_was_rolled_back_is_not_in_the_log(database):
    with pytest.raises(RuntimeError), database.write() as session:
        accounts.create_admin(session, "a@example.org")
        raise RuntimeError
    with database.read() as session:
        assert audit_log.verify(session).rows == 0
