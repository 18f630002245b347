"""What it means when the database fails: for a while it cannot serve, or the program made a mistake.

An outage passes by itself or by an administrator's hand. What was to be stored is not, or it is known by its
id when it is sent again.
"""

import sqlite3
from enum import StrEnum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection


class Outage(StrEnum):
    """Why the database cannot serve at the moment."""

    BUSY = "busy"
    """Somebody else holds what is needed."""
    FULL = "full"
    """The disk has no room."""
    AWAY = "away"
    """It cannot be reached, or neither read nor written."""


class TurnMissed(Exception):  # noqa: N818 - it reads like what happened
    """The writers in front took too long."""


_SQLITE = {
    sqlite3.SQLITE_BUSY: Outage.BUSY,
    sqlite3.SQLITE_LOCKED: Outage.BUSY,
    sqlite3.SQLITE_FULL: Outage.FULL,
    sqlite3.SQLITE_IOERR: Outage.AWAY,
    sqlite3.SQLITE_CANTOPEN: Outage.AWAY,
    sqlite3.SQLITE_READONLY: Outage.AWAY,
    sqlite3.SQLITE_PROTOCOL: Outage.BUSY,
}

# By the codes of PostgreSQL's manual, appendix A, or by the two letters of their class.
_POSTGRES = {
    "08": Outage.AWAY,
    "25006": Outage.AWAY,  # read only: a standby that has not been promoted yet
    "40001": Outage.BUSY,
    "40P01": Outage.BUSY,
    "53": Outage.BUSY,
    "53100": Outage.FULL,
    "55P03": Outage.BUSY,
    "57P": Outage.AWAY,  # it is being stopped or started
    "58": Outage.AWAY,
}


def outage_of(error: BaseException) -> Outage | None:
    """The outage that an error comes from, or ``None`` where it is a mistake that will be made again."""
    if isinstance(error, (TurnMissed, NoFreeConnection)):
        return Outage.BUSY
    if not isinstance(error, DBAPIError):
        return _of_driver(error)
    lost = error.connection_invalidated and not isinstance(error.orig, sqlite3.Error)
    return _of_driver(error.orig) or (Outage.AWAY if lost else None)


def _of_driver(error: BaseException | None) -> Outage | None:
    if isinstance(error, sqlite3.Error):
        # The lowest byte says what happened, the others in which way.
        return _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    code = getattr(error, "sqlstate", "")
    if code is None:
        # psycopg has no answer from the server at all: there is no connection, or there is none any more.
        return Outage.AWAY if type(error).__name__ == "OperationalError" else None
    return next((_POSTGRES[code[:length]] for length in (5, 3, 2) if code[:length] in _POSTGRES), None)
