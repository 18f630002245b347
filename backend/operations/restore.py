"""A backup into an empty installation, on either database: whole and verified, or not at all."""

import hashlib
import json
from collections.abc import Callable, Iterator

from sqlalchemy import Connection, Table
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from backend.database import dump, invariants, plans, schema
from backend.database.outages import outage_of
from backend.database.sessions import Database
from backend.operations.archive import Backup, Part
from backend.storage import ImageStore
from training.errors import UserError

Told = Callable[[str], None]


def restore(database: Database, store: ImageStore, backup: Backup, told: Told = lambda _: None) -> None:
    """Fill an empty database and the store from a backup, and compare all of it afterwards.

    Raises ``UserError`` where the database holds anything, the backup is damaged or of a newer program, or
    what was written is not what was backed up: then the tables stay empty.
    """
    told("the backup's files")
    backup.verify()
    engine = database.engine
    with engine.connect() as connection:
        if not dump.is_empty(connection):
            raise _not_empty(database)
    _require_same_schema(backup)
    parts = backup.contents.parts
    kept = {_image(store, backup, name) for name in parts if name.startswith("images/")}
    told(f"{len(kept)} images are kept")
    schema.upgrade(engine)
    with engine.execution_options(dermvtt_writes=True).begin() as connection:
        if not dump.is_empty(connection):  # again, now that nobody else can write
            raise _not_empty(database)
        dump.forget_passing(connection)
        for table in dump.tables():
            part = parts.get(f"tables/{table.name}.jsonl")
            if part is None:
                raise UserError(f"{backup.where} lacks the table {table.name}. Take another backup.")
            told(f"table {table.name}")
            _fill(connection, table, part, backup)
            _compare(connection, table.name, part)
        dump.go_on_counting(connection)
        _require_images(connection, kept, backup)
        plans.refresh(Session(connection))


def _require_same_schema(backup: Backup) -> None:
    made, ours = backup.contents.schema, schema.head()
    if made != ours:
        raise UserError(
            f"the backup's schema is {made}, and this program's is {ours}. Restore it with DermVTT "
            f"{backup.contents.tool_version}, which made it, and upgrade then. Nothing was changed."
        )


def _fill(connection: Connection, table: Table, part: Part, backup: Backup) -> None:
    try:
        dump.fill(connection, table, part.columns or [], _rows(backup, table.name))
    except (KeyError, TypeError, ValueError, StatementError) as error:
        if outage_of(error):
            raise
        # Files that fit the manifest and no table: not of a backup that this program wrote.
        raise UserError(
            f"{backup.where}: the rows of {table.name} are not rows of that table ({type(error).__name__}). "
            "Take another backup. The tables stay empty."
        ) from error


def _require_images(connection: Connection, kept: set[str], backup: Backup) -> None:
    """Refuse a backup whose manifest leaves an image out that a mix has."""
    lacking = invariants.images_kept(Session(connection)).keys() - kept
    if lacking:
        raise UserError(
            f"{backup.where} lacks {len(lacking)} images of its mixes, {min(lacking)} among them. "
            "Take another backup. The tables stay empty."
        )


def _rows(backup: Backup, table: str) -> Iterator[dump.Row]:
    with backup.open(f"tables/{table}.jsonl") as file:
        for line in file:
            yield json.loads(line)


def _compare(connection: Connection, name: str, part: Part) -> None:
    table = next(one for one in dump.tables() if one.name == name)
    count = dump.count(connection, table)
    if count != part.rows:
        raise UserError(f"{name} has {count} rows after restoring, and {part.rows} were backed up.")
    if dump.checksum(connection, table) != part.sha256:
        raise UserError(f"the rows of {name} are not those that were backed up. Nothing was kept of it.")


def _image(store: ImageStore, backup: Backup, name: str) -> str:
    with backup.open(name) as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != backup.contents.parts[name].sha256:
        raise UserError(f"{name} has changed while it was read. Restore again.")
    sha256 = store.put(data)
    store.get(sha256)  # read back: what is verified now is what raters get
    return sha256


def _not_empty(database: Database) -> UserError:
    address = database.engine.url.render_as_string(hide_password=True)
    return UserError(f"{address} is not empty. Restore into a new database. Nothing was changed.")
