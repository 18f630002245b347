"""What happened, in words for admins: to a study, and in the whole log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.database import events, raters
from backend.database.events import Chosen
from backend.database.tables import Event
from backend.studies.options import show_option

GONE = "a rater who was deleted"
PAGE = 100


@dataclass(frozen=True)
class Entry:
    """Something that happened, and who did it."""

    at: datetime
    what: str
    who: str


@dataclass(frozen=True)
class Line:
    """A line of the whole log."""

    number: int
    study_id: int | None
    entry: Entry


def entries(session: Session, study_id: int) -> list[Entry]:
    """What happened to a study, the latest first."""
    names = {one.rater.id: one.rater.name for one in raters.progress(session, study_id)}
    found = [
        _entry(event, names.get(event.rater_id or 0, "")) for event in events.everything(session, study_id)
    ]
    return found[::-1]


def log_page(session: Session, chosen: Chosen, number: int) -> list[Line]:
    """A page (1 first) of the whole log, the latest first."""
    rows = events.page(session, chosen, skip=(number - 1) * PAGE, most=PAGE)
    return [Line(row.id, row.study_id, _entry(row, name)) for row, name in rows]


def pages_of(session: Session, chosen: Chosen) -> int:
    """How many pages the log has, one at least."""
    return max(1, -(-events.count(session, chosen) // PAGE))


def actor(event: Event, rater: str) -> str:
    """Who did it: an admin's address, the rater of this name, or the command line."""
    if event.kind in events.BY_RATERS and event.by in ("", events.ELSEWHERE):
        return rater or GONE
    return event.by or events.COMMAND_LINE


def _entry(event: Event, rater: str) -> Entry:
    what, who = _what(event.kind, event.details), actor(event, rater)
    return Entry(event.at, f"{what}: {rater}" if rater and who != rater else what, who)


def _what(kind: str, details: Mapping[str, Any]) -> str:
    try:
        return _told(kind, details)
    except (KeyError, TypeError, ValueError, AttributeError):  # a bundle may bring details of any form
        return kind


def _told(kind: str, details: Mapping[str, Any]) -> str:
    match kind:
        case "submitted" if details.get("unanswered"):
            return f"submitted, {details['unanswered']} left unanswered"
        case "options changed":
            return "options changed: " + ", ".join(_set(name, value) for name, value in details.items())
        case "mixes changed":
            practice = f", practice mix {details['practice_mix']}" if details["practice_mix"] else ""
            return f"mixes changed: {', '.join(map(str, details['mixes']))}{practice}"
        case "texts changed":
            return f"texts changed ({details['language']}): {', '.join(details['changed'])}"
        case kind if kind in PLAINLY:
            return PLAINLY[kind].format_map(details)
    told = [f"{name.replace('_', ' ')} {details[name]}" for name in TELLING if details.get(name) is not None]
    return f"{kind}: {', '.join(told)}" if told else kind


PLAINLY = {
    "duplicated": "made as a copy of study {study}",
    "agreed": "agreed to take part",
    "reopened": "submission taken back, so that she can go on",
    "enrolment set": "enrolment set: at most {cap} raters",
    "personal data deleted": "personal data deleted, {after_days} days after closing, of {raters} raters",
    "imported": "taken in from a bundle, with {events} events from there",
}
TELLING = ("account", "role", "before", "second_factor", "reason", "file", "mix", "mails", "sessions")
"""What of the other details a reader of the log wants to see."""


def _set(name: str, value: Any) -> str:
    # Of questions the names: their wording would fill the page.
    short = ",".join(one["id"] for one in value) if name == "questions" else show_option(name, value)
    return f"{name}={short}"
