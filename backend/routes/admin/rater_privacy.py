"""Deleting a rater or making her anonymous, asked for twice."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from backend.routes.admin.access import CheckedForm, EditorDep
from backend.routes.admin.raters import RaterName, to_raters
from backend.routes.dependencies import DatabaseDep, PagesDep, RowId
from backend.studies import privacy
from backend.studies.invitations import find_rater
from backend.studies.lifecycle import get_study

router = APIRouter(prefix="/admin/studies/{study_id}/raters/{name}/privacy")


@router.get("")
def ask(
    request: Request,
    study_id: RowId,
    name: RaterName,
    admin: EditorDep,
    database: DatabaseDep,
    pages: PagesDep,
) -> Response:
    """What would be deleted, and the two ways."""
    with database.read() as session:
        study, rater = get_study(session, study_id), find_rater(session, study_id, name)
    return pages.render(request, "admin/rater_privacy.html", admin=admin, study=study, rater=rater)


@router.post("", dependencies=[CheckedForm])
def act(
    study_id: RowId,
    name: RaterName,
    admin: EditorDep,
    database: DatabaseDep,
    what: Annotated[Literal["delete", "anonymise"], Form()],
) -> Response:
    """Do it."""
    with database.write() as session:
        (privacy.delete if what == "delete" else privacy.anonymise)(session, study_id, name, by=admin.email)
    return to_raters(study_id)
