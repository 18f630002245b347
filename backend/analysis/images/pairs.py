"""Generators compared with each other, two at a time, by the same raters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from backend.analysis.groups.crossed import crossed_mean
from backend.analysis.groups.crossed_estimate import CrossedEstimate
from backend.analysis.groups.scores import Floats
from backend.analysis.images.kinds import Mask
from backend.analysis.images.permutation import RESAMPLES, label_exchange, sign_flip
from backend.analysis.images.sources import NO_SOURCE, fakes_by_source
from backend.analysis.intervals import LEVEL, ratio
from backend.analysis.multiplicity import holm
from backend.analysis.ratings.rows import EVERYONE
from backend.analysis.ratings.table import RatingsTable


@dataclass(frozen=True)
class GeneratorPair:
    """Whether one generator's fakes are taken for real more often than another's.

    Attributes
    ----------
    group : str
        A group, or ``all`` raters.
    source_a, source_b : str
        The generators.
    images_a, images_b : int
        Their fakes that were answered.
    raters : int
        Raters with answers to fakes of both; the others are left out.
    fpr_a, fpr_b : float or None
        Means over these raters of their shares called real.
    difference : float or None
        ``fpr_a - fpr_b``, the mean of the raters' differences.
    difference_se : float or None
        Its standard error over other raters and other images.
    difference_ci_low, difference_ci_high : float or None
        Its interval (t), within [-1, 1].
    p_value : float or None
        Test of no difference that fits the interval: other raters, other images.
    p_holm : float or None
        The same adjusted for all pairs of the group by Holm's method.
    p_images : float or None
        Exact test for these raters: images exchanged between the generators.
    p_images_holm : float or None
        The same adjusted.
    p_images_smallest : float or None
        The smallest ``p_images`` that so many images could give.
    p_images_exact : bool or None
        Whether all exchanges were counted; otherwise they were drawn at random.
    p_raters : float or None
        Exact test for these images: the signs of the raters' differences flipped.
    p_raters_holm, p_raters_smallest, p_raters_exact : float or None
        As those of ``p_images``.
    degenerate : str or None
        Why something is ``None``; ``None`` where all is defined.
    """

    group: str
    source_a: str
    source_b: str
    images_a: int
    images_b: int
    raters: int
    fpr_a: float | None
    fpr_b: float | None
    difference: float | None
    difference_se: float | None
    difference_ci_low: float | None
    difference_ci_high: float | None
    p_value: float | None
    p_holm: float | None
    p_images: float | None
    p_images_holm: float | None
    p_images_smallest: float | None
    p_images_exact: bool | None
    p_raters: float | None
    p_raters_holm: float | None
    p_raters_smallest: float | None
    p_raters_exact: bool | None
    degenerate: str | None


def generator_pairs(
    table: RatingsTable, *, level: float = LEVEL, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[GeneratorPair, ...]:
    """Every two generators for every group and then ``all``; none where fewer than two have a source.

    Parameters
    ----------
    table : the ratings.
    level : confidence level of the intervals.
    seed, resamples : of the random rearrangements, drawn only where counting all takes too long.

    Notes
    -----
    ``p_value`` is Student's t of the difference by its crossed standard error, and holds for other raters and
    other images; it kept its level in all that was simulated. The two permutation tests assume no
    distribution, and hold one of the two fixed.

    Of these ``p_images`` comes first: what a generator draws are images, so they are the sample; every rater
    saw those of both. An image's score is its share called real, and labels are exchanged among the pair's
    images. The test is exact for these raters, however they differ, and 2 x 10 images give p down to 0.00001.
    Where raters differ in which generator convinces them, it finds the difference of these raters: in up to
    16 % of simulated studies of generators that are alike to raters at large.

    ``p_raters`` flips the signs of the raters' differences. With enough raters it finds a difference between
    any two sets of images, also of one generator: where images differed much, 8 raters did so in 22 % of
    simulated studies at a nominal 5 %. Of 3 raters p is at least 0.25.

    Raises
    ------
    RatingsError
        Where an image has two different sources.
    """
    fakes = fakes_by_source(table)
    drawing = {"seed": seed, "resamples": resamples}
    pairs = []
    for group in (*table.groups, EVERYONE):
        answers = table.answers[table.members(group)]
        rows = [
            _pair(
                group, (a, b), [(answers >= 0) & fakes[name] for name in (a, b)], answers == 1, level, drawing
            )
            for a, b in combinations(fakes, 2)
        ]
        pairs += _adjusted(rows)
    return tuple(pairs)


def generators_degenerate(table: RatingsTable) -> str | None:
    """Why ``generator_pairs`` has no row; ``None`` where it has."""
    sources = len(fakes_by_source(table))
    if not (table.truths == 0).any():
        return "no fake was shown: there is no generator to compare"
    if not sources:
        return NO_SOURCE
    return "all fakes with a source are of one generator: nothing to compare" if sources == 1 else None


def _pair(
    group: str,
    sources: tuple[str, str],
    answered: Sequence[Mask],
    called: Mask,
    level: float,
    drawing: Mapping[str, int],
) -> GeneratorPair:
    both = np.logical_and.reduce([mask.any(axis=1) for mask in answered])
    called, a, b = called[both], *(mask[both] for mask in answered)
    shares_a, shares_b = _shares(called, a, 1), _shares(called, b, 1)
    found = _difference(called, a, b)
    low, high = found.interval(level)
    return GeneratorPair(
        group=group,
        source_a=sources[0],
        source_b=sources[1],
        images_a=int(a.any(axis=0).sum()),
        images_b=int(b.any(axis=0).sum()),
        raters=len(called),
        fpr_a=float(shares_a.mean()) if len(called) else None,
        fpr_b=float(shares_b.mean()) if len(called) else None,
        difference=found.value,
        difference_se=found.se,
        difference_ci_low=low,
        difference_ci_high=high,
        p_value=None if low is None else min(2 * min(found.one_sided(0.0)), 1.0),
        p_holm=None,
        p_images_holm=None,
        p_raters_holm=None,
        degenerate=found.degenerate,
        **_by_images(called, a, b, drawing),
        **_by_raters(shares_a - shares_b, drawing),
    )


def _difference(called: Mask, a: Mask, b: Mask) -> CrossedEstimate:
    """The mean of the raters' differences: an image of the second weighs negative."""
    n_a, n_b = (np.maximum(mask.sum(axis=1, keepdims=True), 1) for mask in (a, b))
    weights = a / n_a - b / n_b
    used = (a | b).any(axis=0)
    found = crossed_mean(called[:, used], weights[:, used], b.any(axis=0)[used])
    return replace(found, difference=True)


