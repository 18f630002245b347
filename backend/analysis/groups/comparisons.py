"""Result rows: groups of raters compared with each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backend.analysis.groups.permutation import permutation_test
from backend.analysis.groups.scores import MEASURES
from backend.analysis.groups.spread import by_group, group_pairs, known_rates
from backend.analysis.groups.welch import welch_interval
from backend.analysis.intervals import LEVEL
from backend.analysis.multiplicity import holm
from backend.analysis.raters.confusion import RaterResult
from backend.analysis.ratings.rows import EVERYONE


@dataclass(frozen=True)
class ComparisonResult:
    """Two groups' mean rates compared, over raters; all have judged the images of this study.

    Attributes
    ----------
    group_a, group_b : str
        The groups.
    measure : str
        ``accuracy``, ``balanced_accuracy``, ``tpr``, ``tnr`` or ``fpr``.
    raters_a, raters_b : int
        Raters of either group who have the rate.
    mean_a, mean_b : float or None
        Mean of the raters' rates in either group.
    difference : float or None
        ``mean_a`` minus ``mean_b``.
    p_value : float or None
        Two-sided permutation test: the share of relabellings of the raters with a difference as far from 0.
    p_holm : float or None
        ``p_value`` adjusted for the pairs of groups by Holm's method, for each measure by itself.
    smallest_p : float or None
        The smallest ``p_value`` that groups of these sizes allow, however much they differ; where
        relabellings were drawn, that so many draws allow.
    relabellings : int
        Relabellings looked at.
    exact : bool
        Whether these are all that there are; otherwise they were drawn at random.
    df : float or None
        Welch's degrees of freedom of the interval.
    ci_low, ci_high : float or None
        Welch's t interval of the difference, for other raters on the same images.
    degenerate : str or None
        Why something is ``None``.
    """

    group_a: str
    group_b: str
    measure: str
    raters_a: int
    raters_b: int
    mean_a: float | None
    mean_b: float | None
    difference: float | None
    p_value: float | None
    p_holm: float | None
    smallest_p: float | None
    relabellings: int
    exact: bool
    df: float | None
    ci_low: float | None
    ci_high: float | None
    degenerate: str | None


def comparison_results(
    raters: Sequence[RaterResult], *, level: float = LEVEL, seed: int = 0
) -> tuple[ComparisonResult, ...]:
    """Every pair of groups, and for each pair every measure; empty with a single group.

    Parameters
    ----------
    raters : sequence of RaterResult
        Everyone's rates.
    level : float
        Confidence level of the intervals.
    seed : int
        Of the relabellings, where there are too many to look at all.

    Notes
    -----
    Holm's adjustment is over the pairs of groups and not over the measures. Each measure is a question of its
    own, and they are no family of separate chances: FPR is 1 - TNR with the same p-value, and the balanced
    accuracy is the mean of TPR and TNR. Counting them all would put any finding out of reach where groups are
    small: with 5 and 3 raters ``smallest_p`` is 1/56, and five times that is above 0.05.
    """
    members = by_group(raters)
    names = [name for name in members if name != EVERYONE]
    rows = [
        _compare(pair, measure, *(known_rates(members[name], measure) for name in pair), level, seed)
        for pair in group_pairs(names)
        for measure in MEASURES
    ]
    adjusted = {
        measure: iter(holm([row.p_value for row in rows if row.measure == measure])) for measure in MEASURES
    }
    return tuple(replace(row, p_holm=next(adjusted[row.measure])) for row in rows)


def _compare(
    names: tuple[str, str], measure: str, a: list[float], b: list[float], level: float, seed: int
) -> ComparisonResult:
    test = permutation_test(a, b, seed=seed)
    interval = welch_interval(a, b, level)
    lacking = [
        f"no rater of group {name} has the rate"
        for name, rates in zip(names, (a, b), strict=True)
        if not rates
    ]
    return ComparisonResult(
        group_a=names[0],
        group_b=names[1],
        measure=measure,
        raters_a=len(a),
        raters_b=len(b),
        mean_a=sum(a) / len(a) if a else None,
        mean_b=sum(b) / len(b) if b else None,
        difference=test.difference,
        p_value=test.p_value,
        p_holm=None,
        smallest_p=test.smallest_p,
        relabellings=test.relabellings,
        exact=test.exact,
        df=interval.df,
        ci_low=interval.low,
        ci_high=interval.high,
        degenerate="; ".join(lacking) or interval.degenerate,
    )
