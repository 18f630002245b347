"""Exports as files: one snapshot of the database, in constant memory, in the format that was asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import BinaryIO

from backend.database.sessions import Database
from backend.studies.exports.catalogue import EXPORTS
from backend.studies.exports.parquet import write_parquet
from backend.studies.exports.sheets import Sheet
from backend.studies.exports.texts import write_csv, write_json
from backend.studies.exports.xlsx import write_xlsx
from backend.studies.lifecycle import get_study

_turns = BoundedSemaphore(2)
"""Two at a time in a process: each keeps a core busy, and raters' answers come first."""


@dataclass(frozen=True)
class Format:
    """How a table becomes a file, and what browsers call it."""

    media: str
    write: Callable[[Sheet, BinaryIO], None]


FORMATS = {
    "csv": Format("text/csv; charset=utf-8", write_csv),
    "json": Format("application/json", write_json),
    "xlsx": Format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
    "parquet": Format("application/vnd.apache.parquet", write_parquet),
}


def write_export(database: Database, study_id: int, what: str, kind: str, out: BinaryIO) -> None:
    """Write one of ``EXPORTS`` of a study in one of ``FORMATS``.

    All of it is of one moment, however many answers come in meanwhile, and nobody waits for it. When this
    returns or raises, no transaction is left: whoever takes the file away may be as slow as she likes.
    """
    with _turns, database.snapshot() as session:
        study = get_study(session, study_id)
        FORMATS[kind].write(EXPORTS[what].sheet(what, session, study), out)
