"""Rating one image: the page, the plain form on it, and the timing of a page without scripts."""

import json
import time
import uuid
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from backend.database import ratings
from backend.languages import translatable
from backend.routes.dependencies import DatabaseDep, RowId
from backend.routes.rater.visit import PREFIX, VisitDep, rating_rater, trial
from backend.studies import rating
from backend.studies.invitations import admit
from backend.studies.options import StudyOptions, options_of

router = APIRouter(prefix=PREFIX)

TIME_OVER = translatable("Its time is over. You can still answer.")


@router.get("/rate/{position}")
def show(visit: VisitDep, position: RowId, database: DatabaseDep, back: str = "") -> Response:
    """One image and the two answers."""
    with database.read() as session:
        rater, steps = rating_rater(session, visit.token)
    if rater is None:
        return visit.to()
    step = rating.step_at(steps, position)
    back = "review" if back == "review" else ""
    return visit.render(
        "rater/rate.html",
        rater,
        steps,
        step=step,
        submission=str(uuid.uuid4()),
        shown_ms=round(time.time() * 1000),
        back=back,
        trial=trial(visit, rater, steps, position, back),
    )


@router.post("/rate/{position}")
def answer(
    visit: VisitDep,
    position: RowId,
    database: DatabaseDep,
    answer: Annotated[str, Form()] = "",
    submission: Annotated[str, Form()] = "",
    confidence: Annotated[int | None, Form()] = None,
    response_ms: Annotated[float | None, Form()] = None,
    shown_ms: Annotated[float | None, Form()] = None,
    back: Annotated[str, Form()] = "",
) -> Response:
    """Store an answer that came by the plain form; when this returns, it is on disk."""
    with database.write() as session:
        rater = rating.answer_form(
            session,
            visit.token,
            position,
            answer,
            submission=submission,
            confidence=confidence,
            response_ms=response_ms,
            shown_ms=shown_ms,
        )
        last = position >= len(ratings.steps(session, rater.id))
    visit.count(1)
    return visit.to("/review" if last or back == "review" else f"/rate/{position + 1}")


@router.get("/timing.css")
def timing(visit: VisitDep, database: DatabaseDep) -> Response:
    """The study's pause before an image and its limit of display, where no script keeps them."""
    with database.read() as session:
        rater = admit(session, visit.token)
        options = options_of(rater.study)
    over = visit.pages.languages.catalogue(visit.language(rater)).gettext(TIME_OVER)
    return Response(_timing(options) + _over(options, over), media_type="text/css")


def _timing(options: StudyOptions) -> str:
    pause, limit = options.fixation_ms, options.display_limit_ms
    whole = pause + limit
    if not whole:
        return ""
    begins = 100 * pause / whole
    ends = "hidden" if limit else "visible"
    return (
        f"#picture {{ animation: trial {whole}ms step-end both; }}\n"
        f"@keyframes trial {{ 0% {{ visibility: hidden; }} {begins:.4f}% {{ visibility: visible; }} "
        f"100% {{ visibility: {ends}; }} }}\n"
    )


def _over(options: StudyOptions, words: str) -> str:
    """What the stage says when the image has gone."""
    if not options.display_limit_ms:
        return ""
    quoted = json.dumps(words, ensure_ascii=False)  # as CSS quotes too
    whole = options.fixation_ms + options.display_limit_ms
    return (
        f"#stage:has(img)::after {{ content: {quoted}; animation: over {whole}ms step-end both; "
        "position: absolute; inset: 0; display: grid; place-content: center; padding: 1rem; "
        "text-align: center; color: var(--stage-quiet); }\n"
        "@keyframes over { 0% { visibility: hidden; } 100% { visibility: visible; } }\n"
    )
