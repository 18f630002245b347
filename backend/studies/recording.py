"""Taking answers and viewings in: append-only, each once, in the order in which they were given."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from backend.database import desk
from backend.database.desk import Current, Given, Held, Known, Shown
from backend.database.tables import Rater
from backend.studies.answers import Answer
from backend.studies.answers import Viewing as GivenViewing
from backend.studies.invitations import UNKNOWN_LINK
from backend.studies.lifecycle import require_open
from backend.studies.options import options_of
from backend.studies.refusals import Conflict, Invalid, Refused, Unknown
from backend.tokens import hash_token

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
class Parcel:
    """What came together with one link. ``clock`` says who measured the response times.

    ``known``: how many ratings of hers the sender knew of, if she keeps count.
    """

    token: str
    answers: Sequence[Answer] = ()
    viewings: Sequence[GivenViewing] = ()
    clock: str = "browser"
    known: int | None = None

    @cached_property
    def token_hash(self) -> str:
        """By which the link is found."""
        return hash_token(self.token)

    @cached_property
    def entries(self) -> list[Answer | GivenViewing]:
        """Answers and viewings, in the order in which they are entered."""
        return [*_in_order(list(self.answers)), *self.viewings]


@dataclass
class Receipt:
    """What became of each entry of a parcel.

    ``count`` is how many ratings of the rater there are now. ``answers`` are her current ones, by position,
    or ``None`` where the sender knows them: she knew all that was there, and all of her own were taken.
    """

    rater: Held
    saved: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    added: int = 0
    count: int = 0
    answers: Current | None = None


def record(session: Session, parcels: Sequence[Parcel]) -> list[Receipt | Unknown]:
    """Append what is in the parcels, each entry or not at all; one that was stored before counts as saved.

    Of each parcel comes a receipt, in which entries are refused one by one, or ``Unknown`` for a wrong link.
    However many parcels there are, the database is asked the same few times.
    """
    keys = [(parcel.token_hash, one.image) for parcel in parcels for one in parcel.entries]
    held, known = desk.hold(session, {parcel.token_hash for parcel in parcels}, keys)
    page = _Page(known)
    outcomes: list[Receipt | Unknown] = []
    for parcel in parcels:
        if (rater := held.get(parcel.token_hash)) is None:
            outcomes.append(Unknown(UNKNOWN_LINK))
            continue
        book = _Book(page, rater, parcel.clock)
        for entry in parcel.entries:
            book.enter(entry)
        outcomes.append(book.receipt)
    page.write(session)
    _take_stock(session, page, parcels, outcomes)
    return outcomes


def _take_stock(
    session: Session, page: "_Page", parcels: Sequence[Parcel], outcomes: list[Receipt | Unknown]
) -> None:
    """Complete the receipts by what the database holds now."""
    telling = []
    for parcel, receipt in zip(parcels, outcomes, strict=True):
        if isinstance(receipt, Unknown):
            continue
        receipt.count = page.counts[receipt.rater.id]
        if receipt.refused or parcel.known is None or parcel.known + receipt.added != receipt.count:
            telling.append(receipt)
    current = desk.current(session, {receipt.rater.id for receipt in telling}) if telling else {}
    for receipt in telling:
        receipt.answers = current.get(receipt.rater.id, [])


def require_rateable(rater: Rater | Held) -> None:
    """Raise ``Conflict`` unless this rater may answer now."""
    if rater.submitted_at is not None:
        raise Conflict("You have submitted your answers, and they are closed. Nothing was changed.")
    if rater.consented_at is None:
        raise Conflict("Please read the first page and agree before you rate.")
    require_open(rater.study)


def rateable(rater: Rater | Held) -> bool:
    """Whether this rater may answer now."""
    return _closed(rater) is None


class _Page:
    """What is known of the presentations that some parcels concern, and what is to be added to them."""

    def __init__(self, known: Known) -> None:
        self.shown, self.given, self.viewed = known.shown, known.given, known.viewed
        self.counts = Counter(known.counts)
        self._ratings: list[dict[str, Any]] = []
        self._viewings: list[dict[str, Any]] = []

    def add_rating(self, shown: Shown, given: Answer, **values: Any) -> None:
        """Enter a rating among those known, at its place in time."""
        new = Given(given.id, given.answer, given.confidence, values["answered_at"])
        known = self.given.setdefault(shown.id, [])
        known.append(new)
        known.sort(key=lambda one: one.answered_at)
        row = {"presentation_id": shown.id, "submission": given.id, "answer": given.answer}
        self._ratings.append(row | {"confidence": given.confidence} | values)
        self.counts[shown.rater_id] += 1

    def add_viewing(self, shown: Shown, given: GivenViewing, **values: Any) -> None:
        """Enter a viewing among those known."""
        self.viewed.setdefault(shown.id, set()).add(given.id)
        row = {"presentation_id": shown.id, "submission": given.id, "visible_ms": given.visible_ms}
        self._viewings.append(row | {"hidden_ms": given.hidden_ms} | values)

    def write(self, session: Session) -> None:
        """Give all that was entered to the database."""
        desk.add(session, self._ratings, self._viewings)


class _Book:
    """A rater's answers and viewings while those of one parcel are entered; she is locked meanwhile."""

    def __init__(self, page: _Page, rater: Held, clock: str) -> None:
        self.receipt = Receipt(rater)
        self._page, self._clock = page, clock
        self._options = options_of(rater.study)
        self._now = datetime.now(UTC)
        self._closed = _closed(rater)

    def enter(self, entry: Answer | GivenViewing) -> None:
        """Append one entry, or say in the receipt why not."""
        try:
            shown = self._page.shown.get((self.receipt.rater.id, entry.image))
            if shown is None:
                raise Unknown("There is no such image in your study.")
            (self._answer if isinstance(entry, Answer) else self._viewing)(shown, entry)
        except Refused as reason:
            self.receipt.refused.append(Refusal(entry.id, reason, final=reason is not self._closed))
        else:
            self.receipt.saved.append(entry.id)

    def _answer(self, shown: Shown, given: Answer) -> None:
        known = self._page.given.get(shown.id, [])
        if any(one.submission == given.id for one in known):
            return
        if self._closed:
            raise self._closed
        self._require_on_scale(given)
        held = known[-1] if known else None
        answered_at = self._answered_at(known, given)
        same = (given.answer, given.confidence) == ((held.answer, held.confidence) if held else (None, None))
        if same and (held is None or answered_at >= held.answered_at):
            return
        if held is not None and not self._options.revising and not _completes(given, held):
            raise Conflict(
                "This study takes one answer an image, and you have given it. Nothing was changed."
            )
        _require_room(known, MOST_RATINGS)
        self._page.add_rating(
            shown,
            given,
            response_ms=given.response_ms,
            hidden_ms=given.hidden_ms if self._clock == "browser" else None,
            response_clock=None if given.response_ms is None else self._clock,
            answered_at=answered_at,
            received_at=self._now,
        )
        self.receipt.added += 1

    def _viewing(self, shown: Shown, given: GivenViewing) -> None:
        known = self._page.viewed.get(shown.id, set())
        if given.id in known:
            return
        # Later than her answers it may come: the last image is left when she has gone on to submit.
        if self.receipt.rater.consented_at is None:
            raise self._closed or Conflict("Please read the first page and agree before you rate.")
        _require_room(known, MOST_VIEWINGS)
        self._page.add_viewing(shown, given, began_at=self._when(given), received_at=self._now)

    def _when(self, entry: Answer | GivenViewing) -> datetime:
        """When it happened, by the server's clock: never before she agreed, whatever her clock says."""
        agreed = self.receipt.rater.consented_at or self._now
        return max(self._now - timedelta(milliseconds=entry.age_ms), agreed)

    def _answered_at(self, known: list[Given], given: Answer) -> datetime:
        """When it was given: never before the answer that it corrects.

        An age leaves out how long the way here took, and the server's clock may be set back; either would
        put a quick correction before what it corrects.
        """
        when = self._when(given)
        corrected = next((one for one in known if one.submission == given.after), None)
        return max(when, corrected.answered_at + INSTANT) if corrected else when

    def _require_on_scale(self, given: Answer) -> None:
        levels = self._options.confidence_levels
        if given.confidence is not None and (given.answer is None or given.confidence > levels):
            raise Invalid("This is not a level of the study's scale.")


def _require_room(known: Collection[object], most: int) -> None:
    if len(known) >= most:
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


def _completes(given: Answer, held: Given) -> bool:
    """Whether it is the same answer, now with the confidence that was still missing."""
    return given.answer == held.answer and held.confidence is None and given.confidence is not None


def _closed(rater: Rater | Held) -> Conflict | None:
    try:
        require_rateable(rater)
    except Conflict as reason:
        return reason
    return None
