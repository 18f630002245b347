"""One study's page: its raters, how far they are, their links, and what happened."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from backend.database import events, mixes, raters
from backend.routes.admin.access import AdminAccess, AdminDep, CheckedForm
from backend.routes.dependencies import DatabaseDep, PagesDep, RowId, SettingsDep
from backend.studies import invitations, journal, lifecycle, rating
from backend.studies.invitations import Invited
from backend.studies.lifecycle import RELEASED, get_study
from backend.studies.options import options_of
from backend.studies.refusals import Refused
from backend.watching.board import board

router = APIRouter(prefix="/admin/studies/{study_id}")

RaterName = Annotated[str, Path(max_length=64, pattern=r"^[^\x00]+$")]


@router.get("")
def study(
    request: Request,
    study_id: RowId,
    admin: AdminDep,
    settings: SettingsDep,
    database: DatabaseDep,
    pages: PagesDep,
) -> Response:
    """One study: its raters, how far they are, and the form to invite more."""
    return _study_page(request, study_id, admin, settings, database, pages)


@router.post("/raters", dependencies=[CheckedForm])
def invite(
    request: Request,
    study_id: RowId,
    admin: AdminDep,
    settings: SettingsDep,
    database: DatabaseDep,
    pages: PagesDep,
    group: Annotated[str, Form()] = "",
    count: Annotated[int, Form()] = 1,
    name: Annotated[str, Form()] = "",
) -> Response:
    """Invite raters and show their links: this once, for only a hash of them is stored."""
    try:
        with database.write() as session:
            invited = invitations.invite(session, study_id, group, count, name)
    except Refused as problem:
        return _study_page(request, study_id, admin, settings, database, pages, problem=str(problem))
    return _study_page(request, study_id, admin, settings, database, pages, invited=invited)


@router.post("/raters/{name}/link", dependencies=[CheckedForm])
def renew(
    request: Request,
    study_id: RowId,
    name: RaterName,
    admin: AdminDep,
    settings: SettingsDep,
    database: DatabaseDep,
    pages: PagesDep,
) -> Response:
    """Replace a rater's link."""
    with database.write() as session:
        invited = [invitations.renew(session, study_id, name)]
    return _study_page(request, study_id, admin, settings, database, pages, invited=invited)


@router.post("/raters/{name}/revoke", dependencies=[CheckedForm])
def revoke(study_id: RowId, name: RaterName, _admin: AdminDep, database: DatabaseDep) -> Response:
    """Make a rater's link stop working."""
    with database.write() as session:
        invitations.revoke(session, study_id, name)
    return _to_study(study_id)


@router.post("/raters/{name}/reopen", dependencies=[CheckedForm])
def reopen(study_id: RowId, name: RaterName, admin: AdminDep, database: DatabaseDep) -> Response:
    """Let a rater who has submitted go on."""
    with database.write() as session:
        rating.reopen(session, study_id, name, by=admin.email)
    return _to_study(study_id)


@router.post("/state", dependencies=[CheckedForm])
def set_state(
    study_id: RowId, admin: AdminDep, database: DatabaseDep, state: Annotated[str, Form()] = ""
) -> Response:
    """Open a draft, close a study for answers, open it again, archive it."""
    with database.write() as session:
        lifecycle.set_state(session, study_id, state, by=admin.email)
    return _to_study(study_id)


@router.post("/duplicate", dependencies=[CheckedForm])
def duplicate(study_id: RowId, admin: AdminDep, database: DatabaseDep) -> Response:
    """Make a draft after the model of this study."""
    with database.write() as session:
        made = lifecycle.duplicate(session, study_id, by=admin.email)
    return _to_study(made.id)


def _study_page(
    request: Request,
    study_id: RowId,
    admin: AdminAccess,
    settings: SettingsDep,
    database: DatabaseDep,
    pages: PagesDep,
    *,
    invited: list[Invited] | None = None,
    problem: str = "",
) -> Response:
    with database.read() as session:
        study = get_study(session, study_id)
        values = {
            "progress": raters.progress(session, study_id),
            "board": board(session, study),
            "practice": mixes.find(session, study.practice_mix_id or 0),
            "released": events.happened(session, study_id, RELEASED),
            "journal": journal.entries(session, study_id),
        }
    return pages.render(
        request,
        "admin/study.html",
        status=422 if problem else 200,
        admin=admin,
        study=study,
        options=options_of(study),
        drawn=study.mix.drawn,
        links=[(one, f"{settings.base_url}/r/{one.token}") for one in invited or []],
        problem=problem,
        **values,
    )


def _to_study(study_id: int) -> RedirectResponse:
    return RedirectResponse(f"/admin/studies/{study_id}", status_code=303)
