"""The chain of the audit log: what each row's hash is over, and how rows are appended."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session, SessionTransaction

from backend.database import locks
from backend.database.locks import Lock
from backend.database.tables import Event, Study

START = "0" * 64
"""What stands for the hash before the first row."""
PENDING = "dermvtt_events"


@dataclass(frozen=True)
class Pending:
    """An event that waits for its transaction to end, and the savepoints within which it was added."""

    event: Event
    savepoints: tuple[SessionTransaction, ...]


def row_hash(row: Event, before: str) -> str:
    """The SHA-256 of a row's canonical JSON and the hash of the row before."""
    values = {
        "study": row.study_id,
        "rater": row.rater_id,
        "kind": row.kind,
        "by": row.by,
        "details": row.details,
        "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "before": before,
    }
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def append(
    session: Session,
    study_id: int | None,
    kind: str,
    *,
    rater_id: int | None,
    by: str,
    details: Mapping[str, Any],
    at: datetime | None = None,
) -> None:
    """Append a row when the transaction ends: so the log is locked shortly, and after every other lock."""
    stored = json.loads(json.dumps(details, allow_nan=False))  # what the database gives back
    when = at or datetime.now(UTC)
    row = Event(study_id=study_id, rater_id=rater_id, kind=kind, by=by, details=stored, at=when)
    pending(session).append(Pending(row, _savepoints(session)))


def pending(session: Session) -> list[Pending]:
    """What this transaction will append."""
    return session.info.setdefault(PENDING, [])


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    waiting = session.info.get(PENDING)
    if not waiting or session.in_nested_transaction():
        return
    session.flush()
    rows = [one.event for one in waiting]
    if session.get_bind().dialect.name == "postgresql":
        # A row holds its study, and whoever holds that may wait for the log: so first studies, then the log.
        studies = {row.study_id for row in rows if row.study_id is not None}
        held = select(Study.id).where(Study.id.in_(studies)).order_by(Study.id)
        session.scalars(held.with_for_update(read=True, key_share=True)).all()
        # One appends at a time, on all servers. SQLite has one writer at a time by itself.
        locks.take(session, Lock.LOG)
    before, values = _head(session), []
    for row in rows:
        before = row_hash(row, before)
        columns = {"study_id": row.study_id, "rater_id": row.rater_id, "kind": row.kind, "by_admin": row.by}
        values.append(columns | {"details": row.details, "at": row.at, "hash": before})
    query = insert(Event.__table__).returning(Event.__table__.c.id, sort_by_parameter_order=True)
    numbers = list(session.scalars(query, values))
    if numbers != sorted(numbers):  # the order of the ids is that of the chain
        raise RuntimeError("the database numbers the rows of the log in another order than they were given")
    waiting.clear()


def _head(session: Session) -> str:
    """The last hash: of what follows a row that has one, too, where an older program wrote it without."""
    last = select(Event).order_by(Event.id.desc())
    hashed = session.scalar(last.where(Event.hash != "").limit(1))
    head = hashed.hash if hashed else START
    later = select(Event).where(Event.id > hashed.id) if hashed else select(Event)
    for row in session.scalars(later.order_by(Event.id)):
        head = row_hash(row, head)
    return head


def _savepoints(session: Session) -> tuple[SessionTransaction, ...]:
    found, one = [], session.get_nested_transaction()
    while one is not None and one.nested:
        found.append(one)
        one = one.parent
    return tuple(found)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    waiting = session.info.get(PENDING)
    if waiting:
        waiting[:] = [one for one in waiting if ended.nested and ended not in one.savepoints]
