"""What storing answers asks of the database, for many raters at once.

Rows and not objects, and statements that are put together once: this runs for every answer.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, tuple_
from sqlalchemy.orm import Session

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


def hold(session: Session, token_hashes: Collection[str]) -> dict[str, Held]:
    """The raters of these invitations, as far as they are not revoked, by the hash of the token.

    Each is held against other writers until the commit, her study and her link as they are, so that what is
    checked stays true.
    """
    found: dict[str, Held] = {}
    known: dict[int, HeldStudy] = {}
    for token_hash, rater, consented, submitted, *study in session.execute(
        _HOLD, {"hashes": sorted(token_hashes)}
    ):
        held = known.setdefault(study[0], HeldStudy(*study))
        found[token_hash] = Held(rater, consented, submitted, held)
    return found


_SHOWN = select(_presentations.c.id, _presentations.c.rater_id, _presentations.c.key).where(
    tuple_(_presentations.c.rater_id, _presentations.c.key).in_(bindparam("keys", expanding=True))
)


def shown(session: Session, keys: Iterable[tuple[int, str]]) -> dict[tuple[int, str], Shown]:
    """Those that there are of these raters' ids and keys."""
    rows = session.execute(_SHOWN, {"keys": sorted(set(keys))})
    return {(rater, key): Shown(number, rater, key) for number, rater, key in rows}


_GIVEN = (
    select(
        _ratings.c.presentation_id,
        _ratings.c.submission,
        _ratings.c.answer,
        _ratings.c.confidence,
        _ratings.c.answered_at,
    )
    .where(_ratings.c.presentation_id.in_(bindparam("ids", expanding=True)))
    .order_by(_ratings.c.presentation_id, _ratings.c.answered_at, _ratings.c.id)
)


def given(session: Session, presentation_ids: Collection[int]) -> dict[int, list[Given]]:
    """All ratings of these presentations, each one's in the order in which they were given."""
    found: dict[int, list[Given]] = {}
    for presentation, *row in session.execute(_GIVEN, {"ids": list(presentation_ids)}):
        found.setdefault(presentation, []).append(Given(*row))
    return found


_VIEWED = select(_viewings.c.presentation_id, _viewings.c.submission).where(
    _viewings.c.presentation_id.in_(bindparam("ids", expanding=True))
)


def viewed(session: Session, presentation_ids: Collection[int]) -> dict[int, set[str]]:
    """The submissions of the viewings of these presentations."""
    found: dict[int, set[str]] = {}
    for presentation, submission in session.execute(_VIEWED, {"ids": list(presentation_ids)}):
        found.setdefault(presentation, set()).add(submission)
    return found


def add(session: Session, ratings: list[dict[str, Any]], viewings: list[dict[str, Any]]) -> None:
    """Append ratings, in this order, and viewings."""
    if ratings:
        session.execute(insert(_ratings), ratings)
    if viewings:
        session.execute(insert(_viewings), viewings)


_COUNTS = (
    select(_presentations.c.rater_id, func.count(_ratings.c.id))
    .join(_ratings, _ratings.c.presentation_id == _presentations.c.id)
    .where(_presentations.c.rater_id.in_(bindparam("ids", expanding=True)))
    .group_by(_presentations.c.rater_id)
)


def counts(session: Session, rater_ids: Collection[int]) -> dict[int, int]:
    """How many ratings these raters have given; who has given none is left out."""
    return dict(session.execute(_COUNTS, {"ids": list(rater_ids)}).all())


_CURRENT = (
    select(_presentations.c.rater_id, _presentations.c.position, _ratings.c.answer, _ratings.c.confidence)
    .join_from(_presentations, _ratings, _ratings.c.presentation_id == _presentations.c.id, isouter=True)
    .where(_presentations.c.rater_id.in_(bindparam("ids", expanding=True)))
    .order_by(_presentations.c.rater_id, _presentations.c.position, _ratings.c.answered_at, _ratings.c.id)
)


def current(session: Session, rater_ids: Collection[int]) -> dict[int, Current]:
    """These raters' current answers."""
    last: dict[int, dict[int, tuple[str | None, int | None]]] = {}
    for rater, position, answer, confidence in session.execute(_CURRENT, {"ids": list(rater_ids)}):
        last.setdefault(rater, {})[position] = (answer, confidence)
    return {rater: list(by_position.values()) for rater, by_position in last.items()}
