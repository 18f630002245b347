"""A whole study as rows of tables, to travel to another database: what goes along, and what stays at home.

Everything here follows the schema. A table that is added must be named below, one way or the other: a test
holds the lists against the tables.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, func, insert, select, text
from sqlalchemy.orm import Session

from backend.database.columns import Base
from backend.database.events import DOWNLOADED
from backend.database.tables import (
    ConsentText,
    Event,
    Image,
    Mix,
    Presentation,
    Rater,
    Rating,
    Study,
    StudyMix,
    Viewing,
)

AT_ONCE = 1000


def _mixes_of(study_id: int) -> Select[Any]:
    used = select(StudyMix.mix_id).where(StudyMix.study_id == study_id)
    return used.union(select(Study.practice_mix_id).where(Study.id == study_id))  # type: ignore[return-value]


def _raters_of(study_id: int) -> Select[Any]:
    return select(Rater.id).where(Rater.study_id == study_id)


def _presentations_of(study_id: int) -> Select[Any]:
    return select(Presentation.id).where(Presentation.rater_id.in_(_raters_of(study_id)))


def _consents_of(study_id: int) -> Select[Any]:
    return select(Rater.consent_version).where(Rater.study_id == study_id)


_TRAVEL: dict[Any, Any] = {
    Mix: lambda study: Mix.id.in_(_mixes_of(study)),
    Image: lambda study: Image.mix_id.in_(_mixes_of(study)),
    Study: lambda study: Study.id == study,
    StudyMix: lambda study: StudyMix.study_id == study,
    ConsentText: lambda study: ConsentText.version.in_(_consents_of(study)),
    Rater: lambda study: Rater.study_id == study,
    Presentation: lambda study: Presentation.rater_id.in_(_raters_of(study)),
    Rating: lambda study: Rating.presentation_id.in_(_presentations_of(study)),
    Viewing: lambda study: Viewing.presentation_id.in_(_presentations_of(study)),
    Event: lambda study: and_(Event.study_id == study, Event.kind != DOWNLOADED),
}
"""The tables of a study, each after those that it refers to, and which of their rows are the study's."""

TABLES: dict[str, Table] = {model.__tablename__: model.__table__ for model in _TRAVEL}
AT_HOME = {
    "admins": "accounts are an installation's own",
    "admin_sessions": "log-ins are an installation's own",
    "invitations": "fingerprints of links: a link works where it was made, and nowhere else",
    "people": "who raters are goes nowhere with their answers",
    "messages": "mail to raters is sent from where they are known",
    "enrolments": "fingerprints of links, as invitations",
    "recovery_codes": "second factors are of accounts",
    "first_links": "the way to an installation's own first account",
    "login_failures": "who guessed at an installation's own accounts",
}
"""The tables that stay, and why."""
MAY_BE_GONE = {"events": {"rater_id": "raters"}}
"""Columns that name rows which may have been deleted since, by table; such a row is then named nowhere."""
COLUMNS_AT_HOME = {
    "events": {
        "by_admin": "an admin's e-mail address",
        "hash": "a link in the chain of an installation's own log",
    }
}
"""Columns that stay, by table, and why; they must have a default."""


def travelling(table: Table) -> list[str]:
    """The names of the columns that go along."""
    return [one.name for one in table.columns if one.name not in COLUMNS_AT_HOME.get(table.name, {})]


def rows(session: Session, table: Table, study_id: int) -> Iterator[Mapping[str, Any]]:
    """A study's rows of a table by key, without what stays at home."""
    model = next(one for one in _TRAVEL if one.__table__ is table)
    chosen: ColumnElement[bool] = _TRAVEL[model](study_id)
    query = select(*(table.c[name] for name in travelling(table))).where(chosen)
    query = query.order_by(*table.primary_key.columns)
    for row in session.execute(query, execution_options={"yield_per": AT_ONCE}):
        yield row._mapping


def same_study(session: Session, row: Mapping[str, Any]) -> int | None:
    """The number of the study that has this row's seed and was made at the same microsecond: the same one."""
    query = select(Study.id).where(Study.seed == row["seed"], Study.created_at == row["created_at"])
    return session.scalar(query)


class Numbers:
    """The new number of each row of a table by its old one; 16 bytes a row, as there may be a million."""

    def __init__(self) -> None:
        self._old, self._new = array("q"), array("q")

    def add(self, old: int, new: int) -> None:
        """Remember a row. Raises ``ValueError`` unless old numbers rise, as they do in a bundle."""
        if self._old and old <= self._old[-1]:
            raise ValueError("the rows are not in the order of their numbers")
        self._old.append(old)
        self._new.append(new)

    def get(self, old: int) -> int | None:
        """The new number, or nothing for a row that is not there."""
        try:
            return self[old]
        except KeyError:
            return None

    def __getitem__(self, old: int) -> int:
        at = bisect_left(self._old, old)
        if at == len(self._old) or self._old[at] != old:
            raise KeyError(old)
        return self._new[at]


def insert_rows(session: Session, table: Table, given: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows, and give their new numbers in the same order: none for a table without numbers."""
    if not given:
        return []
    if "id" not in table.c:
        session.execute(insert(table), list(given))
        return []
    query = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return list(session.scalars(query, list(given)))


def insert_study(session: Session, row: Mapping[str, Any], wanted: int) -> int:
    """Insert a study under the number that it had elsewhere, or a new one where that is taken."""
    table = TABLES["studies"]
    taken = session.scalar(select(table.c.id).where(table.c.id == wanted)) is not None
    values = dict(row) if taken else {**row, "id": wanted}
    number = session.scalar(insert(table).values(values).returning(table.c.id))
    if session.get_bind().dialect.name == "postgresql":
        last = select(func.max(table.c.id)).scalar_subquery()
        session.execute(select(func.setval(text("pg_get_serial_sequence('studies', 'id')"), last)))
    assert number is not None  # noqa: S101 - for the type checker
    return number


def all_tables() -> Mapping[str, Table]:
    """Every table of the schema."""
    return Base.metadata.tables


def mix_here(session: Session, manifest_sha256: str) -> tuple[int | None, Mapping[str, Image]]:
    """The mix of this manifest, if it is here, with its images by their public ids."""
    number = session.scalar(select(Mix.id).where(Mix.manifest_sha256 == manifest_sha256))
    if number is None:
        return None, {}
    found = session.scalars(select(Image).where(Image.mix_id == number))
    return number, {image.public_id: image for image in found}


def has_consent(session: Session, version: str) -> bool:
    """Whether a text that raters agreed to is here."""
    return session.get(ConsentText, version) is not None
