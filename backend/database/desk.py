"""What storing answers asks of the database, for many raters at once.

Rows and not objects, the connection and not the session around it, and statements that are put together once:
this runs for every answer.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Dialect,
    Integer,
    Select,
    String,
    TextualSelect,
    and_,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal_column,
    null,
    select,
    text,
    union_all,
    values,
)
from sqlalchemy.orm import Session

from backend.database.columns import UtcTime
from backend.database.tables import Invitation, Presentation, Rater, Rating, Study, Viewing

_raters, _studies, _invitations = Rater.__table__, Study.__table__, Invitation.__table__
_presentations, _ratings, _viewings = Presentation.__table__, Rating.__table__, Viewing.__table__

_Item = TypeVar("_Item", int, tuple[int, str])

Current = list[tuple[str | None, int | None]]
"""A rater's current answers with their confidence, by position."""


@dataclass(frozen=True, slots=True)
class HeldStudy:
    """Of a study, what decides whether and how it takes answers."""

    id: int
    state: str
    options: dict[str, Any]
    language: str


@dataclass(frozen=True, slots=True)
class Held:
    """A rater who is held against other writers until the commit."""

    id: int
    consented_at: datetime | None
    submitted_at: datetime | None
    study: HeldStudy


@dataclass(frozen=True, slots=True)
class Shown:
    """An image as it is shown to a rater: what answers and viewings belong to."""

    id: int
    rater_id: int
    key: str


@dataclass(frozen=True, slots=True)
class Given:
    """A rating as far as a later one of the same image depends on it."""

    submission: str
    answer: str | None
    confidence: int | None
    answered_at: datetime


_HOLD = (
    select(
        _invitations.c.token_hash,
        _raters.c.id,
        _raters.c.consented_at,
        _raters.c.submitted_at,
        _studies.c.id,
        _studies.c.state,
        _studies.c.options,
        _studies.c.language,
    )
    .join(_raters, _raters.c.id == _invitations.c.rater_id)
    .join(_studies, _studies.c.id == _raters.c.study_id)
    .where(
        _invitations.c.token_hash.in_(bindparam("hashes", expanding=True)),
        _invitations.c.revoked_at.is_(None),
    )
    # Who waits for another is never waited for by her.
    .order_by(_raters.c.id)
    .with_for_update(of=_raters)
    # Shared: raters do not wait for each other, but for who is closing the study or revoking the link.
    .suffix_with("FOR SHARE OF studies, invitations", dialect="postgresql")
)


def hold(session: Session, token_hashes: Collection[str]) -> dict[str, Held]:
    """The raters of these invitations, as far as they are not revoked, by the hash of the token.

    Each is held against other writers until the commit, her study and her link as they are, so that what is
    checked stays true.
    """
    found: dict[str, Held] = {}
    known: dict[int, HeldStudy] = {}
    for token_hash, rater, consented, submitted, *study in session.connection().execute(
        _HOLD, {"hashes": sorted(token_hashes)}
    ):
        held = known.setdefault(study[0], HeldStudy(*study))
        found[token_hash] = Held(rater, consented, submitted, held)
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """What there is of some presentations and their raters: what new answers are held against."""

    shown: dict[tuple[int, str], Shown] = field(default_factory=dict)
    """By the rater's id and the image's key."""
    given: dict[int, list[Given]] = field(default_factory=dict)
    """Of a presentation all ratings, in the order in which they were given."""
    viewed: dict[int, set[str]] = field(default_factory=dict)
    """Of a presentation the submissions of its viewings."""
    counts: dict[int, int] = field(default_factory=dict)
    """Of a rater how many ratings there are."""


_SHOWN, _GIVEN, _VIEWED, _COUNTED = range(4)
_NO_NUMBER, _NO_TEXT, _NO_TIME = (cast(null(), kind) for kind in (Integer, String, UtcTime))
_NOBODY, _NOTHING = -1, ""
_SHORT_CAST = re.compile(r":(\w+)::(\w+)")
"""PostgreSQL's own way to write it, which ``text`` takes for something else."""


@lru_cache
def _look(dialect: type[Dialect], raters: int, keys: int) -> TextualSelect:
    """The statement for so many of each, put together once: as text, since SQLAlchemy itself would compile
    one that holds a table of values each time anew.
    """
    text_of_it = str(_looking(raters, keys).compile(dialect=dialect(paramstyle="named")))
    kinds = (Integer, Integer, Integer, String, String, Integer, UtcTime)
    text_of_it = _SHORT_CAST.sub(r"CAST(:\1 AS \2)", text_of_it)
    return text(text_of_it).columns(*(column(f"column_{n}", kind) for n, kind in enumerate(kinds)))


