"""The few statements that every answer waits for: written once, and run several to a trip.

SQLAlchemy writes them and knows their types, the driver runs them. Run by SQLAlchemy, each takes several
times as long as SQLite works on it; and to PostgreSQL each would travel alone, which takes longer than what
is done there.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Dialect, Insert, Select
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

Row = tuple[Any, ...]
Values = Mapping[str, Any]

_Item = TypeVar("_Item", int, str, tuple[int, str])
_Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Written:
    """A statement in a database's own words, and what converts its parameters and its rows."""

    text: str
    parameters: dict[str, _Convert]
    columns: list[tuple[int, _Convert]]
    defaults: dict[str, Any]

    def values(self, given: Values) -> Values:
        """Parameters as the driver takes them."""
        given = self.defaults | given if self.defaults else given
        converted = {name: convert(given[name]) for name, convert in self.parameters.items()}
        return {**given, **converted} if converted else given

    def rows(self, found: list[Row]) -> list[Row]:
        """Rows as SQLAlchemy would give them."""
        return [self._row(row) for row in found] if self.columns else found

    def _row(self, found: Row) -> Row:
        row = list(found)
        for place, convert in self.columns:
            row[place] = convert(row[place])
        return tuple(row)


class Statement:
    """A statement whose parameters all have names. Columns' own defaults are constants."""

    def __init__(self, clause: Select[Any] | Insert) -> None:
        self._clause = clause
        self._written: dict[str, Written] = {}

    def written(self, dialect: Dialect) -> Written:
        """For this database; put together when it is first asked for."""
        if dialect.name not in self._written:
            self._written[dialect.name] = self._write(dialect)
        return self._written[dialect.name]

    def _write(self, dialect: Dialect) -> Written:
        named = type(dialect)(paramstyle="named" if dialect.name == "sqlite" else "pyformat")
        compiled = self._clause.compile(dialect=named)
        to_send = {
            name: _kind(bound.type, dialect).bind_processor(dialect) for name, bound in compiled.binds.items()
        }
        selected = () if isinstance(self._clause, Insert) else self._clause.selected_columns
        to_read = [_kind(column.type, dialect).result_processor(dialect, None) for column in selected]
        return Written(
            str(compiled),
            {name: convert for name, convert in to_send.items() if convert},
            [(place, convert) for place, convert in enumerate(to_read) if convert],
            {one.key: one.default.arg for one in compiled.insert_prefetch},
        )


def _kind(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return kind.dialect_impl(dialect)


def ask(session: Session, *questions: tuple[Statement, Values]) -> list[list[Row]]:
    """The rows of each of these statements, in one trip and in this order.

    Raises what the driver raises, as does ``add``.
    """
    driver, dialect = _driver(session)
    statements = [(statement.written(dialect), values) for statement, values in questions]
    with _one_trip(driver):
        cursors = [driver.execute(one.text, one.values(values)) for one, values in statements]
    return [one.rows(cursor.fetchall()) for (one, _), cursor in zip(statements, cursors, strict=True)]


def add(session: Session, *given: tuple[Statement, Sequence[Values]]) -> None:
    """Insert these rows, in one trip and in this order."""
    driver, dialect = _driver(session)
    with _one_trip(driver):
        cursor = driver.cursor()
        for statement, rows in given:
            written = statement.written(dialect)
            for row in rows:
                cursor.execute(written.text, written.values(row))


def filled_up(some: Collection[_Item], empty: _Item) -> list[_Item]:
    """In their order, and up to a power of two: so there are few statements to write."""
    room = 1 << max(len(some) - 1, 0).bit_length()
    return sorted(some) + [empty] * (room - len(some))


def _driver(session: Session) -> tuple[Any, Dialect]:
    connection = session.connection()
    return connection.connection.driver_connection, connection.dialect


def _one_trip(driver: Any) -> AbstractContextManager[Any]:
    return driver.pipeline() if hasattr(driver, "pipeline") else nullcontext()
