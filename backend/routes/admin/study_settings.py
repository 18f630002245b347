"""The page of a study's settings: its options, its questions, and what it tells its raters."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from backend.database import mixes, raters, ratings
from backend.database.tables import Study
from backend.routes.admin.access import AdminAccess, AdminDep, CheckedForm, EditorDep
from backend.routes.admin.option_fields import SECTIONS, plainly
from backend.routes.admin.settings_form import option_changes, set_apart, shown, texts_of
from backend.routes.dependencies import DatabaseDep, PagesDep, RowId
from backend.studies import consent, editing
from backend.studies.consent import Told
from backend.studies.lifecycle import get_study
from backend.studies.options import DRAWN, FROZEN, TEXT_LENGTH
from backend.studies.refusals import Conflict, Invalid
from backend.studies.versions import require_version

router = APIRouter(prefix="/admin/studies/{study_id}/settings")


async def _sent(request: Request) -> dict[str, str]:
    """The fields that the form sent, the last of each name; line breaks as everywhere else."""
    form = await request.form()
    texts = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    return {name: value.replace("\r\n", "\n") for name, value in texts.items()}


@router.get("")
def show(
    request: Request,
    study_id: RowId,
    admin: AdminDep,
    database: DatabaseDep,
    pages: PagesDep,
    saved: str = "",
) -> Response:
    """The settings as they are."""
    return _page(request, study_id, admin, database, pages, saved=bool(saved))


@router.post("", dependencies=[CheckedForm])
def save(
    request: Request,
    study_id: RowId,
    admin: EditorDep,
    database: DatabaseDep,
    pages: PagesDep,
    form: Annotated[dict[str, str], Depends(_sent)],
) -> Response:
    """Change what the form changes: all of it, or nothing."""
    try:
        with database.write() as session:
            study = get_study(session, study_id, lock=True)
            require_version(session, study, _version(form))
            editing.change_options(session, study_id, option_changes(study, form), by=admin.email)
            for code in pages.languages.names:
                texts = texts_of(study, form, code)
                editing.change_texts(session, study_id, code, texts, by=admin.email)
    except (Conflict, Invalid) as problem:
        return _page(request, study_id, admin, database, pages, typed=form, problem=plainly(str(problem)))
    return RedirectResponse(f"/admin/studies/{study_id}/settings?saved=1", status_code=303)


@router.post("/preview", dependencies=[CheckedForm])
def preview(
    request: Request,
    study_id: RowId,
    admin: AdminDep,
    database: DatabaseDep,
    pages: PagesDep,
    form: Annotated[dict[str, str], Depends(_sent)],
) -> Response:
    """The form as it was sent, with its texts as raters would read them; nothing is saved."""
    return _page(request, study_id, admin, database, pages, typed=form, reading=True)


def _version(form: dict[str, str]) -> int | None:
    # A form without one (a script's) is taken as it comes.
    version = form.get("version", "")
    return int(version) if version.isdecimal() and len(version) < 10 else None


def _page(
    request: Request,
    study_id: int,
    admin: AdminAccess,
    database: DatabaseDep,
    pages: PagesDep,
    *,
    typed: dict[str, str] | None = None,
    problem: str = "",
    saved: bool = False,
    reading: bool = False,
) -> Response:
    with database.read() as session:
        study = get_study(session, study_id)
        rated = ratings.any_in_study(session, study_id)
        drawn = raters.last_number(session, study_id) > 0
        practice = mixes.find(session, study.practice_mix_id or 0)
    names = pages.languages.names
    # The default language first: what is left empty in the others falls back to it.
    codes = sorted(names, key=lambda code: code != study.language)
    values = shown(study, names) | {"version": str(study.version)} | (typed or {})
    if not reading:  # whoever is told of another's change may save over it; who only reads was told of none
        values["version"] = str(study.version)
    return pages.render(
        request,
        "admin/settings.html",
        status=422 if problem else 200,
        admin=admin,
        study=study,
        drawn=study.drawn,
        practice=practice,
        sections=SECTIONS,
        frozen=FROZEN if rated else (),
        fixed=DRAWN if drawn else (),
        apart=set_apart(study),
        texts=[(code, names[code], _instead(study, code, pages)) for code in codes],
        text_length=TEXT_LENGTH,
        values=values,
        problem=problem,
        saved=saved,
        reading=reading,
    )


def _instead(study: Study, code: str, pages: PagesDep) -> Told:
    """What raters read in a language in place of a text that is left empty."""
    others = {} if code == study.language else {study.language: study.texts.get(study.language, {})}
    blank = Study(title=study.title, language=study.language, texts=others, options=study.options)
    return consent.told(blank, code, pages.languages.catalogue(code).gettext)
