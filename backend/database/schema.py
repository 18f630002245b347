"""The schema's version: made and upgraded by the migrations, and checked before anything uses it."""

import logging
import time
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

import migrations
from backend.database import locks
from backend.database.compatibility import current_revision, serves
from backend.database.locks import Lock
from backend.database.outages import Outage, outage_of
from training.errors import UserError

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger("dermvtt.schema")

LONGEST_LOCK_S = 2.0
"""For which a migration asks for a table that others use: whoever comes after it has to wait behind it."""
PAUSE_S = 1.0
PATIENCE_S = 600.0


class Fit(StrEnum):
    """How a database's schema and this program go together."""

    OWN = "ok"
    LATER = "later, and works with this program"
    MISSING = "missing: dermvtt migrate makes it"
    BEHIND = "behind: dermvtt migrate upgrades it"
    NEWER = "newer than this program"


def upgrade(engine: Engine, revision: str = "head") -> bool:
    """Bring the schema to ``revision``, in one transaction, and one after the other where several try.

    False where it is a later program's, which works with this one and is left as it is. Raises ``UserError``
    where it does not work with this one, or others do not let go of what is needed.
    """

    def work(connection: Connection, config: "Config") -> bool:
        from alembic import command  # noqa: PLC0415 - 10 MB that a server does not need

        fit, current = _fit(connection)
        if fit is Fit.NEWER:
            raise _unfit(fit, current)
        if fit is not Fit.LATER:
            command.upgrade(config, revision)
        return fit is not Fit.LATER

    return _migrate(engine, work)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to ``revision``, as ``upgrade``."""

    def work(_: Connection, config: "Config") -> bool:
        from alembic import command  # noqa: PLC0415 - as above

        command.downgrade(config, revision)
        return True

    _migrate(engine, work)


def state(engine: Engine) -> str:
    """``ok``, or in few words what is wrong with the schema; raises ``DBAPIError`` where nothing answers."""
    with engine.connect() as connection:
        fit, _ = _fit(connection)
    return str(Fit.OWN if fit is Fit.LATER else fit)


def require_usable(engine: Engine) -> None:
    """Raise ``UserError``, naming what mends it, unless this program works with the schema."""
    fit, current = _ask(engine)
    if fit not in {Fit.OWN, Fit.LATER}:
        raise _unfit(fit, current)


def require_current(engine: Engine) -> None:
    """As ``require_usable``, for what must leave nothing out that a later program may have stored."""
    fit, current = _ask(engine)
    if fit is not Fit.OWN:
        raise _unfit(Fit.NEWER if fit is Fit.LATER else fit, current)


def head() -> str:
    """The revision that this program's migrations lead to."""
    return max(revisions())


@cache
def revisions() -> frozenset[str]:
    """Every revision that this program knows, its own and those before it: by the names of their files."""
    versions = Path(migrations.__file__).parent / "versions"
    return frozenset(path.name.split("_")[0] for path in versions.glob("[0-9]*_*.py"))


def _ask(engine: Engine) -> tuple[Fit, str | None]:
    try:
        with engine.connect() as connection:
            return _fit(connection)
    except DBAPIError as error:
        address = engine.url.render_as_string(hide_password=True)
        raise UserError(
            f"the database {address} cannot be reached: {str(error.orig).strip()}\n"
            "Start it, or set DATABASE_URL to another one."
        ) from error


def _fit(connection: Connection) -> tuple[Fit, str | None]:
    current = current_revision(connection)
    if current == head():
        return Fit.OWN, current
    if current is None:
        return Fit.MISSING, current
    if current in revisions():
        return Fit.BEHIND, current
    return (Fit.LATER if serves(connection, current, head()) else Fit.NEWER), current


def _unfit(fit: Fit, current: str | None) -> UserError:
    if fit is Fit.MISSING:
        return UserError("the database has no schema yet. Make it with: dermvtt migrate")
    if fit is Fit.BEHIND:
        return UserError(
            f"the database's schema ({current}) is behind. Back it up, then run: dermvtt migrate"
        )
    return UserError(
        f"the database's schema ({current}) is newer than this program ({head()}). Install the newer DermVTT."
    )


def _migrate(engine: Engine, work: Callable[[Connection, "Config"], bool]) -> bool:
    ends = time.monotonic() + PATIENCE_S
    while True:
        try:
            with engine.execution_options(dermvtt_writes=True).begin() as connection:
                _take_turn(connection)
                config = _config()
                config.attributes["connection"] = connection
                return work(connection, config)
        except DBAPIError as error:
            if outage_of(error) is not Outage.BUSY:
                raise
            if time.monotonic() > ends:
                raise UserError(
                    f"the schema was not changed: for {PATIENCE_S / 60:.0f} minutes others held what it "
                    "needs. Run this again when no export or backup is going on."
                ) from error
            log.info("others hold what the migration needs; it tries again: %s", str(error.orig).strip())
        time.sleep(PAUSE_S)


def _take_turn(connection: Connection) -> None:
    """Wait until no other migration goes on; SQLite's transactions have done so when they begin."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {LONGEST_LOCK_S * 1000:.0f}")
        locks.take(connection, Lock.MIGRATION)


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return config
