"""The admin's pages: all studies, and making one."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import Field

from backend.database import mixes, raters, studies
from backend.database.limits import LARGEST_ID
from backend.routes.admin.access import AdminAccess, AdminDep, CheckedForm, EditorDep
from backend.routes.dependencies import DatabaseDep, PagesDep
from backend.studies import lifecycle
from backend.studies.refusals import Refused

router = APIRouter(prefix="/admin")

MixNumber = Annotated[int, Field(ge=0, le=LARGEST_ID)]
NO_MIXES: list[int] = []
MOST_MIXES = 100


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
    mix: Annotated[list[MixNumber], Form(max_length=MOST_MIXES)] = NO_MIXES,
    title: Annotated[str, Form()] = "",
    groups: Annotated[str, Form()] = "",
    seed: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "en",
    practice: Annotated[str, Form(pattern=r"^[0-9]{0,9}$")] = "",
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
        imported = mixes.everything(session)
    practices = [one for one in imported if one.reals + one.fakes <= lifecycle.MOST_PRACTICE]
    likely = [one.id for one in imported if one not in practices or len(imported) == 1][:1]
    empty = {"title": "", "groups": " ".join(lifecycle.GROUPS), "seed": "", "language": "en", "practice": ""}
    return pages.render(
        request,
        "admin/study_new.html",
        status=422 if problem else 200,
        admin=admin,
        mixes=imported,
        practice_mixes=practices,
        most_practice=lifecycle.MOST_PRACTICE,
        values={"mixes": likely} | empty | values,
        problem=problem,
    )
