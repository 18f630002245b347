"""What a simulated study shows of each method: whether an interval held the truth, or a test rejected."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from backend.analysis.intervals import LEVEL
from benchmarks.coverage.settings import Setting

INTERVALS, TESTS, WARNINGS = "Intervals", "Tests", "Not offered"


class Outcome(NamedTuple):
    """One method's outcome in one study; ``hit`` is ``None`` where an interval is undefined."""

    table: str
    method: str
    hit: bool | None


Scenario = Callable[[np.random.Generator, Setting], Iterator[Outcome]]


def covers(
    method: str, limits: tuple[float | None, float | None], truth: float, table: str = INTERVALS
) -> Outcome:
    """Whether an interval holds the truth; a limit that is ``None`` beside a number has no bound."""
    low, high = limits
    if low is None and high is None:
        return Outcome(table, method, None)
    return Outcome(
        table, method, (low is None or bool(low <= truth)) and (high is None or bool(truth <= high))
    )


def rejects(method: str, p_value: float | None, table: str = TESTS) -> Outcome:
    """Whether a test rejects at 5 %; a test that there is not rejects nothing."""
    return Outcome(table, method, p_value is not None and bool(p_value <= 1 - LEVEL + 1e-12))
