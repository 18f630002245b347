"""What raters are called who are given no name: ED1, ED2, ..., and never what another was called before.

Exports, notes and mails of earlier would otherwise mean another person.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from backend.database import events
from backend.database.tables import Study

UNGROUPED = "R"
"""What stands for the group of raters who say theirs themselves."""
REMOVALS = ("rater deleted", "rater anonymised")
"""Events by which a name comes free. Each keeps how far the names of all groups had come, and not whose."""
MOST_DIGITS = 6
"""Of a number that counts: a longer one is of a name that somebody chose."""


def next_name(group: str, taken: Iterable[str], earlier: Mapping[str, int]) -> str:
    """The name of the next rater of a group: beyond all that are taken, and that were once."""
    group = group or UNGROUPED
    return f"{group}{max(_highest(group, taken), earlier.get(group, 0)) + 1}"


def numbers_before(session: Session, study_id: int) -> dict[str, int]:
    """Of each group how far its names had come when the last rater was deleted or made anonymous."""
    found: dict[str, int] = {}
    for kind in REMOVALS:
        event = events.last(session, study_id, kind)
        kept = event.details.get("numbers") if event else None
        if isinstance(kept, dict):  # a bundle may bring details of any form
            for group, number in kept.items():
                if isinstance(number, int):
                    found[group] = max(number, found.get(group, 0))
    return found


def numbers(session: Session, study: Study, taken: Iterable[str]) -> dict[str, int]:
    """How far the names of each group have come: for the event that tells of a removal."""
    taken, earlier = list(taken), numbers_before(session, study.id)
    groups = {group: _highest(group, taken) for group in (*study.groups, UNGROUPED)}
    return {group: most for group, now in groups.items() if (most := max(now, earlier.get(group, 0)))}


def _highest(group: str, names: Iterable[str]) -> int:
    rests = (name.removeprefix(group) for name in names if name.startswith(group))
    return max((int(rest) for rest in rests if rest.isdecimal() and len(rest) <= MOST_DIGITS), default=0)
