"""Connections that may not hold a server up: too slow ones are cut off, too many are turned away.

A browser sends a request in one go. Who lets it trickle, takes no answer in, or opens connections without end
costs a server memory and descriptors that others need. uvicorn itself waits for such clients for ever.
"""

import resource
import socket
import struct
from asyncio import BaseTransport, TimerHandle
from enum import Enum

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEAD_S = 10.0
"""In which a request's first line and headers must be there, from its first byte or from the connection."""
LONGEST_HEAD = 64 << 10
BODY_WINDOW_S, BODY_WINDOW_BYTES = 10.0, 4096
"""A body that has not ended brings at least so much in each window."""
STALLED_S = 60.0
"""An answer of which nothing more was taken in for so long has lost its reader."""
LINGERING_S = 60.0
"""For which the rest of a body is taken in that was answered before it had come: to close at once would be a
reset, upon which browsers throw away the answer, and their users never learn why the upload was refused."""
AT_ONCE = struct.pack("ii", 1, 0)
SPARE_FILES = 256
"""Descriptors that are kept for the database, images and all else."""

TOO_SLOW = (408, "Request Timeout", "The request did not arrive in time.")
TOO_LONG = (431, "Request Header Fields Too Large", "The request's headers are too long.")
TOO_MANY = (503, "Service Unavailable", "Too many connections just now.", "Retry-After: 5")
PLAIN = "Content-Type: text/plain; charset=utf-8"


class Awaited(Enum):
    """What a client still owes."""

    NOTHING = 0
    HEAD = 1
    BODY = 2
    REST = 3
    """Of a body that nobody reads any more."""


class PatientProtocol(AutoHTTPProtocol):
    """uvicorn's protocol with an end to its patience."""

    most_connections = 10_000

    def connection_made(self, transport: BaseTransport) -> None:
        """Someone has connected."""
        super().connection_made(transport)
        self._owed, self._brought, self._arriving = Awaited.NOTHING, 0, False
        self._patience: TimerHandle | None = None
        self._stalled: TimerHandle | None = None
        if len(self.connections) > self.most_connections:
            self._refuse(TOO_MANY)
        else:
            self._await(Awaited.HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        self._await(Awaited.NOTHING)
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A piece of a request, or one or several whole ones."""
        if self.transport.is_closing():
            return
        before, rest = self.cycle, self._owes() is Awaited.REST
        super().data_received(data)
        owed = self._owes()
        if owed is not self._owed or self.cycle is not before:
            self._await(owed)
        if not rest:
            self._brought += len(data)
        if owed is Awaited.HEAD and self._brought > LONGEST_HEAD:
            self._refuse(TOO_LONG)

    def on_headers_complete(self) -> None:
        """A request's head is there; from the parser, as the next."""
        self._arriving = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of a request is there."""
        self._arriving = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client is slower than the answer."""
        super().pause_writing()
        self._stalled = self._stalled or self.loop.call_later(STALLED_S, self._give_up)

    def resume_writing(self) -> None:
        """It has caught up."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()

    def _owes(self) -> Awaited:
        if self.transport.is_closing():
            return Awaited.NOTHING
        if self.cycle is None or self.cycle.response_complete:
            return Awaited.REST if self._arriving else Awaited.HEAD
        return Awaited.BODY if self.cycle.more_body else Awaited.NOTHING

    def _await(self, owed: Awaited) -> None:
        self._owed, self._brought = owed, 0
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        if owed is Awaited.HEAD:
            self._patience = self.loop.call_later(HEAD_S, self._lose_patience)
        elif owed is Awaited.BODY:
            self._patience = self.loop.call_later(BODY_WINDOW_S, self._look_at_body)
        elif owed is Awaited.REST:
            self._patience = self.loop.call_later(LINGERING_S, self._lose_patience)

    def _look_at_body(self) -> None:
        # While the application has enough to read, its client is not asked for more.
        if self._brought >= BODY_WINDOW_BYTES or self.flow.read_paused or self._owes() is not Awaited.BODY:
            self._await(self._owes())
        else:
            self._lose_patience()

    def _lose_patience(self) -> None:
        if self._owes() is not self._owed:
            self._await(self._owes())
        elif self._owed is Awaited.REST or (self._owed is Awaited.HEAD and not self._brought):
            self.transport.close()
        else:
            self._refuse(TOO_SLOW)

    def _give_up(self) -> None:
        if self.cycle is not None:
            self.cycle.disconnected = True  # before it writes once more: uvloop takes that for a mistake
        # A reset, or the system would keep what was not taken in for many minutes more.
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.transport.abort()

    def _refuse(self, why: tuple[int, str, *tuple[str, ...]]) -> None:
        self._await(Awaited.NOTHING)
        status, phrase, text, *more = why
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            head = [f"HTTP/1.1 {status} {phrase}", *more, "Connection: close", f"Content-Length: {len(text)}"]
            self.transport.write("\r\n".join([*head, PLAIN, "", text]).encode())
        self.transport.close()


def protocol() -> type[PatientProtocol]:
    """The protocol with as many connections as this process may hold, which is raised to all it can have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    at_once = max(64, most - SPARE_FILES) if most != resource.RLIM_INFINITY else 1_000_000
    return type("Protocol", (PatientProtocol,), {"most_connections": at_once})
