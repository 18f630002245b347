"""``dermvtt check``, ``backup`` and ``restore``: the whole installation."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from backend.cli.shared import opened, unchecked
from backend.settings import load_settings


def check() -> None:
    """Check that database and images are whole: one line for each thing that is wrong, and exit code 1.

    Lines that begin with "note:" are worth knowing, and nothing is wrong.

    Example: dermvtt check
    """
    from rich.console import Console

    from backend.operations.check import findings
    from backend.storage import open_store

    settings = load_settings()
    with unchecked(settings) as database, Console(stderr=True).status("Checking"):
        found = findings(database, open_store(settings))
    for one in found:
        print(one)
    wrong = sum(not one.note for one in found)
    if wrong:
        raise typer.Exit(1)
    print("Everything is whole.")


def backup(
    out: Annotated[Path, typer.Option(help="A new folder, or a new file whose name ends in .tar.")],
) -> None:
    """Back up everything, while the server goes on: all tables as of one moment, and all images.

    The backup holds password hashes, raters' answers and pseudonyms, and all images: only its owner can read
    it (mode 600). Keys and passwords of this installation are settings, and not in it.

    Example: dermvtt backup --out backups/2026-03-01.tar
    """
    from rich.console import Console

    from backend.database import events
    from backend.operations.backup import back_up
    from backend.storage import open_store

    settings, console = load_settings(), Console(stderr=True)
    with opened(settings) as database, console.status("Backing up") as status:
        store = open_store(settings)
        contents = back_up(database, store, out, lambda what: status.update(f"Backing up: {what}"))
        with database.write() as session:
            events.add(session, None, "backed up", file=out.name)
    rows = sum(part.rows or 0 for part in contents.parts.values())
    images = sum(name.startswith("images/") for name in contents.parts)
    print(f"Backed up {rows} rows and {images} images to {out}.")


def restore(
    backup: Annotated[Path, typer.Argument(help="A backup: its folder or .tar.")],
) -> None:
    """Restore a backup into an empty installation, on SQLite or PostgreSQL, and compare all of it.

    Set DATABASE_URL and the place of the images first; the database may be without any schema.

    Example: DATABASE_URL=postgresql://user:password@host/new dermvtt restore backups/2026-03-01.tar
    """
    from rich.console import Console

    from backend.database import events
    from backend.operations import restore as work
    from backend.operations.archive import Backup
    from backend.storage import open_store

    settings, console = load_settings(), Console(stderr=True)
    with (
        closing(Backup(backup)) as found,
        unchecked(settings) as database,
        console.status("Restoring") as status,
    ):
        work.restore(database, open_store(settings), found, lambda what: status.update(f"Restoring: {what}"))
        with database.write() as session:
            events.add(session, None, "restored", file=backup.name)
    rows = sum(part.rows or 0 for part in found.contents.parts.values())
    images = sum(name.startswith("images/") for name in found.contents.parts)
    print(f"Restored {rows} rows and {images} images, all as they were backed up.")
