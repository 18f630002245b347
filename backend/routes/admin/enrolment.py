"""A study's link for all: its terms, a new link, on and off."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from backend.routes.admin.access import AdminDep, CheckedForm
from backend.routes.admin.raters import raters_page, to_raters
from backend.routes.dependencies import DatabaseDep, PagesDep, RowId, SettingsDep
from backend.studies import enrolment
from backend.studies.refusals import Refused

router = APIRouter(prefix="/admin/studies/{study_id}/raters")


@router.post("/enrolment", dependencies=[CheckedForm])
def set_up(
    request: Request,
    study_id: RowId,
    admin: AdminDep,
    settings: SettingsDep,
    database: DatabaseDep,
    pages: PagesDep,
    what: Annotated[Literal["save", "renew", "on", "off"], Form()],
    cap: Annotated[int, Form()] = 0,
    group: Annotated[str, Form()] = "",
    parameter: Annotated[str, Form()] = "",
    completion_code: Annotated[str, Form()] = "",
    return_url: Annotated[str, Form()] = "",
) -> Response:
    """Change the terms, and show the link where a new one was made: this once."""
    texts = (group, parameter, completion_code, return_url)
    terms = enrolment.Terms(cap, *(text.strip() for text in texts))
    token = ""
    try:
        with database.write() as session:
            if what in {"on", "off"}:
                enrolment.switch(session, study_id, what == "on", by=admin.email)
            else:
                token = enrolment.set_up(session, study_id, terms, renew=what == "renew", by=admin.email)
    except Refused as problem:
        return raters_page(request, study_id, admin, settings, database, pages, problem=str(problem))
    if not token:
        return to_raters(study_id)
    link = f"{settings.base_url}/join/{token}"
    return raters_page(request, study_id, admin, settings, database, pages, study_link=link)
