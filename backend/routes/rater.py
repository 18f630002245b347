"""The rater's pages. The link's token is in every address, so nothing depends on cookies or on a session.

Opening a page never changes anything: link previews and mail scanners may follow any of these addresses.
"""

import re
import time
import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from backend.database import raters, ratings
from backend.database.ratings import Step
from backend.database.tables import Rater
from backend.routes.dependencies import DatabaseDep, ImagesDep, PagesDep, RowId
from backend.routes.errors import wants_json
from backend.routes.pages import SURROUND_COOKIE
from backend.studies import consent, rating
from backend.studies.invitations import admit
from backend.studies.lifecycle import require_open
from backend.studies.refusals import Conflict, Unknown

router = APIRouter(prefix="/r/{token}")

PICTURE_HEADERS = {"Cache-Control": "private, max-age=86400, immutable"}
COOKIE_SECONDS = 365 * 24 * 3600


@router.get("")
def welcome(request: Request, token: str, database: DatabaseDep, pages: PagesDep) -> Response:
    """What the study is, until the rater agreed; from then on the way back to where she was."""
    with database.read() as session:
        rater = admit(session, token)
        if rater.submitted_at is not None:
            return _redirect(token, "/done")
        require_open(rater.study)
        if rater.consented_at is not None:
            position = rating.resume_position(session, rater)
            return _redirect(token, "/review" if position is None else f"/rate/{position}")
        steps = ratings.steps(session, rater.id)
    return pages.render(
        request,
        "rater/welcome.html",
        **_common(token, rater, steps),
        minutes=consent.expected_minutes(len(steps)),
        recorded=consent.RECORDED,
        not_recorded=consent.NOT_RECORDED,
        consent=consent.CONSENT,
    )


@router.post("/start")
def start(token: str, database: DatabaseDep, agree: Annotated[str, Form()] = "") -> Response:
    """Store the consent and show the first image."""
    with database.write() as session:
        if not agree and admit(session, token):
            raise Conflict("Please tick that you agree before you begin. Nothing was recorded.")
        rating.consent(session, token)
    return _redirect(token, "")


@router.get("/rate/{position}")
def show(
    request: Request, token: str, position: RowId, database: DatabaseDep, pages: PagesDep, back: str = ""
) -> Response:
    """One image and the two answers."""
    with database.read() as session:
        rater, steps = _rating_rater(session, token)
    if rater is None:
        return _redirect(token, "")
    step = rating.step_at(steps, position)
    return pages.render(
        request,
        "rater/rate.html",
        **_common(token, rater, steps),
        step=step,
        size=rater.study.mix.resolution,
        submission=str(uuid.uuid4()),
        shown_ms=round(time.time() * 1000),
        back="review" if back == "review" else "",
    )


@router.post("/rate/{position}")
def answer(
    request: Request,
    token: str,
    position: RowId,
    database: DatabaseDep,
    answer: Annotated[str, Form()] = "",
    submission: Annotated[str, Form()] = "",
    response_ms: Annotated[float | None, Form()] = None,
    shown_ms: Annotated[float | None, Form()] = None,
    back: Annotated[str, Form()] = "",
) -> Response:
    """Store an answer; when this returns, the answer is on disk."""
    given = rating.Answer(position, answer, submission or str(uuid.uuid4()), response_ms, shown_ms)
    with database.write() as session:
        rater = rating.answer(session, token, given)
    with database.read() as session:
        steps = ratings.steps(session, rater.id)
    if wants_json(request):
        answered = sum(step.answer is not None for step in steps)
        return JSONResponse({"saved": True, "position": position, "answered": answered})
    if back == "review" or position >= len(steps):
        return _redirect(token, "/review")
    return _redirect(token, f"/rate/{position + 1}")


@router.get("/images/{key}.png")
def picture(
    token: str, key: Annotated[str, Path(pattern="^[0-9a-f]{32}$")], database: DatabaseDep, images: ImagesDep
) -> Response:
    """An image of this rater's order, under the key that only she sees."""
    with database.read() as session:
        rater = admit(session, token)
        shown = raters.presentation_by_key(session, rater.id, key)
        if shown is None or rater.consented_at is None:
            raise Unknown("There is no such image.")
        sha256 = shown.image.sha256
    return Response(images.get(sha256), media_type="image/png", headers=PICTURE_HEADERS)


@router.get("/review")
def review(request: Request, token: str, database: DatabaseDep, pages: PagesDep) -> Response:
    """All images with the current answers, and the way to submit."""
    with database.read() as session:
        rater, steps = _rating_rater(session, token)
    if rater is None:
        return _redirect(token, "")
    return pages.render(
        request, "rater/review.html", **_common(token, rater, steps), size=rater.study.mix.resolution
    )


@router.post("/submit")
def submit(
    token: str, database: DatabaseDep, leave_unanswered: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """Close the answers."""
    with database.write() as session:
        rating.submit(session, token, leave_unanswered=bool(leave_unanswered))
    return _redirect(token, "/done")


@router.get("/done")
def done(request: Request, token: str, database: DatabaseDep, pages: PagesDep) -> Response:
    """Thanks."""
    with database.read() as session:
        rater = admit(session, token)
        if rater.submitted_at is None:
            return _redirect(token, "")
        steps = ratings.steps(session, rater.id)
    return pages.render(request, "rater/done.html", **_common(token, rater, steps))


@router.post("/surround")
def surround(
    token: str,
    database: DatabaseDep,
    surround: Annotated[str, Form()],
    return_to: Annotated[str, Form()] = "",
) -> Response:
    """Remember whether images are shown on dark or on light."""
    with database.read() as session:
        admit(session, token)
    known = re.fullmatch(r"rate/[0-9]{1,6}", return_to)
    response = _redirect(token, f"/{return_to}" if known else "")
    value = "light" if surround == "light" else "dark"
    response.set_cookie(SURROUND_COOKIE, value, max_age=COOKIE_SECONDS, samesite="lax", path="/r/")
    return response


def _rating_rater(session: Session, token: str) -> tuple[Rater | None, list[Step]]:
    """The rater with her steps, or none where the entry page must decide what she sees."""
    rater = admit(session, token)
    if rater.submitted_at is not None or rater.consented_at is None or rater.study.state != "open":
        return None, []
    return rater, ratings.steps(session, rater.id)


def _common(token: str, rater: Rater, steps: list[Step]) -> dict[str, object]:
    return {
        "base": f"/r/{token}",
        "study": rater.study,
        "drawn": rater.study.mix.drawn,
        "steps": steps,
        "answered": sum(step.answer is not None for step in steps),
    }


def _redirect(token: str, path: str) -> RedirectResponse:
    return RedirectResponse(f"/r/{token}{path}", status_code=303)
