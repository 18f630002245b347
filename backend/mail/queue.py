"""Whom mail is written to, and sending what waits.

A mail is claimed and its link made in one transaction, sent after the commit, and marked as sent in another.
A sender that dies in between leaves it claimed, and after ``ABANDONED`` it is sent again: at least once,
never lost. The second try is counted in ``attempts``.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from sqlalchemy.orm import Session

from backend.database import events, messages, people, raters
from backend.database.sessions import Database
from backend.database.tables import Message, Rater
from backend.languages import Languages
from backend.mail.server import Failed, Refused, connected
from backend.mail.texts import compose
from backend.settings import Settings
from backend.studies.consent import told
from backend.studies.invitations import add_invitation
from backend.studies.lifecycle import get_study, require_open
from backend.studies.refusals import Invalid

ABANDONED = timedelta(minutes=15)
MOST_ATTEMPTS = 5


@dataclass
class Sent:
    """What a run of the queue came to."""

    sent: int = 0
    failed: int = 0
    waiting: int = 0


def write(session: Session, study_id: int, kind: str, interval_days: float, *, by: str = "") -> int:
    """Queue a mail of this kind to each rater of a study whom it is for; how many.

    Invitations go to whom none was ever written. Reminders go to who has not finished, not more often than
    the interval. Neither goes to who has submitted, wants no mail or has no link that works.
    """
    require_open(get_study(session, study_id))
    count = _write(session, study_id, kind, interval_days)
    if count:
        events.add(session, study_id, "mails written", by=by, what=kind, mails=count)
    return count


def _write(session: Session, study_id: int, kind: str, interval_days: float) -> int:
    now = datetime.now(UTC)
    if kind == "again":
        return messages.again(session, study_id)
    if kind not in {"invitation", "reminder"}:
        raise Invalid(f"a mail is an invitation or a reminder, not {kind!r}.")
    # Of two who write at once, the second must see what the first wrote. It locks raters, not the study:
    # an answer holds its rater, and then the study.
    raters.hold(session, [one.id for one in _due(session, study_id, kind, now, interval_days)])
    return messages.queue(session, _due(session, study_id, kind, now, interval_days), kind, now)


def _due(session: Session, study_id: int, kind: str, now: datetime, interval_days: float) -> list[Rater]:
    if kind == "invitation":
        return people.to_invite(session, study_id)
    long_ago = now - timedelta(days=interval_days)
    return [one for one, last in people.to_remind(session, study_id) if last is None or last <= long_ago]


def send_all(database: Database, settings: Settings, timeout_s: float = 30.0) -> Sent:
    """Send what waits, each mail once; what could not be sent now waits for the next run."""
    began, result, languages = datetime.now(UTC), Sent(), Languages()
    with connected(settings, timeout_s) as server:
        while True:
            with database.write() as session:
                claimed = _claim(session, began, settings, languages)
            if claimed is None:
                return result
            number, mail = claimed
            if mail is None:
                result.failed += 1
                continue
            state, reason, unreachable = "sent", "", False
            try:
                server.send(mail)
            except Refused as problem:
                state, reason = "failed", str(problem)
            except Failed as problem:
                state, reason, unreachable = "queued", str(problem), problem.unreachable
            with database.write() as session:
                state = _mark(session, number, state, reason)
            result.sent += state == "sent"
            result.failed += state == "failed"
            result.waiting += state == "queued"
            if unreachable:
                return result


def _claim(
    session: Session, began: datetime, settings: Settings, languages: Languages
) -> tuple[int, EmailMessage | None] | None:
    now = datetime.now(UTC)
    message = messages.claim(session, began, now - ABANDONED)
    if message is None:
        return None
    message.tried_at = now
    problem = _unwanted(session, message)
    if problem:
        message.state, message.reason = "failed", problem
        return message.id, None
    message.state = "sending"
    message.attempts += 1
    rater, person = message.rater, people.of_rater(session, message.rater_id)
    assert person is not None  # noqa: S101 - `_unwanted` saw her address
    language = languages.choose(person.language, "", rater.study.language)
    translate = languages.catalogue(language).gettext
    link = f"{settings.base_url}/r/{add_invitation(session, rater)}"
    title = told(rater.study, language, translate).title
    try:
        mail = compose(message.kind, settings.mail_from, person.email, title, link, translate)
    except ValueError as error:  # an address with a line break, say: it must not hold up the others
        message.state, message.reason = "failed", f"the mail cannot be written: {error}"
        return message.id, None
    return message.id, mail


def _unwanted(session: Session, message: Message) -> str:
    """Why a mail that waited is not sent after all."""
    rater, person = message.rater, people.of_rater(session, message.rater_id)
    if person is None or not person.email:
        return "there is no address any more"
    if person.opted_out_at is not None:
        return "she wants no mail"
    if rater.submitted_at is not None:
        return "she has submitted"
    if not people.has_link(session, rater.id):
        return "her link was revoked"
    return "" if rater.study.state == "open" else "the study is closed"


def _mark(session: Session, number: int, state: str, reason: str) -> str:
    message = messages.find(session, number)
    if message is None:
        return state
    if state == "queued" and message.attempts >= MOST_ATTEMPTS:
        state = "failed"
    message.state, message.reason = state, reason
    if state == "sent":
        message.sent_at = datetime.now(UTC)
    return state
