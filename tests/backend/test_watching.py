"""Watching a study: what is flagged, what is kept back, and word of a write across processes."""

import asyncio
import http.client
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from datetime import UTC, datetime, timedelta
from threading import Event, Thread, Timer
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from backend import accounts
from backend.app import connect
from backend.database.changes import Changes
from backend.database.pace import Pace, paces
from backend.database.sessions import Database
from backend.routes.admin import live
from backend.studies import editing, invitations, lifecycle
from backend.watching.board import board
from backend.watching.flags import ABSENT, flags
from tests.backend.conftest import ADMIN, add_admin
from tests.browser.serving import launch

NOW = datetime(2026, 1, 10, tzinfo=UTC)
USUAL = {"begun": NOW - timedelta(hours=1), "last": NOW, "finished": False, "now": NOW}


@pytest.mark.parametrize(
    ("pace", "times", "found"),
    [
        (Pace(12, 8, timed=20, median_ms=3100.0), {}, []),
        (Pace(12, 8, timed=20, median_ms=640.0), {}, ["fast: half of 20 answers within 0.6 s"]),
        (Pace(5, 4, timed=9, median_ms=640.0), {}, []),  # too few to say
        (Pace(19, 1), {}, ["one answer: 19 of 20 real"]),
        (Pace(0, 25), {}, ["one answer: 25 of 25 fake"]),
        (Pace(18, 2), {}, []),
        (Pace(19, 0), {}, []),
        (Pace(), {"last": None, "begun": NOW - ABSENT}, ["absent for 2 days"]),
        (Pace(5, 5), {"last": NOW - timedelta(days=9)}, []),  # she began an hour ago: clocks differ
        (
            Pace(5, 5),
            {"last": NOW - timedelta(days=9), "begun": NOW - timedelta(days=10)},
            ["absent for 9 days"],
        ),
        (Pace(5, 5), {"last": NOW - ABSENT, "begun": NOW - ABSENT, "finished": True}, []),
        (Pace(), {"begun": None, "last": None}, []),  # invited, not begun
    ],
)
def test_what_is_flagged(pace, times, found):
    assert flags(pace, **USUAL | times) == found


def rate_with_times(browser, link, given):
    browser.post(f"/r/{link}/start", data={"agree": "1"})
    steps = browser.get(f"/r/{link}/rate/1").text

    images = [
        one["key"]
        for one in json.loads(re.search(r'id="trial">(.*?)</script>', steps, re.DOTALL)[1])["steps"]
    ]
    entries = [
        {"id": f"answer-{n}", "image": images[n], "answer": answer, "response_ms": ms, "age_ms": 100 - n}
        for n, (answer, ms) in enumerate(given)
    ]
    reply = browser.post(f"/r/{link}/answers", json={"answers": entries}).json()
    assert len(reply["saved"]) == len(given), reply


def test_the_board_counts_and_keeps_the_truth_back(world, browse):
    rate_with_times(browse(), world.link["ED1"], [("real", 1000.0), ("real", 3000.0), ("fake", 2000.0)])
    rate_with_times(browse(), world.link["ED2"], [("fake", 500.0), ("fake", 900.0)])
    with world.database.read() as session:
        study = lifecycle.get_study(session, world.study.id)
        found = paces(session, study.id)
        first, second = (found[line.progress.rater.id] for line in board(session, study).lines[:2])
        assert (first.real, first.fake, first.timed, first.median_ms) == (2, 1, 3, 2000.0)
        assert (second.real, second.fake, second.timed, second.median_ms) == (0, 2, 2, 700.0)
        assert [line.accuracy for line in board(session, study).lines] == [None] * 3
        assert [line.seconds for line in board(session, study).lines] == [2.0, 0.7, None]
        right = [first.right, second.right]
    with world.database.write() as session:
        editing.change_options(session, world.study.id, {"live_accuracy": True, "seal_results": True})
        study = lifecycle.get_study(session, world.study.id)
        assert board(session, study).with_accuracy is False  # sealed is sealed
        editing.change_options(session, world.study.id, {"seal_results": False})
        assert [line.accuracy for line in board(session, study).lines] == [right[0] / 3, right[1] / 2, None]
        editing.change_options(session, world.study.id, {"live_accuracy": False})
        assert board(session, study).with_accuracy is False
        lifecycle.set_state(session, world.study.id, "closed")
        assert [line.accuracy for line in board(session, study).lines] == [right[0] / 3, right[1] / 2, None]


