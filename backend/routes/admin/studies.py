"""The admin's pages: all studies, and making one."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from backend.database import mixes, raters, studies
from backend.routes.admin.access import AdminAccess, AdminDep, CheckedForm, EditorDep
from backend.routes.admin.mix_choice import NO_MIXES, ChosenMixes, PracticeMix, mix_choice
from backend.routes.dependencies import DatabaseDep, PagesDep
from backend.studies import lifecycle
from backend.studies.refusals import Refused

router = APIRouter(prefix="/admin")


@router.get("")
def home(request: Request, admin: AdminDep, database: DatabaseDep, pages: PagesDep) -> Response:
    """All studies and mixes."""
    with database.read() as session:
        found, imported = studies.everything(session), mixes.everything(session)
        counts = {study.id: raters.progress(session, study.id) for study in found}
    return pages.render(request, "admin/home.html", admin=admin, studies=found, mixes=imported, counts=counts)


@router.get("/studies/new")
def new_study(
    request: Request, admin: EditorDep, database: DatabaseDep, pages: PagesDep, mix: str = ""
) -> Response:
    """The form for a new study."""
    chosen = {"mixes": [int(mix)]} if mix.isdecimal() and len(mix) < 10 else {}
    return _study_form(request, admin, database, pages, chosen)


@router.post("/studies", dependencies=[CheckedForm])
def create_study(
    request: Request,
    admin: EditorDep,
    database: DatabaseDep,
    pages: PagesDep,
    mix: ChosenMixes = NO_MIXES,
    title: Annotated[str, Form()] = "",
    groups: Annotated[str, Form()] = "",
    seed: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "en",
    practice: PracticeMix = "",
) -> Response:
    """Make a study of imported mixes, as a draft."""
    try:
        with database.write() as session:
            study = lifecycle.create_study(
                session,
                mix,
                title,
                groups=groups.replace(",", " ").split(),
                seed=seed,
                language=pages.languages.require(language),
                practice_mix_id=int(practice) if practice else None,
                draft=True,
                by=admin.email,
            )
    except Refused as problem:
        values = {"mixes": mix, "title": title, "groups": groups, "seed": seed}
        values |= {"language": language, "practice": practice}
        return _study_form(request, admin, database, pages, values, problem=str(problem))
    return RedirectResponse(f"/admin/studies/{study.id}", status_code=303)


def _study_form(
    request: Request,
    admin: AdminAccess,
    database: DatabaseDep,
    pages: PagesDep,
    values: dict[str, object],
    problem: str = "",
) -> Response:
    with database.read() as session:
        choice = mix_choice(session)
    imported, practices = choice["mixes"], choice["practice_mixes"]
    likely = [one.id for one in imported if one not in practices or len(imported) == 1][:1]
    empty = {"title": "", "groups": " ".join(lifecycle.GROUPS), "seed": "", "language": "en", "practice": ""}
    return pages.render(
        request,
        "admin/study_new.html",
        status=422 if problem else 200,
        admin=admin,
        **choice,
        most_practice=lifecycle.MOST_PRACTICE,
        values={"mixes": likely} | empty | values,
        problem=problem,
    )
