"""What a rater chooses for her pages, kept in her browser: the surround of images, and the language."""

import re
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from backend.routes.dependencies import DatabaseDep
from backend.routes.pages import LANGUAGE_COOKIE, SURROUND_COOKIE
from backend.routes.rater.visit import PREFIX, Visit, VisitDep
from backend.studies.invitations import admit

router = APIRouter(prefix=PREFIX)

COOKIE_SECONDS = 365 * 24 * 3600
PAGES = re.compile(
    r"rate/[0-9]{1,6}(\?back=review)?|practice/[0-9]{1,2}|review(\?show=(all|unanswered|unsure))?|done"
)


@router.post("/surround")
def surround(
    visit: VisitDep,
    database: DatabaseDep,
    surround: Annotated[str, Form()],
    return_to: Annotated[str, Form()] = "",
) -> Response:
    """Remember whether images are shown on dark or on light."""
    with database.read() as session:
        admit(session, visit.token)
    return _remember(visit, SURROUND_COOKIE, "light" if surround == "light" else "dark", return_to)


@router.post("/language")
def language(
    visit: VisitDep,
    database: DatabaseDep,
    language: Annotated[str, Form()],
    return_to: Annotated[str, Form()] = "",
) -> Response:
    """Remember the language of the pages."""
    with database.read() as session:
        rater = admit(session, visit.token)
    chosen = visit.pages.languages.choose(language, "", rater.study.language)
    return _remember(visit, LANGUAGE_COOKIE, chosen, return_to)


def _remember(visit: Visit, cookie: str, value: str, return_to: str) -> Response:
    response = visit.to(f"/{return_to}" if PAGES.fullmatch(return_to) else "")
    tls = visit.request.app.state.settings.behind_tls
    # Nothing secret, but nobody on the line may change it; the page's script sets the surround's, too.
    response.set_cookie(
        cookie, value, max_age=COOKIE_SECONDS, samesite="lax", path=visit.cookie_path, secure=tls
    )
    return response
