"""Statements that the driver runs give what SQLAlchemy's own way gives, and fail as plainly."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from backend.database import sessions, trips
from backend.database.outages import Outage, outage_of
from backend.database.sessions import Database
from backend.database.tables import Presentation, Rater, Rating, Study
from backend.database.trips import Statement

PLUS_FIVE = datetime(2026, 3, 29, 2, 30, 0, 123456, timezone(timedelta(hours=5)))

_raters, _studies, _ratings = Rater.__table__, Study.__table__, Rating.__table__
ADD = Statement(
    sa.insert(_ratings)
    .inline()
    .values(
        {
            name: sa.bindparam(name)
            for name in (
                "presentation_id",
                "submission",
                "answer",
                "response_ms",
                "answered_at",
                "received_at",
            )
        }
    )
)


def row(presentation, submission, **values):
    same = {"presentation_id": presentation, "submission": submission, "answer": "real", "response_ms": 812.5}
    return same | {"answered_at": PLUS_FIVE, "received_at": datetime.now(UTC)} | values


@pytest.fixture
def presentation(world):
    with world.database.read() as session:
        return session.scalar(sa.select(sa.func.min(Presentation.id)))


def test_rows_are_those_that_sqlalchemy_gives(world):
    """Times, JSON, nothing, and what is no one's."""
    query = sa.select(
        _raters.c.id, _raters.c.consented_at, _studies.c.options, _studies.c.created_at, _studies.c.title
    ).join_from(_raters, _studies, _raters.c.study_id == _studies.c.id)
    few = query.where(_raters.c.id >= sa.bindparam("least", type_=sa.Integer)).order_by(_raters.c.id)
    none = query.where(_raters.c.id == sa.bindparam("its", type_=sa.Integer))
    with world.database.write() as session:
        session.execute(sa.update(Study).values(options={"revising": False, "title": "Läsion ✓"}))
        session.execute(sa.update(Rater).where(Rater.name == "ED1").values(consented_at=PLUS_FIVE))
    with world.database.read() as session:
        plain = [tuple(one) for one in session.execute(few, {"least": 0})]
        found = trips.ask(session, (Statement(few), {"least": 0}), (Statement(none), {"its": -1}))
    assert found == [plain, []]
    assert {one[1] for one in plain} == {None, PLUS_FIVE}
    assert plain[0][3].tzinfo is not None


def test_rows_are_added_in_their_order_and_undone_with_the_rest(world, presentation):
    with world.database.write() as session:
        trips.add(session, (ADD, [row(presentation, f"s{number}") for number in (3, 1, 2)]), (ADD, []))
    with pytest.raises(RuntimeError), world.database.write() as session:
        trips.add(session, (ADD, [row(presentation, "s4")]))
        raise RuntimeError
    with world.database.read() as session:
        stored = session.execute(sa.select(Rating).order_by(Rating.id)).scalars().all()
    assert [one.submission for one in stored] == ["s3", "s1", "s2"]
    assert {one.answered_at for one in stored} == {PLUS_FIVE}


def test_what_the_database_refuses_undoes_the_trip_and_leaves_the_connection_fit(world, presentation):
    twice = [row(presentation, "s1"), row(presentation, "s2"), row(presentation, "s1")]
    with (
        pytest.raises(Exception, match=r"(UNIQUE|unique) constraint") as refused,
        world.database.write() as session,
    ):
        trips.add(session, (ADD, twice))
    assert outage_of(refused.value) is None  # a mistake, and not an outage
    with world.database.write() as session:
        trips.add(session, (ADD, twice[:1]))
        assert session.scalar(sa.select(sa.func.count()).select_from(Rating)) == 1


def test_a_naive_time_is_refused(world, presentation):
    naive = row(presentation, "s1", answered_at=datetime(2026, 3, 29))
    with pytest.raises(ValueError, match="time zone"), world.database.write() as session:
        trips.add(session, (ADD, [naive]))


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_lock_in_the_middle_of_a_trip_is_told_as_what_it_is(world):
    """Not as what its being undone makes of the statements behind it."""
    locking = Statement(sa.select(_raters.c.id).order_by(_raters.c.id).with_for_update())
    behind = Statement(sa.select(_studies.c.id))
    with world.database.write() as first:
        trips.ask(first, (locking, {}))
        with pytest.raises(Exception, match="lock") as refused, world.database.write() as second:
            second.execute(sa.text("SET LOCAL lock_timeout = 50"))
            trips.ask(second, (behind, {}), (locking, {}), (behind, {}))
    assert outage_of(refused.value) is Outage.BUSY


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
@pytest.mark.parametrize("rested", ["FRESH_S", "PLANS_S"])
def test_a_connection_that_rested_is_looked_at_before_it_is_used(world, monkeypatch, rested):
    """Whether its server is still there, also where that is seen as the old plans are thrown away."""
    statement = Statement(
        sa.select(_studies.c.id).where(_studies.c.id == sa.bindparam("its", type_=sa.Integer))
    )
    monkeypatch.setattr(sessions, rested, -1)
    for _ in range(20):  # more often than it takes for a plan to be kept
        with world.database.read() as session:
            assert trips.ask(session, (statement, {"its": 1})) == [[(1,)]]
            number = session.scalar(sa.text("SELECT pg_backend_pid()"))
    other = Database(world.settings.database)
    with other.read() as session:
        assert session.scalar(sa.text("SELECT pg_terminate_backend(:its, 5000)"), {"its": number})
    other.close()
    with world.database.read() as session:
        assert trips.ask(session, (statement, {"its": 1})) == [[(1,)]]
        assert session.scalar(sa.text("SELECT pg_backend_pid()")) != number
