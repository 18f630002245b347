"""What a real server refuses: too large, too long, too much at once, meant for somebody else."""

import json
import socket
import time
from contextlib import closing
from http.client import HTTPException

import pytest

from backend.routes.middleware import limits
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
        "DERMVTT_MOST_EXPORTS": 1,
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
        # One export at a time; answers go through beside it, until there are three requests.
        with closing(begin(server, "/admin/studies/1/results.csv", "study.example.org")) as export:
            until(lambda: server.get("/admin/studies/1/ratings.csv", **ours).status == 503)
            busy = server.get("/admin/studies/1/ratings.csv", **ours)
            assert busy.headers["retry-after"] == "5"
            assert server.get(f"{link}/state", **ours).status == 200
            with (
                closing(begin(server, f"{link}/language", "study.example.org")),
                closing(begin(server, f"{link}/language", "study.example.org")) as slow,
            ):
                until(lambda: server.get(f"{link}/state", **ours).status == 503)
                refused = server.get(f"{link}/state", **ours, Accept="application/json")
                assert json.loads(refused.text)["error"].startswith("The server is busy")
                assert refused.headers["retry-after"] == "5"
                # What does not go on is given up after its time.
                reply = slow.recv(4096)
                assert reply.startswith(b"HTTP/1.1 503")
                assert b"retry-after: 5" in reply.lower()
            assert export.recv(100).startswith(b"HTTP/1.1 503")
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
