"""The admin's pages: studies, raters, progress and results."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from backend.database import mixes, raters, studies
from backend.database.tables import LARGEST_ID
from backend.routes.access import AdminAccess, AdminDep, CheckedForm
from backend.routes.dependencies import DatabaseDep, PagesDep, RowId, SettingsDep
from backend.studies import invitations, lifecycle
from backend.studies.invitations import Invited
from backend.studies.lifecycle import get_study
from backend.studies.refusals import Refused
from backend.studies.results import study_results

router = APIRouter(prefix="/admin")

RaterName = Annotated[str, Path(max_length=64, pattern=r"^[^\x00]+$")]


@router.get("")
def home(request: Request, admin: AdminDep, database: DatabaseDep, pages: PagesDep) -> Response:
    """All studies and mixes."""
    with database.read() as session:
        found, imported = studies.everything(session), mixes.everything(session)
        counts = {study.id: raters.progress(session, study.id) for study in found}
    return pages.render(request, "admin/home.html", admin=admin, studies=found, mixes=imported, counts=counts)


@router.get("/studies/new")
def new_study(request: Request, admin: AdminDep, database: DatabaseDep, pages: PagesDep) -> Response:
    """The form for a new study."""
    values = {"title": "", "groups": " ".join(lifecycle.GROUPS), "introduction": lifecycle.INTRODUCTION}
    return _study_form(request, admin, database, pages, values)


@router.post("/studies", dependencies=[CheckedForm])
def create_study(
    request: Request,
    admin: AdminDep,
    database: DatabaseDep,
    pages: PagesDep,
    mix: Annotated[int, Form(ge=0, le=LARGEST_ID)],
    title: Annotated[str, Form()] = "",
    groups: Annotated[str, Form()] = "",
    introduction: Annotated[str, Form()] = "",
    seed: Annotated[str, Form()] = "",
) -> Response:
    """Make a study of an imported mix."""
    try:
        with database.write() as session:
            study = lifecycle.create_study(
                session, mix, title, groups=groups.split(), seed=seed, introduction=introduction
            )
    except Refused as problem:
        values = {"mix": mix, "title": title, "groups": groups, "introduction": introduction, "seed": seed}
        return _study_form(request, admin, database, pages, values, problem=str(problem))
    return _to_study(study.id)


@router.get("/studies/{study_id}")
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


@router.post("/studies/{study_id}/raters", dependencies=[CheckedForm])
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


@router.post("/studies/{study_id}/raters/{name}/link", dependencies=[CheckedForm])
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


@router.post("/studies/{study_id}/raters/{name}/revoke", dependencies=[CheckedForm])
def revoke(study_id: RowId, name: RaterName, _admin: AdminDep, database: DatabaseDep) -> Response:
    """Make a rater's link stop working."""
    with database.write() as session:
        invitations.revoke(session, study_id, name)
    return _to_study(study_id)


@router.post("/studies/{study_id}/state", dependencies=[CheckedForm])
def set_state(
    study_id: RowId, _admin: AdminDep, database: DatabaseDep, state: Annotated[str, Form()] = ""
) -> Response:
    """Close a study for answers, or open it again."""
    with database.write() as session:
        lifecycle.set_state(session, study_id, state)
    return _to_study(study_id)


@router.get("/studies/{study_id}/results")
def results(
    request: Request, study_id: RowId, admin: AdminDep, database: DatabaseDep, pages: PagesDep
) -> Response:
    """Confusion matrices, rates and agreement, with the two figures."""
    with database.read() as session:
        study = get_study(session, study_id)
        found = study_results(session, study)
        progress = raters.progress(session, study.id)
    return pages.render(
        request,
        "admin/results.html",
        admin=admin,
        study=study,
        drawn=study.mix.drawn,
        results=found,
        unfinished=sum(one.rater.submitted_at is None for one in progress),
    )


def _study_form(
    request: Request,
    admin: AdminAccess,
    database: DatabaseDep,
    pages: PagesDep,
    values: dict[str, object],
    problem: str = "",
) -> Response:
    with database.read() as session:
        imported = mixes.everything(session)
    return pages.render(
        request,
        "admin/study_new.html",
        status=422 if problem else 200,
        admin=admin,
        mixes=imported,
        values={"mix": request.query_params.get("mix", ""), "seed": ""} | values,
        problem=problem,
    )


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
        progress = raters.progress(session, study_id)
    return pages.render(
        request,
        "admin/study.html",
        status=422 if problem else 200,
        admin=admin,
        study=study,
        drawn=study.mix.drawn,
        progress=progress,
        links=[(one, f"{settings.base_url}/r/{one.token}") for one in invited or []],
        problem=problem,
    )


def _to_study(study_id: int) -> RedirectResponse:
    return RedirectResponse(f"/admin/studies/{study_id}", status_code=303)