def _by_images(called: Mask, a: Mask, b: Mask, drawing: Mapping[str, int]) -> dict[str, float | None]:
    names = ("p_images", "p_images_smallest", "p_images_exact")
    if not len(called):
        return dict.fromkeys(names)
    test = label_exchange(*(_shares(called, mask, 0)[mask.any(axis=0)] for mask in (a, b)), **drawing)
    return dict(zip(names, (test.p_value, test.p_smallest, test.exact), strict=True))


def _by_raters(differences: Floats, drawing: Mapping[str, int]) -> dict[str, float | None]:
    names = ("p_raters", "p_raters_smallest", "p_raters_exact")
    if len(differences) < 2:
        return dict.fromkeys(names)
    test = sign_flip(differences, **drawing)
    return dict(zip(names, (test.p_value, test.p_smallest, test.exact), strict=True))


def _shares(called: Mask, answered: Mask, axis: int) -> Floats:
    """The share called real along an axis; NaN without answers."""
    return ratio((called & answered).sum(axis=axis), answered.sum(axis=axis))


def _adjusted(rows: Sequence[GeneratorPair]) -> list[GeneratorPair]:
    """The pairs of one group with Holm's p-values."""
    tests = {"p_holm": "p_value", "p_images_holm": "p_images", "p_raters_holm": "p_raters"}
    families = {name: holm([getattr(row, test) for row in rows]) for name, test in tests.items()}
    return [
        replace(row, **{name: family[i] for name, family in families.items()}) for i, row in enumerate(rows)
    ]
