"""Everything of an installation in files: all tables in one snapshot, and all images."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import Connection, Table
from sqlalchemy.orm import Session

from backend.database import dump, invariants, schema
from backend.database.sessions import Database
from backend.operations.archive import Contents, Part, add, describe, new_backup
from backend.storage import ImageLost, ImageStore
from training.errors import UserError

Told = Callable[[str], None]


def back_up(database: Database, store: ImageStore, out: Path, told: Told = lambda _: None) -> Contents:
    """Write a backup to the folder or .tar ``out``, while the server goes on; ``told`` is what is being done.

    Raises ``UserError`` where the schema is not this program's, an image is lost, or ``out`` exists.
    """
    schema.require_current(database.engine)
    with new_backup(out) as folder:
        parts: dict[str, Part] = {}
        with dump.snapshot(database.engine) as connection:
            for table in dump.tables():
                told(f"table {table.name}")
                parts[f"tables/{table.name}.jsonl"] = _table(folder, connection, table)
            revision = dump.revision(connection)
            kept = invariants.images_kept(Session(connection))
        # Images never change. One that a mix had at the snapshot's moment is still there, unless the mix was
        # deleted since: then this backup is refused, and the next has neither.
        told(f"{len(kept)} images")
        for sha256 in sorted(kept):
            name = f"images/{sha256[:2]}/{sha256}.png"
            parts[name] = add(folder, name, _image(store, sha256, kept[sha256]))
        contents = Contents(
            tool_version=version("dermvtt"),
            schema=str(revision),
            database=database.engine.dialect.name,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            parts=parts,
        )
        describe(folder, contents)
    return contents


def _table(folder: Path, connection: Connection, table: Table) -> Part:
    rows = 0

    def lines() -> Iterator[bytes]:
        nonlocal rows
        for row in dump.rows(connection, table):
            rows += 1
            yield dump.line(row)

    part = add(folder, f"tables/{table.name}.jsonl", lines())
    return replace(part, rows=rows, columns=[column.name for column in table.columns])


def _image(store: ImageStore, sha256: str, mix: str) -> Iterator[bytes]:
    try:
        yield store.get(sha256)
    except ImageLost as error:
        raise UserError(
            f"mix {mix}: {error.strerror}. If the mix was deleted just now, back up again; else import it "
            "again. No backup was written."
        ) from error
