"""Running the web application with uvicorn."""

import logging
import socket
from collections.abc import Callable
from contextlib import closing
from types import FrameType

import uvicorn

from backend import connections, workers
from backend.settings import Settings
from training.errors import UserError

GRACEFUL_SECONDS = 10
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serve until interrupted; calls ``ready`` with the address once raters can be served.

    Raises ``UserError`` where the schema is behind or the address cannot be listened on.
    """
    with closing(listen(settings)) as listener:
        # Port 0 asks for any free one: links must name the one that was given.
        port = listener.getsockname()[1]
        settings = settings.model_copy(update={"port": port})
        logging.basicConfig(level=settings.log_level, format=LOG_FORMAT)
        if settings.workers > 1:
            workers.supervise(settings, listener, ready, run)
        else:
            run(settings, listener, ready)


def run(settings: Settings, listener: socket.socket, ready: Callable[[str], None]) -> None:
    """Serve in this process until interrupted."""
    from backend.app import create_app  # noqa: PLC0415 - who only supervises workers needs none of it

    logging.basicConfig(level=settings.log_level, format=LOG_FORMAT)  # again: workers start from nothing
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # its lines would hold raters' links; the application writes its own
        server_header=False,
        http=connections.protocol(),
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
    # Streams to watching admins would hold a shutdown up until they end by themselves.
    server = _Server(config, lambda: ready(settings.base_url), app.state.changes.close)
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """A server that says when it is ready, and when it has been asked to stop."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], stopping: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Asked to stop, by a signal."""
        super().handle_exit(sig, frame)
        self._stopping()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
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
    except OSError as error:
        listener.close()
        where = f"{settings.host}:{settings.port}"
        raise UserError(
            f"cannot listen on {where} ({error.strerror}). Choose another port with --port, or DERMVTT_PORT."
        ) from error
    return listener
