"""Rating by plain forms, submission, and where a rater goes on."""

import uuid
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from backend.database import desk, events, ratings
from backend.database.ratings import Step
from backend.database.tables import Rater
from backend.languages import translatable
from backend.studies import answers
from backend.studies.invitations import admit, find_rater
from backend.studies.lifecycle import require_not_archived, require_not_released
from backend.studies.recording import Parcel, record, require_rateable
from backend.studies.refusals import Conflict, Invalid, Unknown
from backend.tokens import hash_token

NO_POSITION = translatable("There is no image {position}: the study has {total}.")
UNANSWERED = translatable(
    "{count} of your images have no answer yet. Answer them, or tick that you leave them unanswered."
)


def answer_form(
    session: Session,
    token: str,
    position: int,
    answer: str,
    *,
    submission: str = "",
    confidence: int | None = None,
    response_ms: float | None = None,
    shown_ms: float | None = None,
) -> Rater:
    """Append an answer that came by a plain form; raises the refusal.

    ``response_ms`` is by the browser's clock; where it measured none, ``shown_ms`` (Unix time at which the
    server sent the page) gives the response time by the server's.
    """
    rater = admit(session, token, lock=True)
    step = step_at(ratings.steps(session, rater.id), position)
    clock = "browser"
    if response_ms is None and shown_ms is not None:
        response_ms, clock = datetime.now(UTC).timestamp() * 1000 - shown_ms, "server"
        # A page kept open for days, or a clock that was set back: no time rather than a wrong one.
        response_ms = response_ms if 0 <= response_ms <= answers.LONGEST_MS else None
    if not answer:
        raise Invalid(answers.PROBLEMS["answer"])
    values = {"id": submission or str(uuid.uuid4()), "image": step.key, "answer": answer}
    values |= {"confidence": confidence, "response_ms": response_ms}
    link = hash_token(token)
    there = desk.look(session, [link], [(link, step.key)])
    known = there.given.get(there.shown[rater.id, step.key].id, [])
    values |= {"after": known[-1].submission if known else None}
    given = answers.parse_answer(values)
    if any(
        one.submission == given.id and (one.answer, one.confidence) != (given.answer, given.confidence)
        for one in known
    ):
        # One page, two answers: she corrected herself before the next page came. That is a revision.
        given = given.model_copy(update={"id": str(uuid.uuid4())})
    (receipt,) = record(session, [Parcel(token, [given], clock=clock)])
    if isinstance(receipt, Unknown):
        raise receipt
    if receipt.refused:
        raise receipt.refused[0].reason
    return rater


def submit(session: Session, token: str, *, leave_unanswered: bool = False) -> Rater:
    """Close the rater's answers for good; images without an answer must be left on purpose."""
    rater = admit(session, token, lock=True)
    if rater.submitted_at is not None:
        return rater
    require_rateable(rater)
    unanswered = sum(step.answer is None for step in ratings.steps(session, rater.id))
    if unanswered and not leave_unanswered:
        raise Conflict(UNANSWERED, count=unanswered)
    # Never before her answers, although the clock may have been set back since they came.
    now = datetime.now(UTC)
    rater.submitted_at = max(now, ratings.last_received(session, rater.id) or now)
    events.add(session, rater.study_id, "submitted", rater_id=rater.id, unanswered=unanswered)
    return rater


def reopen(session: Session, study_id: int, name: str, *, by: str = "") -> Rater:
    """Let a rater who has submitted go on; recorded with the admin who did it.

    Raises ``Conflict`` where she has not submitted, or may have seen her own results.
    """
    rater = find_rater(session, study_id, name, lock=True)
    require_not_archived(rater.study)
    require_not_released(session, rater.study)
    if rater.submitted_at is None:
        raise Conflict(f"{name} has not submitted: she can still change her answers.")
    events.add(
        session, study_id, "reopened", rater_id=rater.id, by=by, submitted_at=rater.submitted_at.isoformat()
    )
    rater.submitted_at = None
    return rater


def step_at(steps: list[Step], position: int) -> Step:
    """The step at a position (1 first), or ``Unknown``."""
    if not 1 <= position <= len(steps):
        raise Unknown(NO_POSITION, position=position, total=len(steps))
    return steps[position - 1]


def resume_position(session: Session, rater: Rater) -> int | None:
    """Where a rater goes on: the next image without an answer after the one she rated last, else the first
    without one; ``None`` when all are answered.
    """
    unanswered = [step.position for step in ratings.steps(session, rater.id) if step.answer is None]
    last = ratings.last_position(session, rater.id) or 0
    later = [position for position in unanswered if position > last]
    return next(iter(later or unanswered), None)
