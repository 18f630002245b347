"""Readiness, and the end of a real server."""

import signal
import socket
import threading
import time
from contextlib import closing

import psycopg
import pytest
import sqlalchemy as sa

from backend.observing.readiness import Readiness
from tests.backend.conftest import add_admin
from tests.backend.operations.deployed import deployed

sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


def until(condition):
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def begin(server, path, host="x"):
    """Send all of a POST but the last byte of its body: it is in flight until that comes."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    connection.sendall(f"{head}Content-Length: 11\r\n\r\nlanguage=e".encode())
    return connection


@sqlite
def test_a_request_in_flight_is_answered_streams_end_and_new_ones_are_refused(world, tmp_path):
    with deployed(world.settings, tmp_path / "log", DERMVTT_SHUTDOWN_DELAY=1) as server:
        assert server.get("/readyz").status == 200
        pending = begin(server, f"/r/{world.link['ED1']}/language")
        server.process.send_signal(signal.SIGTERM)
        until(lambda: server.get("/readyz").status == 503)
        assert '"shutting down"' in server.get("/readyz").text  # goes on for now, and says so
        assert server.get("/healthz").status == 200
        until(lambda: refuses(server.port))
        assert server.process.poll() is None
        with closing(pending):
            pending.sendall(b"n")
            assert pending.recv(100).startswith(b"HTTP/1.1 303")
        assert server.process.wait(timeout=20) == 0
    assert "Cancel" not in (tmp_path / "log").read_text()


@sqlite
def test_an_open_stream_does_not_hold_up_the_end(world, tmp_path):
    add_admin(world)
    from backend import accounts
    from tests.backend.conftest import ADMIN, PASSWORD

    token = accounts.log_in(world.database, ADMIN, PASSWORD, 1).token
    with deployed(world.settings, tmp_path / "log") as server:
        connection = server.connect()
        path = f"/admin/studies/{world.study.id}/live"
        connection.request("GET", path, headers={"Cookie": f"dermvtt_session={token}"})
        stream = connection.getresponse()
        assert stream.readline().startswith(b"retry:")
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        stream.read()
        assert server.process.wait(timeout=20) == 0
        assert time.monotonic() - began < 9  # uvicorn's patience would have been 10 s
        connection.close()


def refuses(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_what_is_not_ready_is_named_and_nothing_else(browser, world):
    assert browser.get("/readyz").status_code == 200
    with world.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    behind = browser.get("/readyz")
    assert behind.status_code == 503
    assert behind.json()["parts"]["database"] == "the schema is behind: dermvtt migrate upgrades it"
    with world.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'zzzz'"))
    assert "newer" in browser.get("/readyz").json()["parts"]["database"]
    with world.database.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE alembic_version"))
    assert "missing" in browser.get("/readyz").json()["parts"]["database"]
    images = world.settings.images_dir
    images.rename(images.with_name("away"))
    images.write_text("a file, where a folder must be")
    assert browser.get("/readyz").json()["parts"]["storage"] == "failed"
    assert browser.get("/healthz").status_code == 200


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_database_that_is_gone_makes_not_ready_but_not_dead(browser, world, application):
    url = sa.make_url(world.settings.database)
    name = url.database
    world.database.close()
    application.state.database.close()
    address = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} RENAME TO {name}_away")
    reply = browser.get("/readyz")
    assert reply.status_code == 503
    assert reply.json()["parts"] == {"server": "ok", "database": "failed", "storage": "ok"}
    assert name not in reply.text
    assert browser.get("/healthz").status_code == 200


def test_a_part_that_never_answers_takes_bounded_time_and_one_thread():
    never, asked = threading.Event(), []

    def hangs():
        asked.append(1)
        never.wait(60)
        return "ok"

    readiness = Readiness({"database": hangs, "storage": lambda: "ok"}, longest=0.05)
    for _ in range(3):
        assert readiness.parts() == {"server": "ok", "database": "does not answer", "storage": "ok"}
    assert len(asked) == 1
    never.set()
    until(lambda: readiness.parts()["database"] == "ok")
