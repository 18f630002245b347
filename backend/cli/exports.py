"""``dermvtt export``: what a study recorded, as files."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import typer

from backend.cli.shared import StudyOption, downloaded, opened
from backend.settings import load_settings
from training.errors import UserError
from training.files import new_file

What = Literal["ratings", "history", "viewings", "participants", "raters", "events", "images"]
Kind = Literal["csv", "json", "xlsx", "parquet"]


def export(
    study: StudyOption,
    what: Annotated[
        What,
        typer.Option(
            help="ratings: each rater's current answer to each image, for 'dermvtt analyze'; history: every "
            "answer ever given; viewings: how long each image was looked at; participants: who agreed "
            "to what, and the answers to the study's questions; raters: how far each is; events: what "
            "happened; images: their truth and provenance."
        ),
    ] = "ratings",
    out: Annotated[Path | None, typer.Option(help="The file to write [default: standard output].")] = None,
    form: Annotated[
        Kind | None,
        typer.Option("--format", help="The file's format [default: as --out ends, else csv]."),
    ] = None,
) -> None:
    """Export what a study recorded. All columns: docs/data.md, formats: docs/exports.md.

    Example: dermvtt export --study 1 --out ratings.csv

    Example: dermvtt export --study 1 --what history --format parquet --out history.parquet
    """
    from backend.studies.exports import FORMATS, write_export

    ending = out.suffix[1:].lower() if out else ""
    kind = form or (ending if ending in FORMATS else "csv")
    if out is None and kind in ("xlsx", "parquet") and sys.stdout.isatty():
        raise UserError(f"{kind} is no text for a terminal. Name a file with --out.")
    with opened(load_settings()) as database:
        downloaded(database, study, f"{what}.{kind}")
        if out is None:
            # By way of a file: what reads from the pipe may be slow, and must hold no transaction open.
            with tempfile.TemporaryFile() as file:
                write_export(database, study, what, kind, file)
                file.seek(0)
                shutil.copyfileobj(file, sys.stdout.buffer)
        else:
            with new_file(out) as partial, partial.open("wb") as file:
                write_export(database, study, what, kind, file)
