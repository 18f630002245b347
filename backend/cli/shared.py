"""What the commands have in common: opening the database, and naming a study."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backend.database.limits import LARGEST_ID
from backend.settings import Settings, load_settings
from training.errors import UserError

if TYPE_CHECKING:  # every command is loaded to show its help: SQLAlchemy only for one that runs
    from sqlalchemy.orm import Session

    from backend.database.sessions import Database

GROUP_OPTIONS = {"no_args_is_help": True, "rich_markup_mode": None}
"""Of a command that only holds others."""

StudyOption = Annotated[
    int, typer.Option("--study", min=1, max=LARGEST_ID, help="The study's number; see 'dermvtt study list'.")
]
StudyArgument = Annotated[int, typer.Argument(min=1, max=LARGEST_ID, help="The study's number.")]
RaterArgument = Annotated[str, typer.Argument(help="The rater's name.")]


def read_text(file: Path) -> str:
    """The text of a file (UTF-8)."""
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not UTF-8 (byte {error.start}). Save it again as UTF-8.") from error


@contextmanager
def opened(settings: Settings) -> Iterator["Database"]:
    """The database of the settings, once this program is known to work with its schema."""
    from backend.database import schema

    with unchecked(settings) as database:
        schema.require_usable(database.engine)
        yield database


@contextmanager
def changing() -> Iterator["Session"]:
    """A transaction that changes the database: durable when the block ends, undone when it raises."""
    with opened(load_settings()) as database, database.write() as session:
        yield session


@contextmanager
def unchecked(settings: Settings) -> Iterator["Database"]:
    """The database of the settings, whatever its schema."""
    from backend.database.sessions import Database

    database = Database(settings.database)
    try:
        yield database
    finally:
        database.close()


def downloaded(database: "Database", study: int | None, what: str) -> None:
    """Record that something is taken away, before it is; raises ``Unknown`` for a study that is not there."""
    from backend.database import events
    from backend.studies.lifecycle import get_study

    with database.write() as session:
        if study is not None:
            get_study(session, study)
        events.add(session, study, events.DOWNLOADED, file=what)
