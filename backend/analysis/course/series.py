"""What is followed along the order: right answers, answers `real`, and response times."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import exp

import numpy as np

from backend.analysis.course.answers import Course
from backend.analysis.course.clustered import Clustered
from backend.analysis.course.trend import Responses
from backend.analysis.course.variance import Mask

ACCURACY, CALLED_REAL, RESPONSE = "accuracy", "called_real", "response_ms"
FINAL, FIRST = "final", "first"
ALL, RIGHT, WRONG = "all", "right", "wrong"
NO_POSITION = "no position was recorded: the order is unknown"
NO_FIRST = "no first answer was recorded"
NO_TIME = "no response time was recorded"
NO_ANSWER = "no answer has a position"
Limits = tuple[float | None, float | None, float | None]
LARGEST = 700.0
"""Beyond it an exponential is not finite."""


@dataclass(frozen=True, eq=False)
class Series:
    """One measure of all raters, or of some.

    Attributes
    ----------
    measure, answers, subset : str
        As in ``TrendResult``.
    data : Responses
        The responses; of times their logarithms.
    reason : str or None
        Why there is nothing to follow; ``None`` where there is.
    """

    measure: str
    answers: str
    subset: str
    data: Responses
    reason: str | None

    def of(self, members: Mask) -> "Series":
        """The series of some raters."""
        data = self.data
        chosen = (values[members] for values in (data.response, data.position, data.answered))
        part = Responses(*chosen, data.truths, data.linear)
        return replace(self, data=part, reason=self.reason or (None if part.answered.any() else NO_ANSWER))

    def shown(self, found: Clustered, level: float) -> tuple[Limits, str | None]:
        """An estimate and its interval as shares or in milliseconds, and why one of them is ``None``."""
        if not self.data.linear:
            return (found.value, *found.interval(level, "score")), found.reason("score")
        low, high = found.interval(level)
        numbers = exponential(found.value), exponential(low), exponential(high)
        return numbers, found.reason() or beyond(found.value, high)


def exponential(value: float | None) -> float | None:
    """e to the power of the value, as far as that is finite."""
    return None if value is None or value > LARGEST else exp(value)


def beyond(*values: float | None) -> str | None:
    """Why one of them has no exponential."""
    large = any(value is not None and value > LARGEST for value in values)
    return "an upper limit is beyond the largest number" if large else None


def series_of(course: Course) -> Iterator[Series]:
    """Every series of a course, also where nothing was recorded for it."""
    for name, answers, missing in ((FINAL, course.final, None), (FIRST, course.first, NO_FIRST)):
        for measure, response in ((ACCURACY, answers == course.truths), (CALLED_REAL, answers == 1)):
            yield _series((measure, name, ALL), course, response, answers >= 0, missing)
    timed = ~np.isnan(course.response_ms)
    logarithm = np.log(np.where(timed, course.response_ms, 1.0))
    rated = np.where(course.first >= 0, course.first, course.final)
    subsets = {ALL: True, RIGHT: rated == course.truths, WRONG: rated == 1 - course.truths}
    for subset, chosen in subsets.items():
        yield _series((RESPONSE, FIRST, subset), course, logarithm, timed & chosen, NO_TIME, linear=True)


def _series(
    names: tuple[str, str, str],
    course: Course,
    response: np.ndarray,
    recorded: Mask,
    missing: str | None,
    *,
    linear: bool = False,
) -> Series:
    placed = ~np.isnan(course.position)
    reason = None if placed.any() else NO_POSITION
    reason = reason or (None if recorded.any() else missing)
    data = Responses(response.astype(float), course.position, recorded & placed, course.truths, linear)
    return Series(*names, data, reason)
