"""A rater's presentation order: drawn when she is invited, and settled when she begins."""

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from backend.database import mixes, raters
from backend.database.tables import Presentation, Rater, Study
from backend.studies.options import options_of
from backend.studies.randomisation import next_row, presentation_order, with_repeats


def draw_order(session: Session, study: Study, rater: Rater, images: Mapping[str, int]) -> None:
    """Give a new rater of a study that is locked an order of these images, given by their ids in the mix."""
    if options_of(study).order == "balanced":
        rater.order_row = _next_row(rater, raters.order_rows(session, study.id))
    _write(session, study, rater, images)


def settle_order(session: Session, rater: Rater) -> None:
    """Where orders are balanced: balance them over those who begin, now that this rater does.

    Some who are invited never begin, and some choose their group only then. She has seen no image yet, and no
    other rater of the study may begin meanwhile.
    """
    if rater.order_row is None:
        return
    row = _next_row(rater, raters.order_rows(session, rater.study_id, begun=True))
    if row == rater.order_row:
        return
    rater.order_row = row
    raters.forget_order(session, rater.id)
    images = {image.public_id: image.id for image in mixes.images_of(session, rater.study_id)}
    _write(session, rater.study, rater, images)


def order_of(study: Study, rater: Rater, images: Iterable[str]) -> list[tuple[str, int]]:
    """The order that the study's seed gives a rater: images, each with which showing it is, 1 or 2."""
    order = presentation_order(study.seed, rater.number, images, rater.order_row)
    order = with_repeats(study.seed, rater.number, order, options_of(study).repeats)
    shown: Counter[str] = Counter()
    found = []
    for image in order:
        shown[image] += 1
        found.append((image, shown[image]))
    return found


def _next_row(rater: Rater, held: Sequence[tuple[str, int]]) -> int:
    return next_row([row for group, row in held if group == rater.group], [row for _, row in held])


def _write(session: Session, study: Study, rater: Rater, images: Mapping[str, int]) -> None:
    # Each showing has a key of its own: nothing in her browser says that she saw the image before.
    session.add_all(
        Presentation(
            rater_id=rater.id,
            image_id=images[image],
            position=position,
            showing=showing,
            key=secrets.token_hex(16),
        )
        for position, (image, showing) in enumerate(order_of(study, rater, images), start=1)
    )
