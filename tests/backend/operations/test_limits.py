"""What a real server refuses: too large, too long, too much at once, meant for somebody else."""

import asyncio
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPException

import pytest

from backend.app import connect
from backend.routes.middleware import limits
from backend.routes.middleware.busy import Busy
from tests.backend.operations.deployed import deployed
from tests.backend.operations.test_ending import begin, until
from tests.support import consent

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


def test_limits_of_a_real_server(world, tmp_path):
    consent(world)
    link = f"/r/{world.link['ED1']}"
    environment = {
        "DERMVTT_REQUEST_SECONDS": 3,
        "DERMVTT_MOST_REQUESTS": 3,
        "DERMVTT_KEEP_ALIVE": 1,
        "DERMVTT_TRUSTED_PROXIES": "127.0.0.0/8",
        "DERMVTT_PUBLIC_URL": "https://study.example.org",
    }
    ours = {"Host": "study.example.org"}
    with deployed(world.settings, tmp_path / "log", **environment) as server:
        assert server.get(f"{link}/review", **ours).status == 200
        # Another name: refused, but not to those who ask after the server's health.
        assert server.get(link, Host="rebound.example.net").status == 421
        assert server.get("/healthz", Host="10.0.0.7:8000").status == 200
        # Headers of more than 16 KiB are not read.
        assert server.get(link, **ours, X_Large="x" * 12_000).status == 303
        assert server.get(link, **ours, X_Large="x" * 18_000).status in {400, 431}
        assert refused_or_cut_off(server, 400_000)
        # Whom a trusted proxy names is whom the log names.
        server.get("/nowhere", **ours, X_Forwarded_For="198.51.100.7, 203.0.113.9")
        # Three requests at a time.
        held = [begin(server, f"{link}/language", "study.example.org") for _ in range(3)]
        until(lambda: server.get(f"{link}/state", **ours).status == 503)
        refused = server.get(f"{link}/state", **ours, Accept="application/json")
        assert json.loads(refused.text)["error"].startswith("The server is busy")
        assert refused.headers["retry-after"] == "5"
        # What does not go on is given up after its time.
        for slow in held:
            with closing(slow):
                reply = slow.recv(4096)
                assert reply.startswith(b"HTTP/1.1 503")
                assert b"retry-after: 5" in reply.lower()
        until(lambda: server.get(f"{link}/state", **ours).status == 200)
        # An idle connection is let go.
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=20)) as idle:
            idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            began, received = time.monotonic(), b"x"
            while received:
                received = idle.recv(4096)
            assert time.monotonic() - began < 15
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    clients = {line.get("path"): line["client"] for line in lines if "client" in line}
    assert clients["/nowhere"] == "203.0.113.9"


def test_who_is_refused_before_all_was_sent_is_told_why(world, tmp_path):
    """And not reset, as by a server that closes without taking in what still comes."""
    large, kind = b"x" * (8 << 20), {"Content_Type": "multipart/form-data; boundary=x"}
    with deployed(world.settings, tmp_path / "log") as server:
        upload = server.ask("POST", "/admin/mixes/upload", large, **kind)
        assert (upload.status, upload.headers["location"]) == (303, "/admin/login")
        form = server.ask("POST", "/admin/login", large, **kind)
        assert (form.status, "too large" in form.text) == (413, True)


EXPORT, ANSWER = "/admin/studies/1/ratings.csv", "/r/token/answers"


def test_exports_are_bounded_and_answers_go_on_beside_them(application, world):
    connect(application, world.settings.model_copy(update={"most_exports": 2, "most_requests": 5}))

    async def told(busy, path):
        """The status of the answer, and when to come back; none where the request went through."""
        sent = []

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": path, "headers": [], "app": application}
        scope |= {"query_string": b"", "state": {"request_id": "1"}, "server": ("x", 80), "scheme": "http"}
        await busy(scope, None, send)
        return (sent[0]["status"], dict(sent[0]["headers"])[b"retry-after"]) if sent else None

    async def many():
        go_on = asyncio.Event()

        async def slow(scope, receive, send):
            await go_on.wait()

        busy = Busy(slow)
        running = []
        for path in (EXPORT, EXPORT, ANSWER, ANSWER):
            running.append(asyncio.create_task(told(busy, path)))
        await asyncio.sleep(0)
        third = await told(busy, EXPORT)
        running.append(asyncio.create_task(told(busy, ANSWER)))
        await asyncio.sleep(0)
        sixth = await told(busy, ANSWER)
        go_on.set()
        return third, sixth, await asyncio.gather(*running), await told(busy, EXPORT)

    refused = (503, b"5")
    # In a thread of its own: the browser tests leave an event loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: asyncio.run(many())).result() == (refused, refused, [None] * 5, None)


def refused_or_cut_off(server, size):
    """Whether so large a header is refused, be it while it is still being sent."""
    try:
        return server.get("/healthz", X_Large="x" * size).status in {400, 431}
    except (ConnectionError, HTTPException):
        return True


def test_without_trusted_proxies_nobody_is_believed(world, tmp_path):
    with deployed(world.settings, tmp_path / "log") as server:
        server.get("/nowhere", X_Forwarded_For="203.0.113.9")
    assert "203.0.113.9" not in (tmp_path / "log").read_text()


def test_an_address_may_be_given_more_room(browser, monkeypatch):
    body = b"x" * ((1 << 20) + 1)
    kind = {"Content-Type": "application/octet-stream"}
    assert browser.post("/admin/login", content=body, headers=kind).status_code == 413
    monkeypatch.setitem(limits.ALLOWANCES, r"/admin/log[a-z]+", limits.Allowance(2 << 20, timed=False))
    assert browser.post("/admin/login", content=body, headers=kind).status_code != 413
    assert browser.post("/admin/loginx/y", content=body, headers=kind).status_code == 413
    larger = b"x" * ((2 << 20) + 1)
    assert browser.post("/admin/login", content=larger, headers=kind).status_code == 413
