"""Connections and transactions, the same to the rest of the program on SQLite and on PostgreSQL."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from backend.database.columns import Base
from backend.database.outages import TurnMissed

LONGEST_WAIT_S = 4.0
"""For a turn, a lock or a connection, each: a browser gives a request up after ten seconds."""
CONNECTING_S = 5
FRESH_S = 0.5
"""A PostgreSQL connection that was used so shortly ago is taken to be good still."""
PLANS_S = 60
"""How long plans of prepared statements are kept: made while tables were small, they fit ever less as those
grow, and to make them for each answer anew takes a fifth of its time."""
SILENT_MS = 10_000
"""After which a PostgreSQL server that acknowledges nothing is taken for gone, where the system can tell."""


class Database:
    """An engine and its two kinds of transaction."""

    def __init__(self, url: str) -> None:
        self._open(_make_engine(url))

    def _open(self, engine: Engine) -> None:
        self.engine = engine
        self._readers = sessionmaker(self.engine, expire_on_commit=False)
        writers = self.engine.execution_options(dermvtt_writes=True)
        self._writers = sessionmaker(writers, expire_on_commit=False)
        # On SQLite every transaction is a snapshot; on PostgreSQL by itself only each query is.
        steady = {} if self.engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._snapshots = sessionmaker(self.engine.execution_options(**steady), expire_on_commit=False)
        # SQLite has one writer at a time and lets the others sleep and ask again, some of them for seconds.
        # In one process they queue up here instead, and each goes on as soon as the one before is done.
        self._turns = Lock() if self.engine.dialect.name == "sqlite" else None
        self._after_write: list[Callable[[], None]] = []

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that changes nothing."""
        with self._readers() as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A transaction that changes nothing and sees the database as it is now, however long it takes."""
        with self._snapshots() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that is durable when the block ends, and undone when it raises.

        Where the database cannot serve, what it raises is known to ``outages.outage_of``.
        """
        with self._turn(), self._writers.begin() as session:
            yield session
        for told in self._after_write:
            told()

    def after_write(self, told: Callable[[], None]) -> None:
        """Call this after every commit; it must be quick and must not raise."""
        self._after_write.append(told)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._turns is None:
            yield
            return
        # Bounded: behind one who waits for a locked file, the others must not wait for the sum of it all.
        if not self._turns.acquire(timeout=LONGEST_WAIT_S):
            raise TurnMissed
        try:
            yield
        finally:
            self._turns.release()


class InMemory(Database):
    """A database of our schema that lives in memory until it is closed, used by one thread at a time.

    All of them share an engine, and with it the statements that were put together once.
    """

    def __init__(self) -> None:
        self._open(_memory())
        # It is gone with its connection: there is one, and all transactions are on it.
        self._connection = self.engine.connect()
        self._connection.connection.dbapi_connection.deserialize(_blank())  # type: ignore[union-attr]
        for transactions in (self._readers, self._writers, self._snapshots):
            transactions.configure(bind=self._connection)

    def close(self) -> None:
        """Forget all of it."""
        self._connection.close()


@cache
def _memory() -> Engine:
    return _make_engine("sqlite://")


@cache
def _blank() -> bytes:
    """A database of our schema as SQLite writes it: to take that in is faster than to make the tables."""
    with _memory().connect() as connection:
        Base.metadata.create_all(connection)
        connection.commit()
        return connection.connection.dbapi_connection.serialize()  # type: ignore[union-attr]


def _make_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        patience = {"connect_timeout": CONNECTING_S, "tcp_user_timeout": SILENT_MS}
        engine = create_engine(
            parsed,
            connect_args={name: value for name, value in patience.items() if name not in parsed.query},
            pool_size=10,
            max_overflow=30,
            pool_timeout=LONGEST_WAIT_S,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _note_the_plans)
        event.listen(engine, "checkin", _note_the_time)
        event.listen(engine, "checkout", partial(_see_to_it, engine))
        return engine
    options: dict[str, Any] = {"connect_args": {"timeout": LONGEST_WAIT_S}}
    if parsed.database:
        Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    else:  # in memory: each connection is a database of its own, which threads may hand to each other
        options = {"connect_args": {"check_same_thread": False}, "poolclass": NullPool}
    engine = create_engine(parsed, hide_parameters=True, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _note_the_plans(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["planned"] = time.monotonic()


def _note_the_time(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["returned"] = time.monotonic()


def _see_to_it(engine: Engine, connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Make a PostgreSQL connection fit for use.

    One that nobody used for a while may have no server at its other end any more. The pool itself would look
    each time: between two answers that is a way there and back too many, and what breaks just then breaks in
    the middle of a transaction as well.
    """
    now = time.monotonic()
    try:
        if now - record.info["planned"] > PLANS_S:
            connection.execute("DISCARD PLANS")
            record.info["planned"] = now
        elif now - record.info.get("returned", -math.inf) > FRESH_S:
            connection.execute("")
        else:
            return
        connection.rollback()
    except engine.dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error  # the pool opens another one


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions of its own: it would begin them as readers, and a reader that
    # turns writer can fail with "database is locked" at once, without waiting.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("dermvtt_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
