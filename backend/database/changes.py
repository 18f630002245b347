"""Word of a write, to whoever watches: in this process and in every other one on the same database.

PostgreSQL passes it on by LISTEN and NOTIFY, SQLite by a counter in its file that other connections raise.
What changed is not said: who watches reads again, and now and then also without word.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from threading import Event, Lock, Thread
from types import TracebackType

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from backend.database.sessions import Database

log = logging.getLogger("dermvtt.changes")

CHANNEL = "dermvtt_changes"
GATHERING_S = 0.3
"""Writes within this time are told together: NOTIFY makes transactions wait for each other as they commit."""
POLLING_S = 0.5
AGAIN_S = 2.0
ENDING_S = 2.0


class Watching:
    """One watcher; ``wait`` from the event loop in which it was made. Leaving the block ends it."""

    def __init__(self, changes: "Changes") -> None:
        self._changes = changes
        self._loop = asyncio.get_running_loop()
        self._told = asyncio.Event()
        self._ended = asyncio.Event()

    async def wait(self, least: float, most: float) -> bool:
        """Until something was written since the last wait, at least and at most so many seconds.

        Returns whether to go on: false when the server is about to stop.
        """
        if not self._changes.closed and not await _within(self._ended, least):
            await _within(self._told, most)
        self._told.clear()
        return not self._changes.closed

    def tell(self) -> None:
        """Wake it, from any thread."""
        self._call(self._told.set)

    def end(self) -> None:
        """Wake it for the last time, from any thread."""
        self._call(self._ended.set)
        self._call(self._told.set)

    def _call(self, what: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:
            log.debug("a watcher's event loop has ended")

    def __enter__(self) -> "Watching":
        self._changes.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._changes.remove(self)


class Changes:
    """Who watches in this process, and the threads that bring word: started when first needed."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine
        self._watching: set[Watching] = set()
        self._guard = Lock()
        self._written = Event()
        self._end = Event()
        self._threads: dict[str, Thread] = {}
        if self._engine.dialect.name == "postgresql":
            database.after_write(self._ring)

    @property
    def closed(self) -> bool:
        """Whether all watching has ended."""
        return self._end.is_set()

    def watch(self) -> Watching:
        """A watcher for a ``with`` block."""
        return Watching(self)

    def add(self, watching: Watching) -> None:
        """Take a watcher in."""
        with self._guard:
            self._watching.add(watching)
        postgres = self._engine.dialect.name == "postgresql"
        self._start("listener", self._listen if postgres else self._poll)

    def remove(self, watching: Watching) -> None:
        """Let a watcher go."""
        with self._guard:
            self._watching.discard(watching)

    def close(self) -> None:
        """End all watching, at once; may be called again, and from a signal's handler."""
        self._end.set()
        self._written.set()
        for one in list(self._watching):
            one.end()

    def join(self) -> None:
        """After ``close``: wait, a moment at most, until the threads have let go of their connections.

        The engine cannot close those when it is disposed of, and whoever still holds one would leave it open.
        """
        with self._guard:
            threads = list(self._threads.values())
        ends = time.monotonic() + ENDING_S
        for thread in threads:
            thread.join(max(0.0, ends - time.monotonic()))

    def _start(self, name: str, work: Callable[[], None]) -> None:
        with self._guard:
            if name not in self._threads and not self.closed:
                self._threads[name] = Thread(target=work, name=f"changes-{name}", daemon=True)
                self._threads[name].start()

    def _tell(self) -> None:
        with self._guard:
            watching = list(self._watching)
        for one in watching:
            one.tell()

    def _ring(self) -> None:
        self._written.set()
        if "teller" not in self._threads:
            self._start("teller", self._notify)

    def _notify(self) -> None:
        while self._written.wait() and not self._end.wait(GATHERING_S):
            self._written.clear()
            try:
                with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text(f"NOTIFY {CHANNEL}"))
            except DBAPIError as error:
                log.info("no word of a change could be given: %s", type(error.orig).__name__)

    def _listen(self) -> None:
        import psycopg  # noqa: PLC0415 - 9 MB that a server on SQLite does not need

        address = _plain(self._engine)
        while not self.closed:
            try:
                with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._tell()  # what happened before is not told: look
                    while not self.closed:
                        for _ in connection.notifies(timeout=POLLING_S, stop_after=1):
                            self._tell()
            except psycopg.Error as error:
                log.info("no word of changes can be had: %s", type(error).__name__)
                self._end.wait(AGAIN_S)

    def _poll(self) -> None:
        # The counter is raised by every connection but the one that asks: this one only ever asks.
        seen = 0
        with closing(sqlite3.connect(self._engine.url.database or "", timeout=1)) as connection:
            while not self._end.wait(POLLING_S):
                if not self._watching:
                    continue
                try:
                    (now,) = connection.execute("PRAGMA data_version").fetchone()
                except sqlite3.Error as error:
                    log.info("no word of changes can be had: %s", type(error).__name__)
                    continue
                if now != seen:
                    seen = now
                    self._tell()


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _plain(engine: Engine) -> str:
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
