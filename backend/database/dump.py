"""All tables as rows, in one snapshot and the order in which they refer to each other; and back again."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    Engine,
    Integer,
    String,
    Table,
    delete,
    func,
    insert,
    inspect,
    null,
    select,
    text,
)
from sqlalchemy import table as named
from sqlalchemy.sql import FromClause

from backend.database.columns import Base, UtcTime
from backend.database.compatibility import current_revision

AT_ONCE = 500
PASSING = ("first_links", "login_failures")
"""Tables that a server may fill before anybody has an account, and that nobody misses."""
ABOUT_THE_SCHEMA = ("alembic_version", "schema_serves")
Row = list[Any]


def tables() -> list[Table]:
    """The program's tables, each after those that it refers to."""
    return list(Base.metadata.sorted_tables)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one moment of the database, however long it reads; writers go on meanwhile."""
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with engine.connect() as connection, connection.begin():
        yield connection


def revision(connection: Connection) -> str | None:
    """The schema's revision, as this transaction sees it."""
    return current_revision(connection)


def rows(connection: Connection, table: Table) -> Iterator[Row]:
    """A table's rows as JSON can hold them, in the order of its primary key, streamed."""
    keys = table.primary_key.columns
    if connection.dialect.name == "postgresql":
        # By bytes, as SQLite does, and not by some language's alphabet.
        keys = [key.collate("C") if isinstance(key.type, String) else key for key in keys]
    query = select(table).order_by(*keys)
    found = connection.execute(query.execution_options(yield_per=AT_ONCE))
    for row in found:
        yield [_plain(value) for value in row]


def count(connection: Connection, table: FromClause) -> int:
    """How many rows a table has."""
    return connection.scalar(select(func.count()).select_from(table)) or 0


def is_empty(connection: Connection) -> bool:
    """Whether no table holds a row that anybody would miss, be it another program's."""
    present = set(inspect(connection).get_table_names()).difference(PASSING, ABOUT_THE_SCHEMA)
    return not any(count(connection, named(name)) for name in present)


def forget_passing(connection: Connection) -> None:
    """Empty the tables that ``is_empty`` does not look at."""
    for table in tables():
        if table.name in PASSING:
            connection.execute(delete(table))


def fill(connection: Connection, table: Table, columns: list[str], given: Iterable[Row]) -> None:
    """Insert rows as ``rows`` gave them."""
    chosen = [table.c[name] for name in columns]
    waiting = []
    for row in given:
        waiting.append(
            {column.name: _stored(column, value) for column, value in zip(chosen, row, strict=True)}
        )
        if len(waiting) == AT_ONCE:
            connection.execute(insert(table), waiting)
            waiting = []
    if waiting:
        connection.execute(insert(table), waiting)


def go_on_counting(connection: Connection) -> None:
    """Let automatic numbers go on after the largest that was filled in."""
    if connection.dialect.name != "postgresql":
        return  # SQLite looks for the largest itself
    for table in tables():
        for column in table.primary_key.columns:
            if not isinstance(column.type, Integer):
                continue
            name = {"table": table.name, "column": column.name}
            sequence = connection.scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), name)
            largest = connection.scalar(select(func.max(column)))
            if sequence and largest is not None:
                connection.execute(
                    text("SELECT setval(CAST(:sequence AS regclass), :largest)"),
                    {"sequence": sequence, "largest": largest},
                )


def line(row: Row) -> bytes:
    """A row as a line of JSON: the same bytes for the same values on every database."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def checksum(connection: Connection, table: Table) -> str:
    """The SHA-256 of a table's lines."""
    digest = hashlib.sha256()
    for row in rows(connection, table):
        digest.update(line(row))
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(bytes(value)).decode()}
    return float(value) if isinstance(value, Decimal) else value


def _stored(column: Any, value: Any) -> Any:
    if isinstance(column.type, JSON):
        # Nothing at all is not the JSON document "null".
        return null() if value is None else value
    if value is None:
        return None
    if isinstance(column.type, UtcTime):
        return datetime.fromisoformat(value)
    if isinstance(value, dict) and set(value) == {"bytes"}:
        return base64.b64decode(value["bytes"])
    return value
