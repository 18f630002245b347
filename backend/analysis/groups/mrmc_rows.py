"""Result rows: areas under the ROC curve of groups of raters who said how sure they were (MRMC)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backend.analysis.groups.mrmc_estimate import AreaEstimate
from backend.analysis.groups.mrmc_gallas import gallas, gallas_difference
from backend.analysis.groups.mrmc_obuchowski import obuchowski_rockette, obuchowski_rockette_difference
from backend.analysis.groups.mrmc_scores import Readings
from backend.analysis.groups.spread import subjects
from backend.analysis.intervals import LEVEL
from backend.analysis.ratings import RatingsTable
from backend.analysis.ratings.rows import EVERYONE

METHODS = {
    "gallas": (gallas, gallas_difference),
    "obuchowski_rockette": (obuchowski_rockette, obuchowski_rockette_difference),
}
NO_CONFIDENCE = "no confidence was recorded"


@dataclass(frozen=True)
class MrmcResult:
    """A group's mean area under the ROC curve, or two groups' difference, with raters and images random.

    Attributes
    ----------
    method : str
        ``gallas`` (unbiased variance by U-statistics) or ``obuchowski_rockette`` (analysis of variance of the
        raters' areas with DeLong covariances and Hillis's degrees of freedom).
    group : str
        A group, or ``all`` raters.
    other_group : str or None
        The group whose mean area is subtracted; ``None`` where the row is about one group's own area.
    raters : int
        Raters who count: those with two scored reals and two scored fakes, or more.
    reals, fakes : int
        Images that any of them scored.
    estimate : float or None
        The mean area over raters (how often a real is scored above a fake), or the difference of two. With
        missing scores ``gallas`` counts a rater by the pairs of images that she compared, the other method
        counts each rater once.
    variance : float or None
        Its estimated variance over other raters and other images; Gallas's unbiased one can be negative.
    se : float or None
        Its square root.
    df : float or None
        Degrees of freedom.
    ci_low, ci_high : float or None
        The t interval: of an area on the logit scale, which keeps its level near 1; of a difference as it is.
    p_value : float or None
        Two-sided t test of an area against 1/2, or of a difference against 0.
    ms_raters, cov2, cov3 : float or None
        Obuchowski and Rockette's mean square of raters within groups, mean covariance of two raters of a
        group, and of two raters of different groups; ``None`` for the other method.
    degenerate : str or None
        Why something else is ``None``, or which raters do not count.
    """

    method: str
    group: str
    other_group: str | None
    raters: int
    reals: int
    fakes: int
    estimate: float | None
    variance: float | None
    se: float | None
    df: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    ms_raters: float | None
    cov2: float | None
    cov3: float | None
    degenerate: str | None


def mrmc_results(
    table: RatingsTable, scores: ArrayLike | None, *, level: float = LEVEL
) -> tuple[MrmcResult, ...]:
    """Either method for every group, ``all`` and every pair of groups.

    Parameters
    ----------
    table : RatingsTable
        The ratings.
    scores : array_like or None
        (raters, images) as in ``table.answers``: the confidence of an answer "real", minus that of an answer
        "fake", NaN without either.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    tuple of MrmcResult
        Without any score a row a method, for ``all``, which says so.
    """
    x = np.full(table.answers.shape, np.nan) if scores is None else np.asarray(scores, dtype=float)
    if np.isnan(x).all():
        reason = AreaEstimate(degenerate=NO_CONFIDENCE)
        return tuple(_row(method, (EVERYONE, None), (0, 0, 0), reason, None, level) for method in METHODS)
    return tuple(row for names in subjects(table.groups) for row in _rows(table, x, names, level))


def _rows(
    table: RatingsTable, x: NDArray[np.float64], names: tuple[str, str | None], level: float
) -> Iterator[MrmcResult]:
    groups, left_out = [], []
    for name in names:
        if name is not None:
            readings = Readings.of(x[table.members(name)], table.truths)
            enough = readings.complete_enough()
            groups.append(readings.chosen(enough))
            left_out.append((np.count_nonzero(~enough), len(enough)))
    few, everyone = (sum(counts) for counts in zip(*left_out, strict=True))
    lacking = f"{few} of {everyone} raters scored fewer than two reals or fakes" if few else None
    used = Readings(*(np.vstack([getattr(one, kind) for one in groups]) for kind in ("reals", "fakes")))
    counts = [int(np.count_nonzero(~np.isnan(part).all(axis=0))) for part in (used.reals, used.fakes)]
    for method, (mean, difference) in METHODS.items():
        found = mean(*groups) if len(groups) == 1 else difference(*groups)
        yield _row(method, names, (len(used.reals), *counts), found, lacking, level)


def _row(
    method: str,
    names: tuple[str, str | None],
    counts: tuple[int, int, int],
    found: AreaEstimate,
    lacking: str | None,
    level: float,
) -> MrmcResult:
    low, high = found.interval(level, "t" if found.difference else "logit")
    raters, reals, fakes = counts
    return MrmcResult(
        method=method,
        group=names[0],
        other_group=names[1],
        raters=raters,
        reals=reals,
        fakes=fakes,
        estimate=found.value,
        variance=found.variance,
        se=found.se,
        df=found.df,
        ci_low=low,
        ci_high=high,
        p_value=found.p_value,
        ms_raters=getattr(found, "ms_raters", None),
        cov2=getattr(found, "cov2", None),
        cov3=getattr(found, "cov3", None),
        degenerate="; ".join(filter(None, (found.degenerate, lacking))) or None,
    )
