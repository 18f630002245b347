"""Whether an installation is whole: its schema, its tables, its images."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.database import invariants, mixes, schema, studies
from backend.database.invariants import Order
from backend.database.sessions import Database
from backend.database.tables import Rater, Study
from backend.storage import ImageLost, ImageStore, StorageUnavailable
from backend.studies import audit_log
from backend.studies.options import options_of
from backend.studies.orders import order_of
from backend.studies.randomisation import PARTS, next_row
from training.errors import UserError


@dataclass(frozen=True)
class Finding:
    """One line about what was found; a ``note`` is worth knowing, and nothing is wrong."""

    text: str
    note: bool = False

    def __str__(self) -> str:
        return f"note: {self.text}" if self.note else self.text


def findings(
    database: Database, store: ImageStore, advance: Callable[[], None] = lambda: None
) -> list[Finding]:
    """Everything that is wrong, and then the notes; ``advance`` is told of each image that was read."""
    try:
        schema.require_usable(database.engine)
    except UserError as error:
        return [Finding(str(error))]
    with database.read() as session:
        found = [*_of_database(session)]
        kept = invariants.images_kept(session)
    found += _of_images(kept, store, advance)
    return sorted(found, key=lambda one: one.note)


def _of_database(session: Session) -> Iterator[Finding]:
    for line in invariants.damage(session):
        yield Finding(f"the database's file is damaged: {line}")
    for table, column, count in invariants.dangling(session):
        yield Finding(f"{count} rows of {table} refer by {column} to what is not there")
    for mix, name, *counts in invariants.mixes_short(session):
        reals, fakes, found_reals, found_fakes = counts
        yield Finding(
            f"mix {mix} ({name}) says {reals} reals and {fakes} fakes, "
            f"and has {found_reals} and {found_fakes}"
        )
    yield from _of_orders(session)
    for study, name, count in invariants.early(session):
        yield Finding(f"study {study}: {name} has {count} ratings and never agreed to take part")
    for study, name, count in invariants.late(session):
        yield Finding(f"study {study}: {name} has {count} ratings that came after she submitted")
    for table, count in invariants.doubled(session):
        yield Finding(f"{count} submissions stand in {table} more than once")
    yield from _of_log(session)
    for what, count in invariants.backwards(session):
        yield Finding(f"{count} {what}: was the server's clock set back?", note=True)


def _of_log(session: Session) -> Iterator[Finding]:
    if not invariants.is_guarded(session):
        yield Finding("the database does not refuse changes of the audit log: its triggers are missing")
    found = audit_log.verify(session)
    if found.broken is not None:
        yield Finding(
            f"the audit log is broken: entry {found.broken} does not fit the {found.rows} before it"
        )


def _of_orders(session: Session) -> Iterator[Finding]:
    for study in studies.everything(session):
        images = {image.public_id for image in mixes.images_of(session, study.id)}
        held: list[Rater] = []
        for order in invariants.orders(session, study.id):
            problem = _of_order(study, order, images)
            if problem:
                yield Finding(f"study {study.id}: the order of {order.rater.name} {problem}")
            held.append(order.rater)
        yield from _of_balance(study, held)


def _of_order(study: Study, order: Order, images: set[str]) -> str:
    lacking, count = images.difference(order.images), len(order.positions)
    if lacking:
        return f"lacks {len(lacking)} of the {len(images)} images of the study"
    if order.positions != list(range(1, count + 1)):
        return f"has gaps: {count} positions from {order.positions[0]} to {order.positions[-1]}"
    if list(zip(order.images, order.showings, strict=True)) != order_of(study, order.rater, images):
        return "is not the one that the study's seed gives"
    return ""


def _of_balance(study: Study, held: list[Rater]) -> Iterator[Finding]:
    balanced = options_of(study).order == "balanced"
    if any((rater.order_row is not None) != balanced for rater in held):
        yield Finding(f"study {study.id}: some orders are balanced, and others are not")
        return
    for group in sorted({rater.group for rater in held if balanced}):
        rows = [rater.order_row or 0 for rater in held if rater.group == group and rater.consented_at]
        who = f"study {study.id}: the orders of {group or 'raters without a group'}"
        if len(set(rows)) < len(rows):
            yield Finding(f"{who} are not balanced: two who began have the same row of the design")
        elif rows and next_row(rows, rows) // PARTS < max(rows) // PARTS:
            text = f"{who} are not quite balanced: a rater was deleted. Whoever begins next takes her place"
            yield Finding(text, note=True)


def _of_images(kept: dict[str, str], store: ImageStore, advance: Callable[[], None]) -> Iterator[Finding]:
    try:
        # First what lies there, then whether it is right: what is imported meanwhile is in neither.
        orphans = sum(sha256 not in kept for sha256 in store.iterate())
        for sha256, mix in kept.items():
            try:
                store.get(sha256)
            except ImageLost as error:
                yield Finding(f"mix {mix}: {error.strerror}")
            advance()
    except StorageUnavailable as error:
        yield Finding(str(error.strerror))
        return
    if orphans:
        text = f"{orphans} images in {store} belong to no mix: of an import that failed, or one going on"
        yield Finding(text, note=True)
