"""The images of a rater's order, under keys that only she sees."""

from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Path
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from backend.database import raters
from backend.database.sessions import Database
from backend.routes.dependencies import DatabaseDep, ImagesDep
from backend.routes.rater.visit import PREFIX, VisitDep
from backend.studies.invitations import admit
from backend.studies.refusals import Unknown

router = APIRouter(prefix=PREFIX)

PICTURE_HEADERS = {"Cache-Control": "private, max-age=86400, immutable"}
READERS = CapacityLimiter(20)
"""Threads of their own: a storage that hangs holds up images, and neither pages nor answers."""


@router.get("/images/{key}.png")
async def picture(
    visit: VisitDep,
    key: Annotated[str, Path(pattern="^[0-9a-f]{32}$")],
    database: DatabaseDep,
    images: ImagesDep,
) -> Response:
    """One image."""
    sha256 = await run_in_threadpool(_asked_for, database, visit.token, key)
    data = await to_thread.run_sync(images.for_rater, sha256, limiter=READERS)
    return Response(data, media_type="image/png", headers=PICTURE_HEADERS)


def _asked_for(database: Database, token: str, key: str) -> str:
    with database.read() as session:
        rater = admit(session, token)
        shown = raters.presentation_by_key(session, rater.id, key)
        if shown is None or rater.consented_at is None:
            raise Unknown("There is no such image.")
        return shown.image.sha256
