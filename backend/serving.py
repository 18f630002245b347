"""Running the web application with uvicorn."""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from types import FrameType

import uvicorn

from backend import connections, workers
from backend.observing import metrics
from backend.observing.logs import configure_logs
from backend.settings import Settings
from training.errors import UserError

GRACEFUL_SECONDS = 10
COLLECT_AFTER = (10_000, 10, 10)
"""Thresholds of ``gc``: a request makes some thousand objects, nearly none of which refer to themselves."""
HAND_OVER_S = 0.0005
"""After which the interpreter is taken from a thread that another one waits for."""
BACKLOG = 2048
"""Connections that the system takes before the server does, as uvicorn has it."""


def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serve until interrupted; calls ``ready`` with the address once raters can be served.

    Raises ``UserError`` where the schema is behind or the address cannot be listened on.
    """
    with closing(listen(settings)) as listener:
        # Port 0 asks for any free one: links must name the one that was given.
        port = listener.getsockname()[1]
        settings = settings.model_copy(update={"port": port})
        configure_logs(settings.log_level, settings.log_format)
        if settings.workers == 1:
            run(settings, listener, ready)
            return
        looked_at = settings.metrics_port or settings.metrics_token.get_secret_value()
        with metrics.shared() if looked_at else nullcontext():
            _serve_metrics(settings)
            gc.enable()  # who only supervises is not tuned below
            alone = settings.model_copy(update={"metrics_port": 0})
            workers.supervise(alone, listener, ready, run)


def run(settings: Settings, listener: socket.socket, ready: Callable[[str], None]) -> None:
    """Serve in this process until interrupted."""
    gc.disable()  # until all is made, it would look for what is not there
    from backend.app import create_app  # noqa: PLC0415 - who only supervises workers needs none of it
    from backend.routes.middleware.limits import LARGEST_HEAD  # noqa: PLC0415 - as above

    configure_logs(settings.log_level, settings.log_format)  # again: workers start from nothing
    app = create_app(settings)
    _tune()
    _serve_metrics(settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # its lines would hold raters' links; the application writes its own
        server_header=False,
        http=connections.protocol(),
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        timeout_keep_alive=settings.keep_alive,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
    ending = Ending(app.state.readiness.stop, app.state.changes.close, settings.shutdown_delay)
    server = _Server(config, lambda: ready(settings.base_url), ending)
    server.run(sockets=[listener])


def _tune() -> None:
    """Fit the interpreter to a server whose many small answers wait for one thread that stores them."""
    # What has been made by now stays. Left to itself, the collector goes through all of it again and again,
    # and everybody waits for that: 90 ms at a time. Going through it once more before is not worth them.
    gc.freeze()
    gc.enable()
    gc.set_threshold(*COLLECT_AFTER)
    # The thread at the desk lets go of the interpreter with each statement, and gets it back only when a
    # busy event loop is made to hand it over.
    sys.setswitchinterval(HAND_OVER_S)


def _serve_metrics(settings: Settings) -> None:
    if not settings.metrics_port:
        return
    try:
        metrics.serve_apart(settings.metrics_host, settings.metrics_port)
    except OSError as error:
        if metrics.FOLDER in os.environ and settings.workers == 1:
            return  # a server beside this one serves the numbers of both
        where = f"{settings.metrics_host}:{settings.metrics_port}"
        raise UserError(
            f"cannot serve metrics on {where} ({error.strerror}). Set DERMVTT_METRICS_PORT to another one."
        ) from error


@dataclass(frozen=True)
class Ending:
    """How a server ends: it says that it is not ready, goes on for ``delay`` seconds in which whoever spreads
    requests may notice, and then ends what would not end by itself: streams to watching admins.
    """

    announce: Callable[[], None]
    close: Callable[[], None]
    delay: float


class _Server(uvicorn.Server):
    """A server that says when it is ready, and when it has been asked to stop."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], ending: Ending) -> None:
        super().__init__(config)
        self._ready = ready
        self._ending = ending
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Asked to stop, by a signal: politely the first time, at once the second and by Ctrl-C."""
        self._ending.announce()
        polite = sig == signal.SIGTERM and not self._asked and self._loop is not None
        self._asked = True
        if polite and self._ending.delay:
            self._loop.call_soon_threadsafe(self._loop.call_later, self._ending.delay, self._end)
        elif sig == signal.SIGTERM:
            self._end()
        else:
            super().handle_exit(sig, frame)
            self._ending.close()

    def _end(self) -> None:
        # Not uvicorn's own way, which raises the signal again in the end: a server that was asked to end and
        # did so has not failed.
        self.should_exit = True
        self._ending.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._ready()


def listen(settings: Settings) -> socket.socket:
    """A socket that listens where the settings say; raises ``UserError`` where it cannot."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's algorithm off only where it is: without, an answer
    # on an open connection waits 40 ms for nothing.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        # At once: until somebody listens, another server could take the same address.
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        where = f"{settings.host}:{settings.port}"
        raise UserError(
            f"cannot listen on {where} ({error.strerror}). Choose another port with --port, or DERMVTT_PORT."
        ) from error
    return listener
