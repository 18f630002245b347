"""Queries for what must be true of every installation, over all tables, also those made later."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from backend.database.columns import Base
from backend.database.tables import Image, Mix, Presentation, Rater, Rating, Viewing

AT_ONCE = 1000


def damage(session: Session) -> list[str]:
    """What the database itself says is broken in its file; nothing where it does not know a way to ask."""
    if session.get_bind().dialect.name != "sqlite":
        return []
    found = [str(line) for line in session.scalars(text("PRAGMA integrity_check"))]
    return [] if found == ["ok"] else found


def dangling(session: Session) -> Iterator[tuple[str, str, int]]:
    """Each reference that leads nowhere: table, column, how many rows."""
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            parent = key.referred_table.alias()
            pairs = [(element.parent, parent.c[element.column.name]) for element in key.elements]
            met = and_(*(own == other for own, other in pairs))
            query = select(func.count()).select_from(table.outerjoin(parent, met))
            query = query.where(*(own.is_not(None) for own, _ in pairs), pairs[0][1].is_(None))
            count = session.scalar(query) or 0
            if count:
                yield table.name, ", ".join(own.name for own, _ in pairs), count


def is_guarded(session: Session) -> bool:
    """Whether the database refuses to change or delete a row of the log."""
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    names = (
        ("events_no_update", "events_no_delete") if on_sqlite else ("events_no_change", "events_no_truncate")
    )
    triggers = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'"
        if on_sqlite
        else "SELECT tgname FROM pg_trigger WHERE tgrelid = 'events'::regclass AND tgenabled = 'O'"
    )
    return set(names) <= set(session.scalars(text(triggers)))


@dataclass(frozen=True)
class Order:
    """A rater's presentation order as it is stored: images by their ids in their mix, by position."""

    rater: Rater
    positions: list[int]
    showings: list[int]
    images: list[str]


def orders(session: Session, study_id: int) -> Iterator[Order]:
    """The presentation order of each rater of a study, by her number, one after the other."""
    query = (
        select(Rater, Presentation.position, Presentation.showing, Image.public_id)
        .outerjoin(Presentation, Presentation.rater_id == Rater.id)
        .outerjoin(Image, Image.id == Presentation.image_id)
        .where(Rater.study_id == study_id)
        .order_by(Rater.number, Presentation.position)
    )
    rows = session.execute(query, execution_options={"yield_per": AT_ONCE})
    for rater, of_rater in groupby(rows, key=lambda row: row[0]):
        shown = [place for _, *place in of_rater if place[0] is not None]
        yield Order(rater, *([place[part] for place in shown] for part in range(3)))


def mixes_short(session: Session) -> Iterator[Row[Any]]:
    """Mixes whose images are not as many as they say: id, name, reals, fakes, and both counted."""
    reals = func.count(Image.id).filter(Image.truth == "real")
    fakes = func.count(Image.id).filter(Image.truth == "fake")
    query = select(Mix.id, Mix.name, Mix.reals, Mix.fakes, reals, fakes)
    query = query.outerjoin(Image, Image.mix_id == Mix.id).group_by(Mix.id)
    yield from session.execute(query.having(or_(reals != Mix.reals, fakes != Mix.fakes)).order_by(Mix.id))


def early(session: Session) -> Iterator[Row[Any]]:
    """Raters with ratings who never agreed: study, name, ratings."""
    yield from session.execute(_rated(Rater.consented_at.is_(None)))


def late(session: Session) -> Iterator[Row[Any]]:
    """Raters with ratings that came after they had submitted: study, name, ratings."""
    yield from session.execute(_rated(Rating.received_at > Rater.submitted_at))


def backwards(session: Session) -> Iterator[tuple[str, int]]:
    """Times that cannot be: what, and how many. A clock that was set back leaves some of them."""
    later = aliased(Rating)
    for what, query in (
        ("ratings that came before they were given", _count(Rating, Rating.received_at < Rating.answered_at)),
        ("viewings that came before they began", _count(Viewing, Viewing.received_at < Viewing.began_at)),
        ("raters who submitted before they agreed", _count(Rater, Rater.submitted_at < Rater.consented_at)),
        ("negative response times", _count(Rating, or_(Rating.response_ms < 0, Rating.hidden_ms < 0))),
        ("negative times of viewing", _count(Viewing, or_(Viewing.visible_ms < 0, Viewing.hidden_ms < 0))),
        (
            "images with two ratings given at one time",
            select(func.count())
            .select_from(Rating)
            .join(later, (later.presentation_id == Rating.presentation_id) & (later.id > Rating.id))
            .where(later.answered_at == Rating.answered_at),
        ),
    ):
        count = session.scalar(query) or 0
        if count:
            yield what, count


def doubled(session: Session) -> Iterator[tuple[str, int]]:
    """Tables in which a submission, made once in a browser, stands more than once; and how often."""
    for table in (Rating, Viewing):
        again = (
            select(table.presentation_id)
            .group_by(table.presentation_id, table.submission)
            .having(func.count() > 1)
            .subquery()
        )
        count = session.scalar(select(func.count()).select_from(again)) or 0
        if count:
            yield table.__tablename__, count


def images_kept(session: Session) -> dict[str, str]:
    """The mix that each image's bytes, by their SHA-256, are of."""
    query = select(Image.sha256, Mix.name).join(Mix, Mix.id == Image.mix_id)
    return {row.sha256: row.name for row in session.execute(query)}


def _rated(wrong: Any) -> Select[Any]:
    query = select(Rater.study_id, Rater.name, func.count(Rating.id))
    query = query.join(Presentation, Presentation.rater_id == Rater.id)
    query = query.join(Rating, Rating.presentation_id == Presentation.id).where(wrong)
    return query.group_by(Rater.id, Rater.study_id, Rater.name).order_by(Rater.study_id, Rater.name)


def _count(table: Any, wrong: Any) -> Select[Any]:
    return select(func.count()).select_from(table).where(wrong)
