"""What an admin takes away as CSV, row by row: ratings, their history, viewing times, participants."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from backend.analysis.ratings import COLUMNS
from backend.database import exports
from backend.database.exports import Participant
from backend.database.tables import Study
from backend.studies.options import options_of
from backend.studies.results import rating_rows

HISTORY = (
    "study",
    "rater",
    "group",
    "image",
    "truth",
    "source",
    "position",
    "answer",
    "confidence",
    "response_ms",
    "hidden_ms",
    "response_clock",
    "answered_at",
    "received_at",
)
VIEWINGS = (
    "rater",
    "group",
    "image",
    "position",
    "viewings",
    "first_ms",
    "last_ms",
    "total_ms",
    "hidden_ms",
    "first_began_at",
)
PARTICIPANTS = (
    "rater",
    "group",
    "language",
    "consented_at",
    "consent_version",
    "submitted_at",
    "first_choice",
)
QUESTION = "q_"
"""Before a question's id in the name of its column: no question can take the place of another column."""

EXECUTED = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins like this is a formula to a spreadsheet, or hides one."""

Rows = Iterator[Sequence[Any]]


def _ratings(session: Session, study: Study) -> Rows:
    yield COLUMNS
    for row in rating_rows(session, study):
        yield [getattr(row, column) for column in COLUMNS]


def _history(session: Session, study: Study) -> Rows:
    yield HISTORY
    for row in exports.history(session, study.id):
        yield [study.id, *row]


def _viewings(session: Session, study: Study) -> Rows:
    yield VIEWINGS
    yield from exports.viewings(session, study.id)


def _participants(session: Session, study: Study) -> Rows:
    found = exports.participants(session, study.id)
    questions = _question_ids(study, found)
    yield [*PARTICIPANTS, *(f"{QUESTION}{one}" for one in questions)]
    for one in found:
        rater = one.rater
        yield [
            rater.name,
            rater.group,
            one.language,
            rater.consented_at,
            rater.consent_version,
            rater.submitted_at,
            rater.first_choice,
            *(defused(rater.form.get(question)) for question in questions),
        ]


EXPORTS: dict[str, Callable[[Session, Study], Rows]] = {
    "ratings": _ratings,
    "history": _history,
    "viewings": _viewings,
    "participants": _participants,
}


def csv_lines(session: Session, study: Study, what: str) -> Iterator[str]:
    """The lines of one of ``EXPORTS``, with its header; RFC 4180, times in UTC, full precision."""
    writer = csv.writer(_Line(), lineterminator="\r\n")
    for row in EXPORTS[what](session, study):
        yield writer.writerow([_cell(value) for value in row])


def chunks(lines: Iterable[str], size: int = 500) -> Iterator[bytes]:
    """Lines in packets worth sending."""
    lines = iter(lines)
    while some := "".join(islice(lines, size)):
        yield some.encode()


class _Line:
    """A file to the CSV writer, which gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _question_ids(study: Study, found: Iterable[Participant]) -> list[str]:
    """The questions of a study, and those asked earlier that somebody answered."""
    asked = [question.id for question in options_of(study).questions]
    earlier = {name for one in found for name, given in one.rater.form.items() if given is not None}
    return asked + sorted(earlier - set(asked))


def _cell(value: Any) -> Any:
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def defused(value: Any) -> Any:
    """A free text that no spreadsheet executes."""
    return f"'{value}" if isinstance(value, str) and value.startswith(EXECUTED) else value
