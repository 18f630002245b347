"""What storing answers asks of the database, for many raters at once.

Rows and not objects, and statements that are written once: this runs for every answer.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    FromClause,
    Integer,
    String,
    and_,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    values,
)
from sqlalchemy.orm import Session

from backend.database import trips
from backend.database.tables import Invitation, Presentation, Rater, Rating, Study, Viewing
from backend.database.trips import Row, Statement

_raters, _studies, _invitations = Rater.__table__, Study.__table__, Invitation.__table__
_presentations, _ratings, _viewings = Presentation.__table__, Rating.__table__, Viewing.__table__

_NOBODY, _NOTHING = -1, ""
"""What no rater's id, and no hash or key, is."""

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


def _hashes(links: int) -> list[BindParameter[str]]:
    return [bindparam(f"hash_{n}", type_=String) for n in range(links)]


@cache
def _hold(links: int) -> Statement:
    return Statement(
        select(
            _invitations.c.token_hash,
            *(_raters.c.id, _raters.c.consented_at, _raters.c.submitted_at),
            *(_studies.c.id, _studies.c.state, _studies.c.options, _studies.c.language),
        )
        .join(_raters, _raters.c.id == _invitations.c.rater_id)
        .join(_studies, _studies.c.id == _raters.c.study_id)
        .where(_invitations.c.token_hash.in_(_hashes(links)), _invitations.c.revoked_at.is_(None))
        # Who waits for another is never waited for by her.
        .order_by(_raters.c.id)
        .with_for_update(of=_raters)
        # Shared: raters do not wait for each other, but for who is closing the study or revoking the link.
        .suffix_with("FOR SHARE OF studies, invitations", dialect="postgresql")
    )


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


class Looks(NamedTuple):
    """What is asked of some presentations: themselves with each of their ratings from the first to the last,
    and their viewings; and of some raters, how many ratings there are.
    """

    given: Statement
    viewed: Statement
    counted: Statement


@cache
def _look(links: int, keys: int) -> Looks:
    """For so many links, and so many pairs of a link and an image's key.

    The pairs come as a table to begin from: SQLite looks a list of pairs up in every row instead.
    """
    pairs = [(bindparam(f"link_{n}", type_=String), bindparam(f"key_{n}", type_=String)) for n in range(keys)]
    pair = values(column("token_hash", String), column("key", String), name="pairs").data(pairs).cte("pairs")
    asked = (
        select(_invitations.c.rater_id, pair.c.key)
        .join_from(pair, _invitations, _invitations.c.token_hash == pair.c.token_hash)
        .distinct()
        .cte("asked")
    )
    shown, given, viewed = _presentations.c, _ratings.c, _viewings.c
    found = asked.join(_presentations, and_(shown.rater_id == asked.c.rater_id, shown.key == asked.c.key))
    their_links = select(_invitations.c.rater_id).where(_invitations.c.token_hash.in_(_hashes(links)))
    # Image by image: joined, PostgreSQL may go through all presentations in the order of the ratings.
    theirs = select(func.count()).select_from(_ratings).where(given.presentation_id == shown.id)
    return Looks(
        Statement(
            select(
                *(shown.id, shown.rater_id, shown.key),
                *(given.submission, given.answer, given.confidence, given.answered_at),
            )
            .select_from(found.outerjoin(_ratings, given.presentation_id == shown.id))
            .order_by(given.answered_at, given.id)
        ),
        Statement(
            select(viewed.presentation_id, viewed.submission).select_from(
                found.join(_viewings, viewed.presentation_id == shown.id)
            )
        ),
        Statement(
            select(shown.rater_id, cast(func.sum(theirs.scalar_subquery()), Integer))
            .where(shown.rater_id.in_(their_links))
            .group_by(shown.rater_id)
        ),
    )


