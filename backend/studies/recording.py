"""Taking answers and viewings in: append-only, each once, in the order in which they were given."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from backend.database import raters, ratings
from backend.database.tables import Presentation, Rater, Rating, Viewing
from backend.studies.answers import Answer
from backend.studies.answers import Viewing as GivenViewing
from backend.studies.invitations import admit
from backend.studies.lifecycle import require_open
from backend.studies.options import options_of
from backend.studies.refusals import Conflict, Invalid, Refused, Unknown

MOST_RATINGS = 200
"""Of one image by one rater: nobody changes her mind more often, but a script might."""
MOST_VIEWINGS = 2000

INSTANT = timedelta(microseconds=1)
"""The smallest difference of two times in the database."""


@dataclass(frozen=True)
class Refusal:
    """Why one of several entries was not taken; ``final`` says that it never can be."""

    id: str
    reason: Refused
    final: bool


@dataclass(frozen=True)
class Receipt:
    """What became of each answer and viewing that was sent together."""

    rater: Rater
    saved: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def record(
    session: Session,
    token: str,
    given: list[Answer],
    viewed: list[GivenViewing] | None = None,
    *,
    clock: str = "browser",
) -> Receipt:
    """Append answers and viewings, each or not at all; one that was stored before counts as saved.

    ``clock`` says who measured the response times. Raises ``Unknown`` for a wrong link; everything else is
    refused one by one in the receipt.
    """
    rater = admit(session, token, lock=True)
    viewed = viewed or []
    shown = raters.presentations(session, rater.id, {entry.image for entry in [*given, *viewed]})
    book = _Book(session, rater, shown, clock)
    for answer in _in_order(given):
        book.enter(answer)
    for viewing in viewed:
        book.enter(viewing)
    return book.receipt


def require_rateable(rater: Rater) -> None:
    """Raise ``Conflict`` unless this rater may answer now."""
    if rater.submitted_at is not None:
        raise Conflict("You have submitted your answers, and they are closed. Nothing was changed.")
    if rater.consented_at is None:
        raise Conflict("Please read the first page and agree before you rate.")
    require_open(rater.study)


def rateable(rater: Rater) -> bool:
    """Whether this rater may answer now."""
    return _closed(rater) is None


class _Book:
    """A rater's answers and viewings while some are entered; she is locked meanwhile."""

    def __init__(self, session: Session, rater: Rater, shown: dict[str, Presentation], clock: str) -> None:
        self.receipt = Receipt(rater)
        self._session, self._shown, self._clock = session, shown, clock
        self._options = options_of(rater.study)
        self._now = datetime.now(UTC)
        self._closed = _closed(rater)
        ids = [one.id for one in shown.values()]
        self._answers = set(ratings.submissions(session, ids))
        self._viewings = ratings.viewing_submissions(session, ids)

    def enter(self, entry: Answer | GivenViewing) -> None:
        """Append one entry, or say in the receipt why not."""
        try:
            shown = self._shown.get(entry.image)
            if shown is None:
                raise Unknown("There is no such image in your study.")
            (self._answer if isinstance(entry, Answer) else self._viewing)(shown, entry)
        except Refused as reason:
            self.receipt.refused.append(Refusal(entry.id, reason, final=reason is not self._closed))
        else:
            self.receipt.saved.append(entry.id)

    def _answer(self, shown: Presentation, given: Answer) -> None:
        if (shown.id, given.id) in self._answers:
            return
        if self._closed:
            raise self._closed
        self._require_on_scale(given)
        held = ratings.current(self._session, shown.id)
        answered_at = self._answered_at(shown, given)
        same = (given.answer, given.confidence) == ((held.answer, held.confidence) if held else (None, None))
        if same and (held is None or answered_at >= held.answered_at):
            return
        if held is not None and not self._options.revising and not _completes(given, held):
            raise Conflict(
                "This study takes one answer an image, and you have given it. Nothing was changed."
            )
        self._require_room(self._answers, shown, MOST_RATINGS)
        self._answers.add((shown.id, given.id))
        self._session.add(self._rating(shown, given, answered_at))
        self._session.flush()

    def _viewing(self, shown: Presentation, given: GivenViewing) -> None:
        if (shown.id, given.id) in self._viewings:
            return
        # Later than her answers it may come: the last image is left when she has gone on to submit.
        if self.receipt.rater.consented_at is None:
            raise self._closed or Conflict("Please read the first page and agree before you rate.")
        self._require_room(self._viewings, shown, MOST_VIEWINGS)
        self._viewings.add((shown.id, given.id))
        self._session.add(
            Viewing(
                presentation_id=shown.id,
                submission=given.id,
                visible_ms=given.visible_ms,
                hidden_ms=given.hidden_ms,
                began_at=self._when(given),
                received_at=self._now,
            )
        )

    def _rating(self, shown: Presentation, given: Answer, answered_at: datetime) -> Rating:
        return Rating(
            presentation_id=shown.id,
            answer=given.answer,
            confidence=given.confidence,
            submission=given.id,
            response_ms=given.response_ms,
            hidden_ms=given.hidden_ms if self._clock == "browser" else None,
            response_clock=None if given.response_ms is None else self._clock,
            answered_at=answered_at,
            received_at=self._now,
        )

    def _when(self, entry: Answer | GivenViewing) -> datetime:
        """When it happened, by the server's clock: never before she agreed, whatever her clock says."""
        agreed = self.receipt.rater.consented_at or self._now
        return max(self._now - timedelta(milliseconds=entry.age_ms), agreed)

    def _answered_at(self, shown: Presentation, given: Answer) -> datetime:
        """When it was given: never before the answer that it corrects.

        An age leaves out how long the way here took, and the server's clock may be set back; either would
        put a quick correction before what it corrects.
        """
        when = self._when(given)
        corrected = ratings.find(self._session, shown.id, given.after) if given.after else None
        return max(when, corrected.answered_at + INSTANT) if corrected else when

    def _require_on_scale(self, given: Answer) -> None:
        levels = self._options.confidence_levels
        if given.confidence is not None and (given.answer is None or given.confidence > levels):
            raise Invalid("This is not a level of the study's scale.")

    def _require_room(self, known: set[tuple[int, str]], shown: Presentation, most: int) -> None:
        if sum(presentation == shown.id for presentation, _ in known) >= most:
            raise Conflict("This image has been answered too many times. Nothing was changed.")


def _in_order(given: list[Answer]) -> list[Answer]:
    """The oldest first, and each after the one it corrects: each is held against what was true when it was
    given.
    """
    waiting = sorted(given, key=lambda one: -one.age_ms)
    ordered: list[Answer] = []
    while waiting:
        chain = [waiting.pop(0)]
        while corrected := next((one for one in waiting if one.id == chain[-1].after), None):
            waiting.remove(corrected)
            chain.append(corrected)
        ordered += reversed(chain)
    return ordered


def _completes(given: Answer, held: Rating) -> bool:
    """Whether it is the same answer, now with the confidence that was still missing."""
    return given.answer == held.answer and held.confidence is None and given.confidence is not None


def _closed(rater: Rater) -> Conflict | None:
    try:
        require_rateable(rater)
    except Conflict as reason:
        return reason
    return None
