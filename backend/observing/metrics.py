"""Numbers for Prometheus: requests by route and status, answers, what is in use.

Labels are route templates, never addresses: those hold tokens, and are without end. Nothing is told apart by
what an image is. Several processes of one machine share their numbers through the folder that the environment
variable PROMETHEUS_MULTIPROC_DIR names; each then answers for all.
"""

import hmac
import os
import platform
from importlib.metadata import version
from pathlib import Path
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
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import Engine, event

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


def serve_apart(host: str, port: int) -> tuple[WSGIServer, Thread] | None:
    """Serve the numbers at an address of their own; ``None`` where a process beside this one does already.

    Raises ``OSError`` where the address cannot be used.
    """
    try:
        return start_http_server(port, host, _registry())
    except OSError:
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            return None
        raise


def watch_pool(engine: Engine) -> None:
    """Count an engine's connections as they come and go."""
    opened, used = CONNECTIONS.labels("open"), CONNECTIONS.labels("in_use")
    event.listen(engine, "connect", lambda *_: opened.inc())
    event.listen(engine, "close", lambda *_: opened.dec())
    event.listen(engine, "checkout", lambda *_: used.inc())
    event.listen(engine, "checkin", lambda *_: used.dec())


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry
