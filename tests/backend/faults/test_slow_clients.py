"""Clients that trickle, take nothing in or come by the hundred: they are cut off, and others are served."""

import re
import select
import socket
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from backend.settings import Settings
from tests.browser.serving import launch

MANY, MOST = 300, 500
# The limits are the server's own, only shorter: the descriptors leave room for MOST connections.
IMPATIENT = f"""
import resource
from backend import connections
connections.HEAD_S = connections.BODY_WINDOW_S = connections.STALLED_S = connections.LINGERING_S = 2.0
limit = {MOST} + connections.SPARE_FILES
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
"""
TRICKLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "
FORM = b"Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n"
BODY = b"POST /admin/login HTTP/1.1\r\n" + FORM + b"\r\nemail="


@pytest.fixture(scope="module")
def address(tmp_path_factory, blank_sqlite):
    folder = tmp_path_factory.mktemp("slow")
    settings = Settings(data_dir=folder, database_url=f"sqlite:///{blank_sqlite}")
    process, address = launch(settings, folder / "server.log", before=IMPATIENT)
    parts = urlsplit(address)
    yield parts.hostname, parts.port
    process.terminate()
    process.wait(timeout=30)


@pytest.fixture
def connect(address):
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(socket.create_connection(address, timeout=60)))


def get(address, path: str = "/healthz") -> tuple[int, str | None, str]:
    with closing(HTTPConnection(*address, timeout=60)) as connection:
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.getheader("Retry-After"), reply.read().decode()


def everything(client: socket.socket) -> bytes:
    """What comes until the server ends the connection."""
    parts = []
    while part := client.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


def test_trickling_headers_are_cut_off_while_others_are_served(address, connect):
    clients = [connect() for _ in range(MANY)]
    for client in clients:
        client.sendall(TRICKLE)
    assert get(address)[0] == 200
    # Each byte is a sign of life, and none of them buys time.
    ends = time.monotonic() + 30
    while time.monotonic() < ends and _send(clients[0], b"a"):
        time.sleep(0.1)
    assert time.monotonic() < ends
    for client in clients[1:]:
        assert everything(client).startswith(b"HTTP/1.1 408 ")


def _send(client: socket.socket, data: bytes) -> bool:
    try:
        client.sendall(data)
    except OSError:
        return False
    return True


def test_a_connection_that_says_nothing_is_closed_without_a_word(connect):
    assert everything(connect()) == b""


def test_a_body_that_does_not_come_is_given_up(connect):
    client = connect()
    client.sendall(BODY)
    assert everything(client).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_was_refused_is_taken_in_for_a_while_only(connect):
    client = connect()
    client.sendall(BODY.replace(b"Length: 5000", b"Length: 5000000"))
    assert client.recv(1 << 16).startswith(b"HTTP/1.1 413 ")
    ends = time.monotonic() + 30
    while time.monotonic() < ends and _send(client, b"a" * 1000):
        time.sleep(0.01)
    assert time.monotonic() < ends


def test_what_follows_a_body_that_was_refused_is_answered(connect):
    client = connect()
    client.sendall(BODY.replace(b"Length: 5000", b"Length: 2000006") + b"a" * 1000)
    answers = client.recv(1 << 16)
    assert answers.startswith(b"HTTP/1.1 413 ")
    client.sendall(b"a" * (2_000_000 - 1000) + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    while b'{"status":"ok"}' not in answers:
        part = client.recv(1 << 16)
        assert part, answers
        answers += part


def test_a_second_request_may_not_trickle_either(connect):
    client = connect()
    client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert client.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
    client.sendall(TRICKLE)
    assert b"HTTP/1.1 408 " in everything(client)


def test_headers_without_end_are_refused(connect):
    client = connect()
    for _ in range(200):
        if not _send(client, TRICKLE + b"a" * 1000):
            break
    assert client.recv(20).startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))


def test_who_takes_no_answer_in_is_cut_off(address, connect):
    asset = re.search(r'"(/static/[^"]+\.css[^"]*)"', get(address, "/admin/login")[2]).group(1)
    size = len(get(address, asset)[2])
    client = connect()
    for _ in range(20_000_000 // size):  # more than the buffers on the way can hold
        client.sendall(f"GET {asset} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    began = time.monotonic()
    gone = select.poll()
    gone.register(client, select.POLLRDHUP)
    assert gone.poll(60_000)
    assert time.monotonic() - began > 1.0  # not at once: because nothing was read


def test_more_connections_than_fit_are_told_to_come_back(address, connect):
    clients = [connect() for _ in range(MOST)]
    assert get(address)[:2] == (503, "5")
    for client in clients:
        client.close()
    ends = time.monotonic() + 60
    while get(address)[0] == 503:
        assert time.monotonic() < ends
    assert get(address)[0] == 200
