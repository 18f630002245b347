"""Signs of careless rating, without a look at the truth. A flag asks to look closer; it excludes nobody."""

from datetime import datetime, timedelta

from backend.database.pace import Pace

ENOUGH = 10
"""Answers below which speed says nothing."""
FAST_MS = 800.0
"""A median response below this: less than it takes to look at a lesion and to move a finger."""
ALIKE, ALIKE_SHARE = 20, 0.95
"""So many answers of which at least this share is the same one."""
ABSENT = timedelta(hours=48)
"""A rater who began, has not submitted and gave no answer for so long."""


def flags(
    pace: Pace, *, begun: datetime | None, last: datetime | None, finished: bool, now: datetime
) -> list[str]:
    """What is unusual about a rater, in words; ``begun`` is when she agreed, ``last`` her last answer."""
    found = []
    if pace.timed >= ENOUGH and pace.median_ms is not None and pace.median_ms < FAST_MS:
        found.append(f"fast: half of {pace.timed} answers within {pace.median_ms / 1000:.1f} s")
    answered = pace.real + pace.fake
    same = max(pace.real, pace.fake)
    if answered >= ALIKE and same >= ALIKE_SHARE * answered:
        word = "real" if pace.real == same else "fake"
        found.append(f"one answer: {same} of {answered} {word}")
    away = now - max(filter(None, (begun, last)), default=now)
    if not finished and away >= ABSENT:
        found.append(f"absent for {away.days} days")
    return found
