"""A study's link for all: its terms, a new link, on and off."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import Response

from backend.routes.admin.access import CheckedForm
from backend.routes.admin.raters import RatersPageDep, to_raters
from backend.studies import enrolment
from backend.studies.refusals import Refused

router = APIRouter(prefix="/admin/studies/{study_id}/raters")


@router.post("/enrolment", dependencies=[CheckedForm])
def set_up(
    page: RatersPageDep,
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
        with page.database.write() as session:
            if what in {"on", "off"}:
                enrolment.switch(session, page.study_id, what == "on", by=page.admin.email)
            else:
                token = enrolment.set_up(
                    session, page.study_id, terms, renew=what == "renew", by=page.admin.email
                )
    except Refused as problem:
        return page(problem=str(problem))
    if not token:
        return to_raters(page.study_id)
    link = f"{page.settings.base_url}/join/{token}"
    return page(study_link=link)