def test_another_process_writes_and_watchers_are_told(settings, world):
    """Two databases of one address stand for two servers: nothing is shared but the database."""
    here, there = Database(settings.database), Database(settings.database)
    changes, others = Changes(here), Changes(there)

    async def scenario():
        with changes.watch() as watching:
            await watching.wait(0, 2)  # the first look
            await asyncio.sleep(1)
            began = time.monotonic()
            with there.write() as session:
                invitations.invite(session, world.study.id, "ED", 1)
            assert await watching.wait(0, 20)
            told = time.monotonic() - began
            waiting = asyncio.create_task(watching.wait(0, 20))
            await asyncio.sleep(0.1)
            changes.close()
            assert await waiting is False
            return told

    with closing(here), closing(there):
        # In a thread of its own: the browser tests leave an event loop running in this one.
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(asyncio.run, scenario()).result() < 10
        others.close()
        for one in (changes, others):
            one.join()


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_server_that_ends_waits_for_who_tells_of_the_last_write(world, application):
    """Or its connection to the database would stay open."""
    connect(application, world.settings)
    database = application.state.database
    telling, go_on = Event(), Event()

    @sa.event.listens_for(database.engine, "before_cursor_execute")
    def hold(_connection, _cursor, statement, *_):
        if statement.startswith("NOTIFY"):
            telling.set()
            go_on.wait(20)

    def go_on_while_it_ends():
        while not application.state.changes.closed:
            time.sleep(0.01)
        Timer(0.1, go_on.set).start()

    taken, when_disposed = [], []
    sa.event.listen(database.engine, "checkout", lambda *_: taken.append(1))
    sa.event.listen(database.engine, "checkin", lambda *_: taken.pop())
    sa.event.listen(database.engine, "engine_disposed", lambda _: when_disposed.append(len(taken)))
    with TestClient(application):
        with database.write() as session:
            session.execute(sa.text("SELECT 1"))
        assert telling.wait(20)
        assert taken == [1]
        Thread(target=go_on_while_it_ends).start()
    assert when_disposed == [0]


def stream(address, cookie, study_id):
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.request("GET", f"/admin/studies/{study_id}/live", headers={"Cookie": cookie})
    return connection, connection.getresponse()


def next_table(response):
    """The next table that the stream brings."""
    lines = []
    while line := response.readline().decode().rstrip("\n"):
        lines.append(line)
    if lines and lines[0] == "event: progress":
        return "\n".join(line.removeprefix("data: ") for line in lines[1:])
    return next_table(response)


def test_a_page_that_is_open_outlives_a_database_that_is_away(settings, world, monkeypatch):
    monkeypatch.setattr(live, "SHORTEST_S", 0.01)
    monkeypatch.setattr(live, "LONGEST_S", 0.01)
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    asked = iter([(world.database, "one"), (away, "two"), (world.database, "three")])
    changes = Changes(world.database)

    def table():
        database, name = next(asked)
        with database.read() as session:
            session.execute(sa.text("SELECT 1"))
        return name

    async def scenario():
        with closing(away):
            async with aclosing(live._events(changes, table)) as events:
                return [await anext(events) for _ in range(4)]

    with ThreadPoolExecutor(1) as pool:
        retry, before, meanwhile, after = pool.submit(asyncio.run, scenario()).result()
    changes.close()
    changes.join()
    assert retry.startswith("retry:")
    assert before == "event: progress\ndata: one\n\n"
    assert meanwhile.startswith(":")
    assert after == "event: progress\ndata: three\n\n"


@pytest.fixture
def two_servers(world, tmp_path):
    """Two processes on one database, and their addresses."""
    servers = [launch(world.settings, tmp_path / f"{name}.log") for name in ("one", "two")]
    yield servers
    for process, _ in servers:
        process.kill()
        process.wait(timeout=20)


def test_two_servers_one_database_a_live_page_and_a_quick_stop(world, two_servers):
    add_admin(world)
    opened = accounts.log_in(world.database, ADMIN, "a password of my own", hours=1)
    (watched, here), (_, there) = two_servers
    connection, response = stream(here, f"dermvtt_session={opened.token}", world.study.id)
    assert response.status == 200
    assert response.getheader("Content-Type").startswith("text/event-stream")
    assert "0 answers are in" in next_table(response)
    rater = http.client.HTTPConnection(urlsplit(there).netloc, timeout=30)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for path, body in (("start", "agree=1"), ("rate/1", "answer=real&submission=submission-1")):
        rater.request("POST", f"/r/{world.link['ED1']}/{path}", body, form)
        rater.getresponse().read()
    rater.close()
    while "1 answers are in" not in (table := next_table(response)):
        pass
    assert "Right" not in table  # what is right is kept back
    other = accounts.log_in(world.database, ADMIN, "a password of my own", hours=1)
    line, ended = stream(here, f"dermvtt_session={other.token}", world.study.id)
    assert "1 answers are in" in next_table(ended)
    with world.database.write() as session:
        accounts.log_out(session, other.token, by=ADMIN)
    ended.read()  # to its end, long before a stream ends by itself; the other one goes on
    line.close()
    began = time.monotonic()
    watched.terminate()
    watched.wait(timeout=20)
    assert time.monotonic() - began < 8  # a stream that does not end holds it up for ten seconds
    response.read()
    connection.close()


def test_the_stream_is_for_admins(browser, world):
    assert browser.get(f"/admin/studies/{world.study.id}/live").status_code == 303
