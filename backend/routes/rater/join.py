"""The study's own link: what the study is, and becoming one of its raters by pressing a button."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from backend.database.tables import Enrolment
from backend.routes.dependencies import DatabaseDep, PagesDep, SettingsDep
from backend.routes.pages import Pages
from backend.studies import enrolment
from backend.studies.consent import told
from backend.studies.lifecycle import require_open
from backend.studies.privacy import statement
from backend.tokens import new_token

router = APIRouter(prefix="/join/{token}")


@router.get("")
def welcome(request: Request, token: str, database: DatabaseDep, pages: PagesDep) -> Response:
    """What the study is. Nothing is recorded before she presses the button."""
    with database.read() as session:
        held = enrolment.visit(session, token)
        require_open(held.study)
    given = enrolment.external_id(held, request.query_params.get(held.parameter, ""))
    values = {"external_id": given or "", "page": new_token(), "base": f"/join/{token}"}
    return _page(request, pages, "rater/join.html", held, **values)


@router.post("")
def begin(
    request: Request,
    token: str,
    database: DatabaseDep,
    pages: PagesDep,
    settings: SettingsDep,
    external_id: Annotated[str, Form()] = "",
    page: Annotated[str, Form(max_length=64, pattern=r"^[\w-]*$")] = "",
) -> Response:
    """Make her a rater, and send her to a link of her own."""
    with database.write() as session:
        fresh = enrolment.own_token(settings.secret, page)
        own = enrolment.enrol(session, token, external_id, pages.language(request), fresh)
    return RedirectResponse(f"/r/{own}", status_code=303)


@router.get("/privacy")
def privacy(
    request: Request, token: str, settings: SettingsDep, database: DatabaseDep, pages: PagesDep
) -> Response:
    """How the visitor's data would be protected."""
    with database.read() as session:
        held = enrolment.visit(session, token)
    language = pages.language(request, held.study.language)
    translate = pages.languages.catalogue(language).gettext
    statements = statement(held.study, settings, translate, link=held)
    return _page(request, pages, "rater/privacy.html", held, base=f"/join/{token}", statements=statements)


def _page(request: Request, pages: Pages, template: str, held: Enrolment, **values: object) -> Response:
    language = pages.language(request, held.study.language)
    translate = pages.languages.catalogue(language).gettext
    texts = told(held.study, language, translate)
    drawn = held.study.drawn
    return pages.render(request, template, language=language, told=texts, drawn=drawn, **values)
