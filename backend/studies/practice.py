"""Practice images: a small mix of their own, shown before the first image that counts."""

from sqlalchemy.orm import Session

from backend.database import mixes
from backend.database.tables import Image, Rater
from backend.studies.options import options_of
from backend.studies.randomisation import presentation_order


def images(session: Session, rater: Rater) -> list[Image]:
    """The practice images in this rater's order; none where the study has none."""
    if rater.study.practice_mix_id is None:
        return []
    found = {image.public_id: image for image in mixes.images(session, rater.study.practice_mix_id)}
    return [found[one] for one in presentation_order(rater.study.seed, rater.number, found)]


def tells(rater: Rater) -> bool:
    """Whether the study says after each practice image what it was."""
    return options_of(rater.study).practice_feedback
