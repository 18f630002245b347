"""The images of a rater's order, under keys that only she sees."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from backend.database import raters
from backend.routes.dependencies import DatabaseDep, ImagesDep
from backend.routes.rater.visit import PREFIX, VisitDep
from backend.studies.invitations import admit
from backend.studies.refusals import Unknown

router = APIRouter(prefix=PREFIX)

PICTURE_HEADERS = {"Cache-Control": "private, max-age=86400, immutable"}


@router.get("/images/{key}.png")
def picture(
    visit: VisitDep,
    key: Annotated[str, Path(pattern="^[0-9a-f]{32}$")],
    database: DatabaseDep,
    images: ImagesDep,
) -> Response:
    """One image."""
    with database.read() as session:
        rater = admit(session, visit.token)
        shown = raters.presentation_by_key(session, rater.id, key)
        if shown is None or rater.consented_at is None:
            raise Unknown("There is no such image.")
        sha256 = shown.image.sha256
    return Response(images.for_rater(sha256), media_type="image/png", headers=PICTURE_HEADERS)
