"""Practice: a few images outside the study's mix. Nothing of it is stored."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from backend.database.tables import Image
from backend.routes.dependencies import DatabaseDep, ImagesDep
from backend.routes.rater.images import PICTURE_HEADERS
from backend.routes.rater.visit import PREFIX, VisitDep, rating_rater
from backend.studies import practice
from backend.studies.lifecycle import MOST_PRACTICE
from backend.studies.refusals import Unknown

router = APIRouter(prefix=f"{PREFIX}/practice")

Number = Annotated[int, Path(ge=1, le=MOST_PRACTICE)]


@router.get("/{number}.png")
def picture(visit: VisitDep, number: Number, database: DatabaseDep, store: ImagesDep) -> Response:
    """A practice image's file."""
    with database.read() as session:
        rater, _ = rating_rater(session, visit.token)
        image = _at(practice.images(session, rater) if rater else [], number)
    return Response(store.for_rater(image.sha256), media_type="image/png", headers=PICTURE_HEADERS)


@router.get("/{number}")
def show(
    visit: VisitDep, number: Number, database: DatabaseDep, answer: Annotated[str, Query(max_length=8)] = ""
) -> Response:
    """A practice image; with an answer, what it was, if the study tells."""
    with database.read() as session:
        rater, steps = rating_rater(session, visit.token)
        if rater is None:
            return visit.to()
        images = practice.images(session, rater)
    image = _at(images, number)
    told = practice.tells(rater) and answer in {"real", "fake"}
    if answer in {"real", "fake"} and not told:
        return visit.to(f"/practice/{number + 1}" if number < len(images) else "/rate/1")
    return visit.render(
        "rater/practice.html",
        rater,
        steps,
        number=number,
        images=len(images),
        answer=answer if told else "",
        truth=image.truth if told else "",
    )


def _at(images: list[Image], number: int) -> Image:
    if number > len(images):
        raise Unknown("There is no such image.")
    return images[number - 1]