def _looking(raters: int, keys: int) -> CompoundSelect[Any]:
    """What ``_look`` asks.

    The keys come as a table to begin from: SQLite looks a list of pairs up in every row instead.
    """
    pairs = [(bindparam(f"of_{n}", type_=Integer), bindparam(f"key_{n}", type_=String)) for n in range(keys)]
    asked = values(column("rater_id", Integer), column("key", String), name="asked").data(pairs).cte("asked")
    shown, given, viewed = _presentations.c, _ratings.c, _viewings.c
    found = asked.join(_presentations, and_(shown.rater_id == asked.c.rater_id, shown.key == asked.c.key))
    # Image by image: joined, PostgreSQL may go through all presentations in the order of the ratings.
    theirs = select(func.count()).select_from(_ratings).where(given.presentation_id == shown.id)
    return union_all(
        _rows(_SHOWN, shown.id, shown.rater_id, shown.key).select_from(found),
        _rows(
            _GIVEN,
            *(given.presentation_id, given.id, given.submission),
            *(given.answer, given.confidence, given.answered_at),
        ).select_from(found.join(_ratings, given.presentation_id == shown.id)),
        _rows(_VIEWED, viewed.presentation_id, _NO_NUMBER, viewed.submission).select_from(
            found.join(_viewings, viewed.presentation_id == shown.id)
        ),
        _rows(_COUNTED, shown.rater_id, cast(func.sum(theirs.scalar_subquery()), Integer))
        .select_from(_presentations)
        .where(shown.rater_id.in_([bindparam(f"rater_{n}", type_=Integer) for n in range(raters)]))
        .group_by(shown.rater_id),
    )


def _rows(kind: int, *columns: ColumnElement[Any]) -> Select[Any]:
    """Rows of one kind, as wide as those of the widest."""
    empty = (_NO_NUMBER, _NO_NUMBER, _NO_TEXT, _NO_TEXT, _NO_NUMBER, _NO_TIME)
    return select(literal_column(str(kind)), *columns, *empty[len(columns) :])


def _filled_up(some: Collection[_Item], empty: _Item) -> list[_Item]:
    """In their order, and up to a power of two: so there are few statements to put together."""
    room = 1 << max(len(some) - 1, 0).bit_length()
    return sorted(some) + [empty] * (room - len(some))


def look(session: Session, rater_ids: Collection[int], keys: Iterable[tuple[int, str]]) -> Known:
    """What there is of these raters, and of the presentations with these raters' ids and keys.

    One statement: on the way to PostgreSQL and back an answer spends more time than in it.
    """
    known = Known()
    given: dict[int, list[tuple[datetime, int, Given]]] = {}
    raters, pairs = _filled_up(rater_ids, _NOBODY), _filled_up(set(keys), (_NOBODY, _NOTHING))
    asked: dict[str, int | str] = {f"rater_{n}": rater for n, rater in enumerate(raters)}
    asked |= {f"of_{n}": rater for n, (rater, _) in enumerate(pairs)}
    asked |= {f"key_{n}": key for n, (_, key) in enumerate(pairs)}
    connection = session.connection()
    rows = connection.execute(_look(type(connection.dialect), len(raters), len(pairs)), asked)
    for kind, of, number, name, answer, confidence, time in rows:
        if kind == _SHOWN:
            known.shown[number, name] = Shown(of, number, name)
        elif kind == _GIVEN:
            given.setdefault(of, []).append((time, number, Given(name, answer, confidence, time)))
        elif kind == _VIEWED:
            known.viewed.setdefault(of, set()).add(name)
        else:
            known.counts[of] = number
    for of, ratings in given.items():
        known.given[of] = [one for *_, one in sorted(ratings, key=lambda one: one[:2])]
    return known


# In line: nobody asks for the new ids.
_ADD_RATINGS, _ADD_VIEWINGS = insert(_ratings).inline(), insert(_viewings).inline()


def add(session: Session, ratings: list[dict[str, Any]], viewings: list[dict[str, Any]]) -> None:
    """Append ratings, in this order, and viewings."""
    if ratings:
        session.connection().execute(_ADD_RATINGS, ratings)
    if viewings:
        session.connection().execute(_ADD_VIEWINGS, viewings)


_CURRENT = (
    select(_presentations.c.rater_id, _presentations.c.position, _ratings.c.answer, _ratings.c.confidence)
    .join_from(_presentations, _ratings, _ratings.c.presentation_id == _presentations.c.id, isouter=True)
    .where(_presentations.c.rater_id.in_(bindparam("ids", expanding=True)))
    .order_by(_presentations.c.rater_id, _presentations.c.position, _ratings.c.answered_at, _ratings.c.id)
)


def current(session: Session, rater_ids: Collection[int]) -> dict[int, Current]:
    """These raters' current answers."""
    last: dict[int, dict[int, tuple[str | None, int | None]]] = {}
    rows = session.connection().execute(_CURRENT, {"ids": list(rater_ids)})
    for rater, position, answer, confidence in rows:
        last.setdefault(rater, {})[position] = (answer, confidence)
    return {rater: list(by_position.values()) for rater, by_position in last.items()}
