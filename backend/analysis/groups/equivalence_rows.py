"""Result rows: whose accuracy is as good as chance, and which groups are as good as each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backend.analysis.groups.crossed import CrossedEstimate
from backend.analysis.groups.equivalence import (
    CHANCE,
    BinomialEquivalence,
    binomial_equivalence,
    check_margin,
)
from backend.analysis.groups.random_effects import estimate
from backend.analysis.groups.scores import correctness
from backend.analysis.groups.spread import subjects
from backend.analysis.intervals import LEVEL
from backend.analysis.multiplicity import holm
from backend.analysis.raters.confusion import RaterResult
from backend.analysis.ratings import RatingsTable
from backend.analysis.ratings.rows import EVERYONE

MEASURES = ("accuracy", "balanced_accuracy")
RATER, GROUP, DIFFERENCE = "rater", "group", "difference"


@dataclass(frozen=True)
class EquivalenceResult:
    """One equivalence test (TOST): a rater or a group against chance, or two groups against each other.

    Attributes
    ----------
    kind : str
        ``rater``, ``group`` or ``difference``.
    rater : str or None
        The rater, where the row is about one.
    group : str
        The rater's group, the group, or the first of two.
    other_group : str or None
        The group whose mean is subtracted, where the row is about a difference.
    measure : str
        ``accuracy``, or ``balanced_accuracy``: that is 1/2 for whoever answers without looking, however many
        images are real, where the accuracy is not.
    method : str
        ``exact_binomial`` for a rater, ``random_effects`` (raters and images) for groups.
    margin : float
        As given: equivalent means less than this away from ``reference``.
    reference : float
        1/2, or 0 for a difference.
    estimate : float or None
        The rate, the mean of the raters' rates, or the difference of two such means.
    ci_low, ci_high : float or None
        Interval of level 1 - 2 alpha, where 1 - alpha is the report's level: 90 % for 95 %. The test is
        significant at alpha where it lies within the margin.
    p_lower, p_upper : float or None
        One-sided p-values against ``reference`` - ``margin`` or less, and ``reference`` + ``margin`` or more.
    p_value : float or None
        The larger of the two.
    p_holm : float or None
        ``p_value`` adjusted by Holm's method for the raters, the groups, or the pairs of groups, for each
        measure by itself; that of ``all`` is not adjusted.
    equivalent : bool or None
        Whether ``p_value``, unadjusted, is at most alpha. Where it is not, nothing is shown: no difference
        either.
    degenerate : str or None
        Why something is ``None``.
    """

    kind: str
    rater: str | None
    group: str
    other_group: str | None
    measure: str
    method: str
    margin: float
    reference: float
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    p_lower: float | None
    p_upper: float | None
    p_value: float | None
    p_holm: float | None
    equivalent: bool | None
    degenerate: str | None


def equivalence_results(
    table: RatingsTable,
    raters: Sequence[RaterResult],
    margin: float | None,
    *,
    blank_as_error: bool = False,
    level: float = LEVEL,
) -> tuple[EquivalenceResult, ...] | None:
    """Every rater, every group and ``all``, and every pair of groups; ``None`` without a margin.

    Parameters
    ----------
    table : RatingsTable
        The ratings.
    raters : sequence of RaterResult
        The raters' counts from that table, with the same ``blank_as_error``.
    margin : float or None
        How far from chance (or from each other) still counts as the same; between 0 and 1/2. There is no
        default: what would not matter is for who plans the study to say, before looking.
    blank_as_error : bool
        A missing answer counts as a wrong one; otherwise it is left out.
    level : float
        1 - alpha.

    Raises
    ------
    ValueError
        For a margin outside (0, 1/2), or a level outside (0, 1).
    """
    if margin is None:
        return None
    check_margin(margin)
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    right = correctness(table, blank_as_error=blank_as_error)
    rows = [_rater(rater, margin, level) for rater in raters]
    rows += [
        _group(*names, measure, estimate(table, right, measure, *names), margin, level)
        for names in subjects(table.groups)
        for measure in MEASURES
    ]
    return _adjusted(rows)


def _rater(rater: RaterResult, margin: float, level: float) -> EquivalenceResult:
    found = binomial_equivalence(rater.tp + rater.tn, rater.n, margin)
    return EquivalenceResult(
        kind=RATER,
        rater=rater.rater,
        group=rater.group,
        other_group=None,
        measure=MEASURES[0],
        method="exact_binomial",
        margin=margin,
        reference=CHANCE,
        estimate=found.value,
        **_verdict(found, (found.p_lower, found.p_upper), level),
        degenerate=found.degenerate,
    )


def _group(
    group: str, other_group: str | None, measure: str, found: CrossedEstimate, margin: float, level: float
) -> EquivalenceResult:
    reference = 0.0 if found.difference else CHANCE
    tails = found.one_sided(reference - margin)[0], found.one_sided(reference + margin)[1]
    return EquivalenceResult(
        kind=DIFFERENCE if found.difference else GROUP,
        rater=None,
        group=group,
        other_group=other_group,
        measure=measure,
        method="random_effects",
        margin=margin,
        reference=reference,
        estimate=found.value,
        **_verdict(found, tails, level),
        degenerate=found.degenerate,
    )


def _verdict(
    found: BinomialEquivalence | CrossedEstimate, tails: tuple[float | None, float | None], level: float
) -> dict[str, float | bool | None]:
    """The interval, the p-values, and what they say at alpha = 1 - level."""
    low, high = found.interval(2 * level - 1) if level > 0.5 else (None, None)
    p = None if None in tails else max(tails)
    return {
        "ci_low": low,
        "ci_high": high,
        "p_lower": tails[0],
        "p_upper": tails[1],
        "p_value": p,
        "p_holm": None,
        "equivalent": None if p is None else bool(p <= 1 - level),
    }


def _adjusted(rows: Sequence[EquivalenceResult]) -> tuple[EquivalenceResult, ...]:
    """With Holm's adjustment in each family: a kind and a measure, where ``all`` is on its own."""
    families: dict[tuple[str, str, bool], list[int]] = {}
    for i, row in enumerate(rows):
        families.setdefault((row.kind, row.measure, row.group == EVERYONE), []).append(i)
    adjusted = list(rows)
    for family in families.values():
        for i, p in zip(family, holm([rows[i].p_value for i in family]), strict=True):
            adjusted[i] = replace(rows[i], p_holm=p)
    return tuple(adjusted)
