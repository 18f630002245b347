"""A study without its raters in a database of its own, which lives in memory."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from backend.database import bundles
from backend.database.sessions import Database, InMemory
from backend.database.tables import ConsentText, Event, Presentation, Rater, Rating, Viewing

_OF_RATERS = {model.__tablename__ for model in (ConsentText, Rater, Presentation, Rating, Viewing, Event)}


@contextmanager
def in_memory(source: Database, study_id: int) -> Iterator[Database]:
    """A database of our schema that holds this study, if there is one, and nobody who rates it."""
    copy = InMemory()
    try:
        with source.read() as session, copy.write() as target:
            for name, table in bundles.TABLES.items():
                rows = [] if name in _OF_RATERS else [*map(dict, bundles.rows(session, table, study_id))]
                if rows:
                    target.execute(insert(table), rows)
        yield copy
    finally:
        copy.close()


def presentations(session: Session, rater_id: int) -> dict[int, int]:
    """The number of each presentation of a rater by its position, in their order."""
    query = select(Presentation.position, Presentation.id).where(Presentation.rater_id == rater_id)
    return dict(session.execute(query.order_by(Presentation.position)).all())


def set_keys(session: Session, keys: Mapping[int, str]) -> None:
    """Give presentations, by their number, these keys."""
    table = Presentation.__table__
    query = update(table).where(table.c.id == bindparam("number")).values(key=bindparam("new"))
    session.execute(query, [{"number": number, "new": key} for number, key in keys.items()])
