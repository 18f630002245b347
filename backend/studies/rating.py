"""Rating: consent, answers and revisions, submission. Nothing is ever overwritten."""

import re
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from backend.database import raters, ratings
from backend.database.ratings import Step
from backend.database.tables import Presentation, Rater, Rating
from backend.studies.consent import consent_version
from backend.studies.invitations import admit
from backend.studies.lifecycle import require_open
from backend.studies.refusals import Conflict, Invalid, Unknown

ANSWERS = ("real", "fake")
SUBMISSION = re.compile(r"[A-Za-z0-9-]{8,36}")
LONGEST_RESPONSE_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class Answer:
    """What a rater sends. ``response_ms`` is by the browser's clock; ``shown_ms`` is when the server sent the
    page (Unix time), and gives the response time where the browser measured none.
    """

    position: int
    answer: str
    submission: str
    response_ms: float | None = None
    shown_ms: float | None = None


def consent(session: Session, token: str) -> Rater:
    """Store that the rater agreed, and to which text; agreeing again changes nothing."""
    rater = admit(session, token, lock=True)
    if rater.consented_at is None:
        require_open(rater.study)
        rater.consented_at = datetime.now(UTC)
        rater.consent_version = consent_version(rater.study.introduction)
    return rater


def answer(session: Session, token: str, given: Answer) -> Rater:
    """Append a rating. A submission that was stored before, or the answer that already holds, adds nothing.

    Raises ``Unknown`` for a wrong link or position, ``Invalid`` for a value that cannot be, and ``Conflict``
    where the rater has not agreed, has submitted, or the study is closed.
    """
    rater = admit(session, token, lock=True)
    shown = _presentation(session, rater, given.position)
    _require_valid(given)
    known = ratings.find_submission(session, shown.id, given.submission)
    if known and known.answer == given.answer:
        return rater
    require_rateable(rater)
    if known:
        # One page, two answers: she corrected herself before the next page came. That is a revision.
        given = replace(given, submission=str(uuid.uuid4()))
    held = ratings.current(session, shown.id)
    if held is None or held.answer != given.answer:
        session.add(_rating(shown, given))
    return rater


def submit(session: Session, token: str, *, leave_unanswered: bool = False) -> Rater:
    """Close the rater's answers for good; images without an answer must be left on purpose."""
    rater = admit(session, token, lock=True)
    if rater.submitted_at is not None:
        return rater
    require_rateable(rater)
    unanswered = sum(step.answer is None for step in ratings.steps(session, rater.id))
    if unanswered and not leave_unanswered:
        raise Conflict(
            f"{unanswered} of your images have no answer yet. Answer them, or tick that you leave them "
            "unanswered."
        )
    rater.submitted_at = datetime.now(UTC)
    return rater


def require_rateable(rater: Rater) -> None:
    """Raise ``Conflict`` unless this rater may answer now."""
    if rater.submitted_at is not None:
        raise Conflict("You have submitted your answers, and they are closed. Nothing was changed.")
    if rater.consented_at is None:
        raise Conflict("Please read the first page and agree before you rate.")
    require_open(rater.study)


def step_at(steps: list[Step], position: int) -> Step:
    """The step at a position (1 first), or ``Unknown``."""
    if not 1 <= position <= len(steps):
        raise Unknown(f"There is no image {position}: the study has {len(steps)}.")
    return steps[position - 1]


def resume_position(session: Session, rater: Rater) -> int | None:
    """Where a rater goes on: the next image without an answer after the one she rated last, else the first
    without one; ``None`` when all are answered.
    """
    unanswered = [step.position for step in ratings.steps(session, rater.id) if step.answer is None]
    last = ratings.last_position(session, rater.id) or 0
    later = [position for position in unanswered if position > last]
    return next(iter(later or unanswered), None)


def _presentation(session: Session, rater: Rater, position: int) -> Presentation:
    shown = raters.presentation(session, rater.id, position)
    if shown is None:
        raise Unknown(f"There is no image {position} in your study.")
    return shown


def _require_valid(given: Answer) -> None:
    if given.answer not in ANSWERS:
        raise Invalid("An answer is 'real' or 'fake'.")
    if not SUBMISSION.fullmatch(given.submission):
        raise Invalid("The answer came without a usable id. Please reload the page and answer again.")
    if given.response_ms is not None and not given.response_ms >= 0:
        raise Invalid("The response time that came with the answer cannot be.")


def _rating(shown: Presentation, given: Answer) -> Rating:
    now = datetime.now(UTC)
    response_ms, clock = given.response_ms, "browser"
    if response_ms is None and given.shown_ms is not None:
        response_ms, clock = now.timestamp() * 1000 - given.shown_ms, "server"
    # A page kept open for days, or a clock that was set back: no response time rather than a wrong one.
    if response_ms is not None and not 0 <= response_ms <= LONGEST_RESPONSE_MS:
        response_ms = None
    return Rating(
        presentation_id=shown.id,
        answer=given.answer,
        submission=given.submission,
        response_ms=response_ms,
        response_clock=None if response_ms is None else clock,
        answered_at=now,
    )
