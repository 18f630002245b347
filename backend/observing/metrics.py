"""Numbers for Prometheus: requests by route and status, answers, what is in use.

Labels are route templates, never addresses: those hold tokens, and are without end. Nothing is told apart by
what an image is. Several processes of one machine share their numbers through the folder that the environment
variable PROMETHEUS_MULTIPROC_DIR names, and each then answers for all: workers of one server do so by
themselves (``shared``), several servers where an operator sets it.
"""

import hmac
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from wsgiref.simple_server import WSGIServer

if _folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    Path(_folder).mkdir(mode=0o700, parents=True, exist_ok=True)

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from sqlalchemy import Engine, event

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The library's variable, which it looks at when it is first imported."""
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
CONTENT_TYPE = CONTENT_TYPE_LATEST

REQUESTS = Counter("dermvtt_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram("dermvtt_request_seconds", "Seconds until it was answered.", ["route"], buckets=BUCKETS)
IN_FLIGHT = Gauge("dermvtt_requests_in_flight", "Requests being answered.", multiprocess_mode="livesum")
REFUSED = Counter("dermvtt_requests_refused", "Requests refused because the server was busy.", ["kind"])
ANSWERS = Counter("dermvtt_answers", "Answers acknowledged as durably stored.")
CONNECTIONS = Gauge(
    "dermvtt_database_connections",
    "Connections to the database: open, and of these in use.",
    ["state"],
    multiprocess_mode="livesum",
)
BUILD = Gauge(
    "dermvtt_build_info", "Always 1; what is running.", ["version", "python"], multiprocess_mode="livemax"
)
BUILD.labels(version("dermvtt"), platform.python_version()).set(1)


def exposition() -> bytes:
    """All numbers in Prometheus' text format, of every process that shares the folder."""
    return generate_latest(_registry())


def allowed(token: str, authorization: str) -> bool:
    """Whether a request's Authorization header carries the token; without a token nobody may look."""
    return bool(token) and hmac.compare_digest(f"Bearer {token}".encode(), authorization.encode())


@contextmanager
def shared() -> Iterator[None]:
    """Let the processes that are started in this block count as one, unless an operator has seen to it."""
    if FOLDER in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="dermvtt-metrics-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


def forget(process: int) -> None:
    """A process that counted with others has ended: what it did stays counted, what it held does not."""
    if FOLDER in os.environ:
        mark_process_dead(process)


def serve_apart(host: str, port: int) -> tuple[WSGIServer, Thread]:
    """Serve the numbers at an address of their own; raises ``OSError`` where that cannot be used."""
    return start_http_server(port, host, _registry())


def watch_pool(engine: Engine) -> None:
    """Count an engine's connections as they come and go."""
    opened, used = CONNECTIONS.labels("open"), CONNECTIONS.labels("in_use")
    event.listen(engine, "connect", lambda *_: opened.inc())
    event.listen(engine, "close", lambda *_: opened.dec())
    event.listen(engine, "checkout", lambda *_: used.inc())
    event.listen(engine, "checkin", lambda *_: used.dec())


def _registry() -> CollectorRegistry:
    if FOLDER not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry
