"""Result rows: each group's mean rates, and their differences, for other raters and other images."""

from collections.abc import Iterator
from dataclasses import dataclass

from backend.analysis.groups.crossed import CrossedEstimate, crossed_difference, crossed_mean
from backend.analysis.groups.scores import MEASURES, Floats, correctness, measured
from backend.analysis.groups.spread import subjects
from backend.analysis.intervals import LEVEL
from backend.analysis.ratings import RatingsTable


@dataclass(frozen=True)
class RandomEffectsResult:
    """A group's mean rate, or two groups' difference, with raters and images both random.

    Attributes
    ----------
    group : str
        A group, or ``all`` raters.
    other_group : str or None
        The group whose rate is subtracted; ``None`` where the row is about one group's own rate.
    measure : str
        ``accuracy``, ``balanced_accuracy``, ``tpr``, ``tnr`` or ``fpr``.
    estimate : float or None
        The mean of the raters' rates, each rater counting once, or the difference of two such means.
    se : float or None
        Its standard error over other raters and other images of the same kind.
    df : float or None
        Satterthwaite's degrees of freedom of ``se``.
    ci_low, ci_high : float or None
        Interval for other raters and images: of a mean on the logit scale, of a difference the t interval.
    variance_raters, variance_images, variance_residual : float or None
        What raters, images and the residual contribute to the square of ``se``; negative estimates are 0.
    raters, images : int
        How many raters have the rate, and how many images it rests on.
    degenerate : str or None
        Why something is ``None``.
    """

    group: str
    other_group: str | None
    measure: str
    estimate: float | None
    se: float | None
    df: float | None
    ci_low: float | None
    ci_high: float | None
    variance_raters: float | None
    variance_images: float | None
    variance_residual: float | None
    raters: int
    images: int
    degenerate: str | None


def random_effects_results(
    table: RatingsTable, *, blank_as_error: bool = False, level: float = LEVEL
) -> tuple[RandomEffectsResult, ...]:
    """Every measure for every group and ``all``, then for every pair of groups.

    Parameters
    ----------
    table : RatingsTable
        The ratings.
    blank_as_error : bool
        A missing answer counts as a wrong one; otherwise it is left out.
    level : float
        Confidence level of the intervals.

    Notes
    -----
    Reals and fakes are strata: a study sets how many there are of each, so chance has no part in that. The
    variance of the accuracy is put together from those of TPR and TNR and the raters' covariance of the two.
    """
    right = correctness(table, blank_as_error=blank_as_error)
    return tuple(
        _row(names, measure, estimate, level)
        for names in subjects(table.groups)
        for measure, estimate in estimates(table, right, *names)
    )


def estimates(
    table: RatingsTable, right: Floats, group: str, other_group: str | None = None
) -> Iterator[tuple[str, CrossedEstimate]]:
    """Each measure's mean in a group, or its difference from another, by ``right`` of ``correctness``."""
    for measure in MEASURES:
        yield measure, estimate(table, right, measure, group, other_group)


def estimate(
    table: RatingsTable, right: Floats, measure: str, group: str, other_group: str | None = None
) -> CrossedEstimate:
    """One measure's mean in a group, or its difference from another."""
    scores, weights = measured(right[table.members(group)], table.truths, measure)
    if other_group is None:
        return crossed_mean(scores, weights, table.truths)
    others, their_weights = measured(right[table.members(other_group)], table.truths, measure)
    return crossed_difference(scores, others, (weights, their_weights), table.truths)


def _row(
    names: tuple[str, str | None], measure: str, found: CrossedEstimate, level: float
) -> RandomEffectsResult:
    low, high = found.interval(level)
    return RandomEffectsResult(
        group=names[0],
        other_group=names[1],
        measure=measure,
        estimate=found.value,
        se=found.se,
        df=found.df,
        ci_low=low,
        ci_high=high,
        variance_raters=found.variance.raters,
        variance_images=found.variance.images,
        variance_residual=found.variance.residual,
        raters=found.raters,
        images=found.images,
        degenerate=found.degenerate,
    )
