"""How a rater's data are protected, and no more mail."""

from fastapi import APIRouter
from fastapi.responses import Response

from backend.database import enrolments, people, ratings
from backend.routes.dependencies import DatabaseDep, SettingsDep
from backend.routes.rater.visit import PREFIX, VisitDep
from backend.studies.invitations import admit
from backend.studies.privacy import opt_out, statement

router = APIRouter(prefix=PREFIX)


@router.get("/privacy")
def privacy(visit: VisitDep, settings: SettingsDep, database: DatabaseDep) -> Response:
    """Who is responsible, what is recorded, for how long, and her rights."""
    with database.read() as session:
        rater = admit(session, visit.token)
        steps = ratings.steps(session, rater.id)
        link = enrolments.of_study(session, rater.study_id) if rater.enrolled else None
    translate = visit.pages.languages.catalogue(visit.language(rater)).gettext
    statements = statement(rater.study, settings, translate, link=link)
    return visit.render("rater/privacy.html", rater, steps, statements=statements)


@router.get("/mail")
def mail(visit: VisitDep, database: DatabaseDep) -> Response:
    """The button that ends mail, or that it has ended. Opening the page changes nothing."""
    with database.read() as session:
        rater = admit(session, visit.token)
        person = people.of_rater(session, rater.id)
        steps = ratings.steps(session, rater.id)
    ended = person is None or not person.email or person.opted_out_at is not None
    return visit.render("rater/mail.html", rater, steps, ended=ended)


@router.post("/mail")
def no_more_mail(visit: VisitDep, database: DatabaseDep) -> Response:
    """Write her no more mail."""
    with database.write() as session:
        opt_out(session, admit(session, visit.token, lock=True))
    return visit.to("/mail")
