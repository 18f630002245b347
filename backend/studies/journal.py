"""What happened to a study, in words for its admins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.database import events, raters
from backend.database.tables import Event
from backend.studies.options import show_option


@dataclass(frozen=True)
class Entry:
    """Something that happened; ``who`` is an admin's address, a rater's name, or empty: the command line."""

    at: datetime
    what: str
    who: str


def entries(session: Session, study_id: int) -> list[Entry]:
    """What happened to a study, the latest first."""
    names = {one.rater.id: one.rater.name for one in raters.progress(session, study_id)}
    found = [_entry(event, names) for event in events.everything(session, study_id)]
    return found[::-1]


def _entry(event: Event, names: Mapping[int, str]) -> Entry:
    rater = names.get(event.rater_id or 0, "")
    if rater and not event.by and event.kind in BY_RATERS:
        return Entry(event.at, _what(event.kind, event.details), rater)
    what = _what(event.kind, event.details)
    return Entry(event.at, f"{what}: {rater}" if rater else what, event.by)


BY_RATERS = ("agreed", "submitted")


def _what(kind: str, details: Mapping[str, Any]) -> str:
    match kind:
        case "agreed":
            told = "agreed to take part"
        case "submitted" if details.get("unanswered"):
            told = f"submitted, {details['unanswered']} left unanswered"
        case "options changed":
            told = "options changed: " + ", ".join(_set(name, value) for name, value in details.items())
        case "texts changed":
            told = f"texts changed ({details['language']}): {', '.join(details['changed'])}"
        case "duplicated":
            told = f"made as a copy of study {details['study']}"
        case "reopened":
            told = "submission taken back, so that she can go on"
        case _:
            told = kind
    return told


def _set(name: str, value: Any) -> str:
    # Of questions the names: their wording would fill the page.
    short = ",".join(one["id"] for one in value) if name == "questions" else show_option(name, value)
    return f"{name}={short}"
