"""The first page: what the study is, and agreeing to take part."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from backend.database import ratings
from backend.database.tables import Rater
from backend.routes.dependencies import DatabaseDep
from backend.routes.errors import STATUS, wants_json
from backend.routes.rater.visit import PREFIX, Visit, VisitDep
from backend.settings import Settings
from backend.studies import consent, practice, rating
from backend.studies.invitations import admit
from backend.studies.lifecycle import require_open
from backend.studies.options import options_of
from backend.studies.refusals import Conflict, Refused
from backend.studies.results import may_see_own

router = APIRouter(prefix=PREFIX)


@router.get("")
def welcome(visit: VisitDep, database: DatabaseDep) -> Response:
    """What the study is, until the rater agreed; from then on the way back to where she was."""
    with database.read() as session:
        rater = admit(session, visit.token)
        if rater.submitted_at is not None or may_see_own(rater):
            return visit.to("/done")
        require_open(rater.study)
        steps = ratings.steps(session, rater.id)
        if rater.consented_at is not None:
            begun = any(step.seen for step in steps)
            practising = not begun and practice.images(session, rater)
            position = rating.resume_position(session, rater)
            # What waits in her browser may answer this image before its page is there, which then goes on.
            way = "/review" if position is None else f"/rate/{position}?resume"
            return visit.to("/practice/1" if practising else way)
        return _first_page(visit, session, rater, StartForm())


class StartForm(BaseModel):
    """What the first page sends; a question's answer comes under ``q_`` and the question's id."""

    model_config = ConfigDict(extra="allow")

    agree: str = ""
    version: str = ""
    text_language: str = ""
    group: str = ""

    @property
    def answers(self) -> dict[str, str]:
        """Each question's answer by its id."""
        given = (self.model_extra or {}).items()
        return {name[2:]: value for name, value in given if name.startswith("q_") and isinstance(value, str)}


@router.post("/start")
def start(visit: VisitDep, database: DatabaseDep, form: Annotated[StartForm, Form()]) -> Response:
    """Store the consent and show the first image; where something is missing, the first page again with what
    she filled in.
    """
    try:
        with database.write() as session:
            _begin(visit, session, form)
    except Refused as reason:
        with database.read() as session:
            rater = admit(session, visit.token)
            if rater.consented_at is not None or rater.study.state != "open" or wants_json(visit.request):
                raise
            return _first_page(visit, session, rater, form, reason)
    return visit.to()


def _begin(visit: Visit, session: Session, form: StartForm) -> None:
    rater = admit(session, visit.token)
    if not form.agree:
        raise Conflict("Please tick that you agree before you begin. Nothing was recorded.")
    # In the language in which she read it, which another tab may have changed since.
    language = visit.pages.languages.choose(form.text_language, "", visit.language(rater))
    consent.begin(
        session,
        visit.token,
        visit.told(rater, language),
        version=form.version,
        group=form.group,
        form=form.answers,
    )


def _first_page(
    visit: Visit, session: Session, rater: Rater, form: StartForm, problem: Refused | None = None
) -> Response:
    steps, options = ratings.steps(session, rater.id), options_of(rater.study)
    translate = visit.pages.languages.catalogue(visit.language(rater)).gettext
    settings: Settings = visit.request.app.state.settings
    return visit.render(
        "rater/welcome.html",
        rater,
        steps,
        minutes=consent.expected_minutes(len(steps)),
        practice=len(practice.images(session, rater)),
        questions=[(one, one.wording(visit.language(rater))) for one in options.questions],
        groups=rater.study.groups if options.ask_group else [],
        form=form,
        own_link=f"{settings.base_url}{visit.base}" if rater.enrolled else "",
        problem=problem.told(translate) if problem else "",
        status=STATUS.get(type(problem), 200),
    )
