"""The whole audit log as a table to take away, and whether it holds together."""

from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy.orm import Session

from backend.database import chain, events
from backend.database.events import Chosen
from backend.database.sessions import Database
from backend.studies.exports import FORMATS, Column, Sheet
from backend.studies.exports.sheets import Rows
from backend.studies.journal import actor

COLUMNS = (
    Column("id", "whole", "Its number; numbers rise, and may have gaps."),
    Column("at", "time", "When it happened."),
    Column("actor", "text", "Who did it: an admin's address, a rater's pseudonym, or the command line."),
    Column("kind", "text", "What happened, such as `account made`."),
    Column("study", "whole", "The study's number; empty: none."),
    Column("rater", "whole", "The rater's number in the database; empty: none."),
    Column("by", "text", "The admin's address, as the hash is over it; empty: a rater, or the command line."),
    Column("details", "json", "More of it, as JSON."),
    Column("hash", "text", "SHA-256 of all of it but `id` and `actor`, and of the hash before."),
)


def write_log(database: Database, chosen: Chosen, kind: str, out: BinaryIO) -> None:
    """Write the log, the oldest first, in one of ``FORMATS``; no transaction is left when this returns."""
    with database.snapshot() as session:
        FORMATS[kind].write(Sheet("log", COLUMNS, _rows(session, chosen)), out)


def _rows(session: Session, chosen: Chosen) -> Rows:
    for row, name in events.stream(session, chosen):
        who = actor(row, name)
        yield [row.id, row.at, who, row.kind, row.study_id, row.rater_id, row.by, row.details, row.hash]


@dataclass(frozen=True)
class Verdict:
    """Whether the log is one unbroken chain: ``broken`` is the first row that does not fit its hash.

    ``head_at`` says how many rows there were when a given hash was the last; ``None``: it is not in the log.
    """

    rows: int
    head: str
    broken: int | None = None
    head_at: int | None = None


def verify(session: Session, noted: str = "") -> Verdict:
    """Compute every hash of the log anew, and look for one that was noted elsewhere."""
    rows, head = 0, chain.START
    head_at = 0 if noted == head else None
    with closing(events.stream(session, Chosen())) as stream:
        for row, _ in stream:
            expected = chain.row_hash(row, head)
            if row.hash not in ("", expected):
                return Verdict(rows, head, broken=row.id)
            rows, head = rows + 1, expected
            head_at = rows if head == noted else head_at
    return Verdict(rows, head, head_at=head_at)
