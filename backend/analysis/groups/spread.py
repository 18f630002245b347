"""How the raters' rates spread within each group, and over all raters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.analysis.raters.confusion import RATES, RaterResult
from backend.analysis.ratings.rows import EVERYONE


@dataclass(frozen=True)
class Spread:
    """A rate over the raters of a group, each rater counting once; ``None`` where no rater has the rate.

    ``q1`` and ``q3`` are quartiles by linear interpolation (Hyndman & Fan 1996, type 7).
    """

    mean: float | None
    median: float | None
    q1: float | None
    q3: float | None
    min: float | None
    max: float | None


@dataclass(frozen=True)
class GroupResult:
    """One group's raters taken together; ``group`` is ``all`` for everyone.

    ``degenerate`` tells which rates are undefined for how many raters, who are then left out of that rate.
    """

    group: str
    raters: int
    accuracy: Spread
    tpr: Spread
    tnr: Spread
    fpr: Spread
    degenerate: str | None


def group_results(raters: Sequence[RaterResult]) -> tuple[GroupResult, ...]:
    """Every group in the order of its first rater, then ``all``."""
    names = dict.fromkeys(rater.group for rater in raters)
    members = {name: [rater for rater in raters if rater.group == name] for name in names}
    return tuple(_group(name, group) for name, group in {**members, EVERYONE: list(raters)}.items())


def _group(name: str, raters: Sequence[RaterResult]) -> GroupResult:
    values = {rate: [v for rater in raters if (v := getattr(rater, rate)) is not None] for rate in RATES}
    gaps = [
        f"{rate} is undefined for {len(raters) - len(known)} of {len(raters)} raters"
        for rate, known in values.items()
        if len(known) < len(raters)
    ]
    spreads = {rate: _spread(known) for rate, known in values.items()}
    return GroupResult(group=name, raters=len(raters), degenerate="; ".join(gaps) or None, **spreads)


def _spread(values: Sequence[float]) -> Spread:
    if not values:
        return Spread(None, None, None, None, None, None)
    low, q1, median, q3, high = (float(q) for q in np.quantile(values, (0, 0.25, 0.5, 0.75, 1)))
    return Spread(mean=float(np.mean(values)), median=median, q1=q1, q3=q3, min=low, max=high)
