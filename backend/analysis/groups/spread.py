"""How the raters' rates spread within each group, and over all raters."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from backend.analysis.groups.scores import MEASURES
from backend.analysis.raters.confusion import RaterResult
from backend.analysis.ratings.rows import EVERYONE

MOST_GROUPS = 20
"""With more groups than these, they are not compared pair by pair: their names must be something else."""


@dataclass(frozen=True)
class Spread:
    """A rate over the raters of a group, each rater counting once; ``None`` where no rater has the rate.

    Attributes
    ----------
    mean, median : float or None
        Over the raters who have the rate.
    q1, q3 : float or None
        Quartiles by linear interpolation (Hyndman & Fan 1996, Am. Stat. 50:361, type 7).
    min, max : float or None
        The worst and the best rater's rate.
    """

    mean: float | None
    median: float | None
    q1: float | None
    q3: float | None
    min: float | None
    max: float | None


@dataclass(frozen=True)
class GroupResult:
    """One group's raters taken together.

    Attributes
    ----------
    group : str
        A group, or ``all`` for everyone.
    raters : int
        How many raters it has.
    accuracy : Spread
        Share of right answers.
    balanced_accuracy : Spread
        Mean of TPR and TNR: 1/2 for whoever answers without looking, however many images are real.
    tpr : Spread
        Reals called real.
    tnr : Spread
        Fakes called fake.
    fpr : Spread
        Fakes called real.
    degenerate : str or None
        Which rates are undefined for how many raters, who are then left out of that rate.
    """

    group: str
    raters: int
    accuracy: Spread
    balanced_accuracy: Spread
    tpr: Spread
    tnr: Spread
    fpr: Spread
    degenerate: str | None


def group_results(raters: Sequence[RaterResult]) -> tuple[GroupResult, ...]:
    """Every group in the order of its first rater, then ``all``."""
    return tuple(_group(name, members) for name, members in by_group(raters).items())


def by_group(raters: Sequence[RaterResult]) -> dict[str, list[RaterResult]]:
    """The raters of each group in the order of its first, and everyone under ``all``."""
    names = dict.fromkeys(rater.group for rater in raters)
    members = {name: [rater for rater in raters if rater.group == name] for name in names}
    return {**members, EVERYONE: list(raters)}


def group_pairs(groups: Sequence[str]) -> list[tuple[str, str]]:
    """Every pair of groups; none where there are more than ``MOST_GROUPS``."""
    return list(combinations(groups, 2)) if len(groups) <= MOST_GROUPS else []


def subjects(groups: Sequence[str]) -> list[tuple[str, str | None]]:
    """Every group, then ``all``, each on its own; then every pair of groups."""
    return [*((name, None) for name in (*groups, EVERYONE)), *group_pairs(groups)]


def known_rates(raters: Sequence[RaterResult], measure: str) -> list[float]:
    """The rate of whoever has it."""
    return [value for rater in raters if (value := getattr(rater, measure)) is not None]


def _group(name: str, raters: Sequence[RaterResult]) -> GroupResult:
    values = {measure: known_rates(raters, measure) for measure in MEASURES}
    gaps = [
        f"{measure} is undefined for {len(raters) - len(known)} of {len(raters)} raters"
        for measure, known in values.items()
        if len(known) < len(raters)
    ]
    spreads = {measure: _spread(known) for measure, known in values.items()}
    return GroupResult(group=name, raters=len(raters), degenerate="; ".join(gaps) or None, **spreads)


def _spread(values: Sequence[float]) -> Spread:
    if not values:
        return Spread(None, None, None, None, None, None)
    low, q1, median, q3, high = (float(q) for q in np.quantile(values, (0, 0.25, 0.5, 0.75, 1)))
    return Spread(mean=float(np.mean(values)), median=median, q1=q1, q3=q3, min=low, max=high)
