"""Queries on failed log-ins."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.database.tables import LoginFailures


def lock(session: Session, keys: Iterable[str], now: datetime) -> dict[str, LoginFailures]:
    """The rows of these keys, made where there are none, for this transaction alone."""
    wanted = sorted(keys)  # in one order everywhere: two that want the same two do not wait for each other
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    for key in wanted:
        row = insert(LoginFailures).values(key=key, count=0, last_at=now)
        session.execute(row.on_conflict_do_nothing(index_elements=["key"]))
    query = select(LoginFailures).where(LoginFailures.key.in_(wanted)).order_by(LoginFailures.key)
    return {one.key: one for one in session.scalars(query.with_for_update())}


def take_back(session: Session, keys: Iterable[str]) -> None:
    """Count one failure less."""
    for key in sorted(keys):
        query = update(LoginFailures).where(LoginFailures.key == key, LoginFailures.count > 0)
        session.execute(query.values(count=LoginFailures.count - 1))


def clear(session: Session, key: str) -> None:
    """Forget the failures of a key."""
    session.execute(delete(LoginFailures).where(LoginFailures.key == key))


def forget(session: Session, *, before: datetime, after: datetime) -> None:
    """Forget failures that are long past, and those that a wrong clock put into the future."""
    session.execute(
        delete(LoginFailures).where(or_(LoginFailures.last_at < before, LoginFailures.last_at > after)),
        execution_options={"synchronize_session": False},
    )
