"""One study's page: how far its raters are, and what happened."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from backend.database import events, mixes
from backend.database.limits import LARGEST_ID
from backend.database.tables import Image
from backend.routes.admin.access import AdminDep, CheckedForm, EditorDep
from backend.routes.admin.mix_choice import NO_MIXES, ChosenMixes, PracticeMix, mix_choice
from backend.routes.dependencies import DatabaseDep, PagesDep, RowId
from backend.studies import editing, journal, lifecycle
from backend.studies.lifecycle import RELEASED, get_study
from backend.studies.options import options_of
from backend.watching.board import board

router = APIRouter(prefix="/admin/studies/{study_id}")

SeenVersion = Annotated[int | None, Form(ge=0, le=LARGEST_ID)]
"""Of the study, as the page showed it on which the admin decided."""


@router.get("")
def study(
    request: Request,
    study_id: RowId,
    admin: AdminDep,
    database: DatabaseDep,
    pages: PagesDep,
) -> Response:
    """One study: how far its raters are, what happened, and the way to close it."""
    with database.read() as session:
        study = get_study(session, study_id)
        shown = mixes.images_of(session, study_id)
        values = {
            "twice": sum(mix.reals + mix.fakes for mix in study.mixes) - len(shown),
            "generators": _generators(shown, mixes.sources(session, study_id)),
            "board": board(session, study),
            "practice": mixes.find(session, study.practice_mix_id or 0),
            "released": events.happened(session, study_id, RELEASED),
            "journal": journal.entries(session, study_id),
        }
        choice = {}
        if study.state == "draft" and not values["board"].lines:
            held = [mix.id for mix in study.mixes]
            choice = mix_choice(session) | {
                "values": {"mixes": held, "practice": str(study.practice_mix_id or "")}
            }
    return pages.render(
        request,
        "admin/study.html",
        admin=admin,
        study=study,
        options=options_of(study),
        drawn=study.drawn,
        choosing=bool(choice),
        **values,
        **choice,
    )


def _generators(shown: Sequence[Image], sources: Mapping[int, str]) -> dict[int, list[str]]:
    """What the results call the generators of each mix's fakes, by the mix's number."""
    found: dict[int, set[str]] = {}
    for image in shown:
        names = found.setdefault(image.mix_id, set())
        if image.truth == "fake":
            names.add(sources[image.id])
    return {mix: sorted(names) for mix, names in found.items()}


@router.post("/state", dependencies=[CheckedForm])
def set_state(
    study_id: RowId,
    admin: EditorDep,
    database: DatabaseDep,
    state: Annotated[str, Form()] = "",
    version: SeenVersion = None,
) -> Response:
    """Open a draft, close a study for answers, open it again, archive it."""
    with database.write() as session:
        lifecycle.set_state(session, study_id, state, by=admin.email, version=version)
    return _to_study(study_id)


@router.post("/mixes", dependencies=[CheckedForm])
def change_mixes(
    study_id: RowId,
    admin: EditorDep,
    database: DatabaseDep,
    mix: ChosenMixes = NO_MIXES,
    practice: PracticeMix = "",
    version: SeenVersion = None,
) -> Response:
    """Choose other mixes for a draft."""
    chosen = int(practice) if practice else None
    with database.write() as session:
        editing.change_mixes(session, study_id, mix, chosen, by=admin.email, version=version)
    return _to_study(study_id)


@router.post("/duplicate", dependencies=[CheckedForm])
def duplicate(study_id: RowId, admin: EditorDep, database: DatabaseDep) -> Response:
    """Make a draft after the model of this study."""
    with database.write() as session:
        made = lifecycle.duplicate(session, study_id, by=admin.email)
    return _to_study(made.id)


def _to_study(study_id: int) -> RedirectResponse:
    return RedirectResponse(f"/admin/studies/{study_id}", status_code=303)