def hold(
    session: Session, token_hashes: Collection[str], keys: Iterable[tuple[str, str]]
) -> tuple[dict[str, Held], Known]:
    """The raters of these invitations, by the hash of the token, and what ``look`` finds.

    Those whose invitation is revoked are left out. Each is held against other writers until the commit, her
    study and her link as they are, so that what is checked stays true.
    """
    hashes = trips.filled_up(token_hashes, _NOTHING)
    # One after the other in one trip: what is looked at is what holds once the raters are held.
    raters, *found = trips.ask(session, (_hold(len(hashes)), _named("hash", hashes)), *_looking(hashes, keys))
    held: dict[str, Held] = {}
    studies: dict[int, HeldStudy] = {}
    for token_hash, rater, consented, submitted, *study in raters:
        of = studies.setdefault(study[0], HeldStudy(*study))
        held[token_hash] = Held(rater, consented, submitted, of)
    return held, _known(*found)


def look(session: Session, token_hashes: Collection[str], keys: Iterable[tuple[str, str]]) -> Known:
    """What there is of the raters with these links, and of their presentations.

    ``keys``: the presentations, each by the hash of the link's token and the image's key.
    """
    return _known(*trips.ask(session, *_looking(trips.filled_up(token_hashes, _NOTHING), keys)))


def _looking(hashes: list[str], keys: Iterable[tuple[str, str]]) -> list[tuple[Statement, trips.Values]]:
    pairs = trips.filled_up(set(keys), (_NOTHING, _NOTHING))
    looks = _look(len(hashes), len(pairs))
    these = _named("link", [link for link, _ in pairs]) | _named("key", [key for _, key in pairs])
    return [(looks.given, these), (looks.viewed, these), (looks.counted, _named("hash", hashes))]


def _named(name: str, given: Iterable[int | str]) -> dict[str, int | str]:
    return {f"{name}_{n}": one for n, one in enumerate(given)}


def _known(given: list[Row], viewed: list[Row], counts: list[Row]) -> Known:
    known = Known(counts=dict(counts))
    for presentation, rater, key, *rating in given:
        known.shown[rater, key] = Shown(presentation, rater, key)
        if rating[0] is not None:
            known.given.setdefault(presentation, []).append(Given(*rating))
    for presentation, submission in viewed:
        known.viewed.setdefault(presentation, set()).add(submission)
    return known


def _adding(table: FromClause, *names: str) -> Statement:
    # In line: nobody asks for the new ids.
    return Statement(insert(table).inline().values({name: bindparam(name) for name in names}))


_ADD_RATINGS = _adding(
    _ratings,
    *("presentation_id", "submission", "answer", "confidence", "response_ms", "hidden_ms", "response_clock"),
    *("answered_at", "received_at"),
)
_ADD_VIEWINGS = _adding(
    _viewings, "presentation_id", "submission", "visible_ms", "hidden_ms", "began_at", "received_at"
)


def add(session: Session, ratings: list[dict[str, Any]], viewings: list[dict[str, Any]]) -> None:
    """Append ratings, in this order, and viewings."""
    if ratings or viewings:
        trips.add(session, (_ADD_RATINGS, ratings), (_ADD_VIEWINGS, viewings))


@cache
def _current(raters: int) -> Statement:
    shown, given = _presentations.c, _ratings.c
    return Statement(
        select(shown.rater_id, shown.position, given.answer, given.confidence)
        .join_from(_presentations, _ratings, given.presentation_id == shown.id, isouter=True)
        .where(shown.rater_id.in_([bindparam(f"rater_{n}", type_=Integer) for n in range(raters)]))
        .order_by(shown.rater_id, shown.position, given.answered_at, given.id)
    )


def current(session: Session, rater_ids: Collection[int]) -> dict[int, Current]:
    """These raters' current answers."""
    last: dict[int, dict[int, tuple[str | None, int | None]]] = {}
    raters = trips.filled_up(rater_ids, _NOBODY)
    (rows,) = trips.ask(session, (_current(len(raters)), _named("rater", raters)))
    for rater, position, answer, confidence in rows:
        last.setdefault(rater, {})[position] = (answer, confidence)
    return {rater: list(by_position.values()) for rater, by_position in last.items()}
