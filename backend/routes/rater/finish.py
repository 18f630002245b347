"""The overview of all answers, submitting, and thanks."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from backend.database import ratings
from backend.routes.dependencies import DatabaseDep
from backend.routes.rater.visit import PREFIX, VisitDep, rating_rater, trial
from backend.studies import enrolment, rating, results
from backend.studies.invitations import admit

router = APIRouter(prefix=PREFIX)


@router.get("/review")
def review(
    visit: VisitDep, database: DatabaseDep, show: Literal["all", "unanswered", "unsure"] = "all"
) -> Response:
    """All images with the current answers, and the way to submit."""
    with database.read() as session:
        rater, steps = rating_rater(session, visit.token)
    if rater is None:
        return visit.to()
    missing = sum(step.answer is None for step in steps)
    return visit.render(
        "rater/review.html",
        rater,
        steps,
        missing=missing,
        show=show,
        trial=trial(visit, rater, steps, 1, "review"),
    )


@router.post("/submit")
def submit(
    visit: VisitDep, database: DatabaseDep, leave_unanswered: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """Close the answers."""
    with database.write() as session:
        rating.submit(session, visit.token, leave_unanswered=bool(leave_unanswered))
    return visit.to("/done")


@router.get("/done")
def done(visit: VisitDep, database: DatabaseDep) -> Response:
    """Thanks; and her own results, where the study is closed and shows them."""
    with database.read() as session:
        rater = admit(session, visit.token)
        own = results.own_results(session, rater) if results.may_see_own(rater) else None
        if rater.submitted_at is None and not results.may_see_own(rater):
            return visit.to()
        steps = ratings.steps(session, rater.id)
        farewell = enrolment.farewell(session, rater)
    submitted = rater.submitted_at is not None
    return visit.render("rater/done.html", rater, steps, submitted=submitted, own=own, farewell=farewell)
