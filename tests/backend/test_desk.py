"""Answers that wait are stored together; none fails with another, each is acknowledged after the commit."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from backend.database import trips
from backend.database.outages import Outage, outage_of
from backend.database.sessions import Database
from backend.database.tables import Rating, Viewing
from backend.studies import desk as desks
from backend.studies.answers import Answer
from backend.studies.answers import Viewing as Seen
from backend.studies.desk import Desk
from backend.studies.recording import Parcel, Receipt
from backend.studies.refusals import Busy, Unknown
from tests.backend.test_recording import Script
from tests.support import consent


@pytest.fixture
def desk(world):
    desk = Desk(world.database)
    yield desk
    desk.close()


@pytest.fixture
def keys(world, browse):
    found = {}
    for name in world.link:
        consent(world, name)
        found[name] = Script(browse(), world, name).keys
    return found


def answer(world, keys, name, number, **values):
    given = Answer(**{"id": f"entry-{name}-{number}", "image": keys[name][number], "answer": "real"} | values)
    return Parcel(world.link[name], [given])


def stored(world):
    with world.database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Rating))


def hand_in(desk, parcels):
    """Hand in all at once; the outcome of each."""

    async def together():
        return await asyncio.gather(*map(desk.hand_in, parcels), return_exceptions=True)

    with ThreadPoolExecutor(1) as pool:  # beside whatever event loop runs here
        return pool.submit(asyncio.run, together()).result()


def test_many_at_once_are_each_acknowledged_and_stored_once(world, desk, keys):
    parcels = [answer(world, keys, name, number) for number in range(8) for name in keys]
    commits = []
    world.database.after_write(lambda: commits.append(stored(world)))
    outcomes = hand_in(desk, parcels + parcels[:5])  # five of them twice
    assert all(isinstance(one, Receipt) and len(one.saved) == 1 and not one.refused for one in outcomes)
    assert stored(world) == len(parcels) == commits[-1]
    assert len(commits) < len(parcels)  # they shared commits


def test_a_wrong_link_is_refused_alone(world, desk, keys):
    outcomes = hand_in(desk, [answer(world, keys, "ED1", 0), Parcel("x" * 32), answer(world, keys, "ED2", 0)])
    assert [type(one) for one in outcomes] == [Receipt, Unknown, Receipt]
    assert stored(world) == 2


def test_what_fails_fails_alone(world, desk, keys, monkeypatch):
    """An error that nobody foresaw with one of them leaves the others stored, each once."""
    record = desks.record

    def spoiled(session, parcels):
        outcomes = record(session, parcels)
        if any(one.answers[0].id == "entry-ED1-3" for one in parcels):
            raise RuntimeError("unforeseen")
        return outcomes

    monkeypatch.setattr(desks, "record", spoiled)
    outcomes = hand_in(desk, [answer(world, keys, "ED1", number) for number in range(6)])
    assert [isinstance(one, Receipt) for one in outcomes] == [True, True, True, False, True, True]
    assert stored(world) == 5


def test_too_many_are_told_to_come_again(world, desk, keys, monkeypatch):
    monkeypatch.setattr(desks, "MOST_WAITING", 0)
    (outcome,) = hand_in(desk, [answer(world, keys, "ED1", 0)])
    assert isinstance(outcome, Busy)
    assert stored(world) == 0


def test_an_answer_is_sent_back_where_the_sender_did_not_know_all(world, desk, keys):
    (first,) = hand_in(desk, [answer(world, keys, "ED1", 0)])
    assert first.answers[keys["ED1"].index(keys["ED1"][0])] == ("real", None)  # she knew nothing
    parcel = answer(world, keys, "ED1", 1)
    (second,) = hand_in(desk, [Parcel(parcel.token, parcel.answers, known=first.count)])
    assert (second.answers, second.count) == (None, 2)
    hand_in(desk, [answer(world, keys, "ED1", 2)])  # from another device
    parcel = answer(world, keys, "ED1", 3)
    (fourth,) = hand_in(desk, [Parcel(parcel.token, parcel.answers, known=second.count)])
    assert [one[0] for one in fourth.answers][:5] == ["real"] * 4 + [None]
    refused = answer(world, keys, "ED1", 0, id="entry-off-the-scale", confidence=9)
    (fifth,) = hand_in(desk, [Parcel(refused.token, refused.answers, known=fourth.count)])
    assert fifth.refused
    assert fifth.answers == fourth.answers  # what holds instead


def test_viewings_go_with_them(world, desk, keys):
    seen = Seen(id="a-viewing", image=keys["ED1"][0], visible_ms=10.0)
    hand_in(desk, [Parcel(world.link["ED1"], (), [seen]), Parcel(world.link["ED1"], (), [seen])])
    with world.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Viewing)) == 1


def test_nobody_waits_for_the_failures_of_others_while_the_database_is_away():
    database, attempts, all_wait = (
        Database("postgresql+psycopg://someone@127.0.0.1:1/none"),
        [],
        threading.Event(),
    )

    def count(*_: object) -> None:
        attempts.append(all_wait.wait(60))

    sa.event.listen(database.engine, "do_connect", count)
    desk = Desk(database)

    async def together():
        handed = [asyncio.create_task(desk.hand_in(Parcel("x" * 32))) for _ in range(300)]
        await asyncio.sleep(0)
        all_wait.set()
        return await asyncio.gather(*handed, return_exceptions=True)

    with ThreadPoolExecutor(1) as pool:
        outcomes = pool.submit(asyncio.run, together()).result()
    desk.close()
    database.close()
    assert {outage_of(one) for one in outcomes} == {Outage.AWAY}
    assert len(attempts) == 1


def test_no_answer_costs_a_walk_through_a_table(world, desk, keys, monkeypatch):
    """What is asked of the database for an answer goes by indexes: the same work in a study of any size."""
    sqlite = world.database.engine.dialect.name == "sqlite"
    plans, ask = [], trips.ask

    def explaining(session, *questions):
        connection = session.connection()
        driver = connection.connection.driver_connection
        if not sqlite:
            driver.execute("SET LOCAL enable_seqscan = off")  # small tables are walked through sooner
        for statement, values in questions:
            text = statement.written(connection.dialect).text
            rows = driver.execute(f"EXPLAIN {'QUERY PLAN' if sqlite else ''} {text}", values).fetchall()
            plans.append("\n".join(map(str, rows)))
        return ask(session, *questions)

    monkeypatch.setattr(trips, "ask", explaining)
    parcels = [
        answer(world, keys, name, number, id=f"entry-{name}{number}") for number in (0, 1) for name in keys
    ]
    outcomes = hand_in(desk, parcels)
    assert all(len(one.saved) == 1 for one in outcomes)
    assert len(plans) >= 4
    tables = ("presentations", "ratings", "viewings", "raters", "invitations", "studies")
    for plan in plans:
        assert not any(f"{walk} {table}" in plan for walk in ("SCAN", "Seq Scan on") for table in tables), (
            plan
        )
