"""How far raters agree with each other, whatever the truth: Fleiss' kappa and percent agreement.

Both take counts (images x categories), so that raters may miss images and may differ from image to image.
The formulas for missing ratings, the standard errors and the intervals are Gwet's (2014, Handbook of
Inter-Rater Reliability, 4th ed.). The intervals use Student's t with one degree of freedom less than there
are images: they speak of other images rated by these same raters, and are approximate where images are few.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from backend.analysis.intervals import LEVEL
from backend.analysis.ratings.rows import EVERYONE, FAKE, REAL
from backend.analysis.ratings.table import CODES, RatingsTable

SUBSETS = (REAL, FAKE, EVERYONE)


@dataclass(frozen=True)
class Estimate:
    """A statistic with its standard error and interval; what is undefined is ``None``, with the reason."""

    value: float | None = None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    degenerate: str | None = None


@dataclass(frozen=True)
class AgreementResult:
    """One agreement statistic over a subset of images and a group of raters.

    Attributes:
        statistic: ``fleiss_kappa`` or ``percent_agreement``.
        subset: ``real``, ``fake`` or ``all`` images.
        group: a group, or ``all`` raters.
        value: kappa (at most 1, 0 for agreement as by chance), or the share of agreeing pairs in [0, 1].
        se, ci_low, ci_high: Gwet's standard error and t interval.
        items: images with at least one answer; those with a single answer inform chance agreement alone.
        raters: raters with at least one answer.
        missing: images shown to a rater of the group without an answer.
        degenerate: why something is ``None``; ``None`` where all is defined.
    """

    statistic: str
    subset: str
    group: str
    value: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None
    items: int
    raters: int
    missing: int
    degenerate: str | None


def agreement_results(table: RatingsTable, *, level: float = LEVEL) -> tuple[AgreementResult, ...]:
    """Every statistic on every subset for every group and ``all``; missing answers are never made errors."""
    cells = product(STATISTICS, SUBSETS, (*table.groups, EVERYONE))
    return tuple(_result(table, statistic, subset, group, level) for statistic, subset, group in cells)


def _result(table: RatingsTable, statistic: str, subset: str, group: str, level: float) -> AgreementResult:
    chosen = np.full(len(table), True)
    if group != EVERYONE:
        chosen &= table.group == table.groups.index(group)
    if subset != EVERYONE:
        chosen &= table.truth == CODES[subset]
    answered = chosen & (table.answer >= 0)
    counts = np.zeros((len(table.images), 2), dtype=np.int64)
    np.add.at(counts, (table.image[answered], table.answer[answered]), 1)
    raters = len(np.unique(table.rater[answered]))
    if raters == 1:
        found = Estimate(degenerate="only one rater answered")
    else:
        found = STATISTICS[statistic](counts, level=level, categories=(FAKE, REAL))
    return AgreementResult(
        statistic=statistic,
        subset=subset,
        group=group,
        **asdict(found),
        items=int(np.count_nonzero(counts.any(axis=1))),
        raters=raters,
        missing=int(np.count_nonzero(chosen & ~answered)),
    )


def fleiss_kappa(
    counts: ArrayLike, *, level: float = LEVEL, categories: Sequence[str] | None = None
) -> Estimate:
    """Fleiss' kappa of ``counts``, an integer array (images, categories), with missing ratings allowed.

    With r_ik raters choosing category k for image i and r_i in all: observed agreement p_a is the mean of
    sum_k r_ik (r_ik - 1) / (r_i (r_i - 1)) over images with two ratings or more, chance agreement p_e is
    sum_k pi_k^2 with pi_k the mean of r_ik / r_i over images with a rating, and kappa is
    (p_a - p_e) / (1 - p_e). Without missing ratings this is Fleiss (1971), Psychol. Bull. 76:378. The
    standard error is Gwet's linearisation, which holds away from kappa 0 too. ``categories`` are names for
    ``degenerate`` alone.
    """
    rated, reason = _rated(counts)
    if reason:
        return Estimate(degenerate=reason)
    used = np.flatnonzero(rated.sum(axis=0))
    if len(used) == 1:
        name = categories[used[0]] if categories else f"in category {used[0]}"
        return Estimate(degenerate=f"every rating is {name!r}: agreement by chance is 1, kappa is undefined")
    shares = rated / rated.sum(axis=1, keepdims=True)
    pairs, paired = _pairwise(rated)
    weight = len(rated) / np.count_nonzero(paired)
    pi = shares.mean(axis=0)
    chance = pi @ pi
    kappa = (weight * pairs.mean() - chance) / (1 - chance)
    influence = weight * (pairs - chance * paired) / (1 - chance)
    influence -= 2 * (1 - kappa) * (shares @ pi - chance) / (1 - chance)
    return _estimate(kappa, influence, level, floor=-1.0)


def percent_agreement(
    counts: ArrayLike, *, level: float = LEVEL, categories: Sequence[str] | None = None
) -> Estimate:
    """The mean share of agreeing pairs over images with two ratings or more: p_a of ``fleiss_kappa``."""
    rated, reason = _rated(counts)
    if reason:
        return Estimate(degenerate=reason)
    pairs, paired = _pairwise(rated)
    influence = pairs * len(rated) / np.count_nonzero(paired)
    return _estimate(influence.mean(), influence, level, floor=0.0)


def _rated(counts: ArrayLike) -> tuple[NDArray[np.int64], str | None]:
    """The images with a rating, and why there is nothing to compare, if so."""
    array = np.asarray(counts, dtype=np.int64)
    if array.ndim != 2 or (array < 0).any():
        raise ValueError("counts must be a table of images x categories without negative numbers")
    rated = array[array.sum(axis=1) > 0]
    if len(rated) == 0:
        return rated, "no image was answered"
    return rated, None if rated.sum(axis=1).max() > 1 else "no image was answered by two raters"


def _pairwise(rated: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Each image's share of agreeing pairs (0 for a lone rating), and whether it has a pair at all."""
    raters = rated.sum(axis=1)
    paired = raters > 1
    return (rated * (rated - 1)).sum(axis=1) / np.where(paired, raters * (raters - 1), 1), paired


def _estimate(value: float, influence: NDArray[np.float64], level: float, floor: float) -> Estimate:
    n = len(influence)
    if n < 2:
        return Estimate(value=float(value), degenerate="one image only: its standard error is undefined")
    se = float(np.sqrt(((influence - value) ** 2).sum() / (n * (n - 1))))
    half = float(stdtrit(n - 1, (1 + level) / 2)) * se
    # Lone ratings can pull kappa below -1; the interval must still hold it.
    low = max(min(floor, float(value)), float(value) - half)
    return Estimate(value=float(value), se=se, ci_low=low, ci_high=min(1.0, float(value) + half))


STATISTICS = {"fleiss_kappa": fleiss_kappa, "percent_agreement": percent_agreement}
