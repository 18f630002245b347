"""What storing answers asks of the database, for many raters at once.

Rows and not objects, a connection and not the session around it, and statements that are put together once:
this runs for every answer.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    null,
    select,
    tuple_,
    union_all,
)

from backend.database.columns import UtcTime
from backend.database.tables import Invitation, Presentation, Rater, Rating, Study, Viewing

_raters, _studies, _invitations = Rater.__table__, Study.__table__, Invitation.__table__
_presentations, _ratings, _viewings = Presentation.__table__, Rating.__table__, Viewing.__table__

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


def hold(connection: Connection, token_hashes: Collection[str]) -> dict[str, Held]:
    """The raters of these invitations, as far as they are not revoked, by the hash of the token.

    Each is held against other writers until the commit, her study and her link as they are, so that what is
    checked stays true.
    """
    found: dict[str, Held] = {}
    known: dict[int, HeldStudy] = {}
    for token_hash, rater, consented, submitted, *study in connection.execute(
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
_ASKED = tuple_(_presentations.c.rater_id, _presentations.c.key).in_(bindparam("keys", expanding=True))


def _part(kind: int, *columns: ColumnElement[Any]) -> Select[Any]:
    return select(literal_column(str(kind)), *columns)


_LOOK = union_all(
    _part(
        _SHOWN,
        _presentations.c.id,
        _presentations.c.rater_id,
        _presentations.c.key,
        _NO_TEXT,
        _NO_NUMBER,
        _NO_TIME,
    ).where(_ASKED),
    _part(
        _GIVEN,
        _ratings.c.presentation_id,
        _ratings.c.id,
        _ratings.c.submission,
        _ratings.c.answer,
        _ratings.c.confidence,
        _ratings.c.answered_at,
    )
    .join_from(_presentations, _ratings, _ratings.c.presentation_id == _presentations.c.id)
    .where(_ASKED),
    _part(
        _VIEWED,
        _viewings.c.presentation_id,
        _NO_NUMBER,
        _viewings.c.submission,
        _NO_TEXT,
        _NO_NUMBER,
        _NO_TIME,
    )
    .join_from(_presentations, _viewings, _viewings.c.presentation_id == _presentations.c.id)
    .where(_ASKED),
    _part(
        _COUNTED,
        _presentations.c.rater_id,
        func.count(_ratings.c.id),
        _NO_TEXT,
        _NO_TEXT,
        _NO_NUMBER,
        _NO_TIME,
    )
    .join_from(_presentations, _ratings, _ratings.c.presentation_id == _presentations.c.id)
    .where(_presentations.c.rater_id.in_(bindparam("raters", expanding=True)))
    .group_by(_presentations.c.rater_id),
)


def look(connection: Connection, rater_ids: Collection[int], keys: Iterable[tuple[int, str]]) -> Known:
    """What there is of these raters, and of the presentations with these raters' ids and keys.

    One statement: on the way to PostgreSQL and back an answer spends more time than in it.
    """
    known = Known()
    given: dict[int, list[tuple[datetime, int, Given]]] = {}
    asked = {"keys": sorted(set(keys)), "raters": sorted(rater_ids)}
    for kind, of, number, text, answer, confidence, time in connection.execute(_LOOK, asked):
        if kind == _SHOWN:
            known.shown[number, text] = Shown(of, number, text)
        elif kind == _GIVEN:
            given.setdefault(of, []).append((time, number, Given(text, answer, confidence, time)))
        elif kind == _VIEWED:
            known.viewed.setdefault(of, set()).add(text)
        else:
            known.counts[of] = number
    for of, ratings in given.items():
        known.given[of] = [one for *_, one in sorted(ratings, key=lambda one: one[:2])]
    return known


# In line: nobody asks for the new ids.
_ADD_RATINGS, _ADD_VIEWINGS = insert(_ratings).inline(), insert(_viewings).inline()


def add(connection: Connection, ratings: list[dict[str, Any]], viewings: list[dict[str, Any]]) -> None:
    """Append ratings, in this order, and viewings."""
    if ratings:
        connection.execute(_ADD_RATINGS, ratings)
    if viewings:
        connection.execute(_ADD_VIEWINGS, viewings)


_CURRENT = (
    select(_presentations.c.rater_id, _presentations.c.position, _ratings.c.answer, _ratings.c.confidence)
    .join_from(_presentations, _ratings, _ratings.c.presentation_id == _presentations.c.id, isouter=True)
    .where(_presentations.c.rater_id.in_(bindparam("ids", expanding=True)))
    .order_by(_presentations.c.rater_id, _presentations.c.position, _ratings.c.answered_at, _ratings.c.id)
)


def current(connection: Connection, rater_ids: Collection[int]) -> dict[int, Current]:
    """These raters' current answers."""
    last: dict[int, dict[int, tuple[str | None, int | None]]] = {}
    for rater, position, answer, confidence in connection.execute(_CURRENT, {"ids": list(rater_ids)}):
        last.setdefault(rater, {})[position] = (answer, confidence)
    return {rater: list(by_position.values()) for rater, by_position in last.items()}
