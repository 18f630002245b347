"""``dermvtt export``: what a study recorded, as files."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from backend.cli.shared import StudyOption, opened
from backend.settings import load_settings
from training.files import new_file

What = Literal["ratings", "history", "viewings", "participants"]


def export(
    study: StudyOption,
    what: Annotated[
        What,
        typer.Option(
            help="ratings: each rater's current answer to each image, for 'dermvtt analyze'; history: every "
            "answer ever given; viewings: how long each image was looked at; participants: who agreed "
            "to what, and the answers to the study's questions."
        ),
    ] = "ratings",
    out: Annotated[Path | None, typer.Option(help="The file to write [default: standard output].")] = None,
) -> None:
    """Export what a study recorded, as CSV. All columns: docs/contracts.md.

    Example: dermvtt export --study 1 --out ratings.csv

    Example: dermvtt export --study 1 --what history --out history.csv
    """
    from backend.studies import exports, lifecycle

    with opened(load_settings()) as database, database.read() as session:
        chunks = exports.chunks(exports.csv_lines(session, lifecycle.get_study(session, study), what))
        if out is None:
            sys.stdout.buffer.writelines(chunks)
        else:
            with new_file(out) as partial, partial.open("wb") as file:
                file.writelines(chunks)
