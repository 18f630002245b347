"""PostgreSQL's advisory locks that this program takes, each until its transaction ends, and their numbers."""

from enum import IntEnum, unique

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session


@unique
class Lock(IntEnum):
    """What only one transaction at a time may do. Any numbers would do, as long as no two are the same."""

    MIGRATION = 0x6465726D
    LOG = 0x6465726E


def take(session: Session | Connection, lock: Lock) -> None:
    """Wait for a lock, and hold it until the transaction ends; for PostgreSQL only."""
    session.execute(select(func.pg_advisory_xact_lock(lock.value)))
