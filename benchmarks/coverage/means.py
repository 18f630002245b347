"""Means over raters and images, and groups compared."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from backend.analysis.groups.crossed import crossed_difference, crossed_mean
from backend.analysis.groups.crossed_estimate import CrossedEstimate
from backend.analysis.groups.permutation import permutation_test
from backend.analysis.groups.scores import measured
from backend.analysis.groups.welch import welch_interval
from backend.analysis.images.detection import mean_d_prime
from backend.analysis.intervals import Proportion
from backend.analysis.planning.model import NODES, WEIGHTS, intercept, marginal
from backend.analysis.raters.chance import binomial_p
from benchmarks.coverage.outcomes import WARNINGS, Outcome, covers, rejects
from benchmarks.coverage.settings import (
    ABILITY_SD,
    IMAGE_SD,
    MARGIN,
    READINESS_SD,
    TRUTHS,
    Setting,
    draw,
    mean_accuracy,
)

RATER_SD = float(np.hypot(ABILITY_SD, READINESS_SD))
SD = float(np.hypot(RATER_SD, IMAGE_SD))
BALANCED = "balanced_accuracy"


def means(random: np.random.Generator, setting: Setting) -> Iterator[Outcome]:
    """The two-way intervals of a group's mean rates, and one image's share."""
    rates = (setting.tpr, setting.tnr)
    study = draw(random, setting.raters, rates)
    right = study.right.astype(float)
    truths = {"accuracy": mean_accuracy(rates), BALANCED: sum(rates) / 2, "tpr": rates[0], "tnr": rates[1]}
    for measure, truth in truths.items():
        name = {"accuracy": "accuracy", BALANCED: "balanced accuracy"}.get(measure, measure.upper())
        yield covers(f"mean {name}, two-way", _two_way(right, measure).interval(), truth)
    yield covers("mean d', two-way", mean_d_prime(right, TRUTHS).interval(), mean_true_d_prime(rates))
    called = Proportion(int(study.called_real[:, 0].sum()), setting.raters)
    share = float(marginal(study.mu[0] + study.images[0], RATER_SD))
    yield covers("an image's share called real, Wilson", called.interval(), share)
    yield covers(
        "an image's share called real, Clopper-Pearson", called.interval(method="clopper-pearson"), share
    )


def groups(random: np.random.Generator, setting: Setting) -> Iterator[Outcome]:
    """Two groups from one population: their difference is 0."""
    study = draw(random, sum(setting.groups), (setting.tpr, setting.tnr))
    right = study.right.astype(float)
    first, second = right[: setting.groups[0]], right[setting.groups[0] :]
    rates = first.mean(axis=1), second.mean(axis=1)
    yield rejects("groups alike: permutation of raters", permutation_test(*rates).p_value)
    low, high, _, reason = welch_interval(*rates)
    yield covers("difference of groups' accuracy, Welch", (None if reason else low, high), 0.0)
    found = crossed_difference(first, second, strata=TRUTHS)
    yield covers("difference of groups' accuracy, two-way", found.interval(), 0.0)


def chance(random: np.random.Generator, setting: Setting) -> Iterator[Outcome]:
    """Raters who cannot tell, and raters at the margin of equivalence."""
    blind = draw(random, setting.raters, (setting.called_real, 1 - setting.called_real), ability=0.0)
    found = _two_way(blind.right.astype(float), BALANCED)
    tails = found.one_sided(0.5)
    p = None if tails[0] is None else min(2 * min(tails), 1.0)
    yield rejects("raters cannot tell: mean balanced accuracy is 1/2, two-way", p)
    margin = draw(random, setting.raters, setting.at_margin)
    found = _two_way(margin.right.astype(float), "accuracy")
    tails = found.one_sided(0.5 - MARGIN)[0], found.one_sided(0.5 + MARGIN)[1]
    p = None if None in tails else max(tails)
    yield rejects("mean accuracy at the margin: TOST, two-way", p)
    even = draw(random, setting.raters, (0.5, 0.5), readiness=0.0)
    p = float(binomial_p(np.count_nonzero(even.right), even.right.size))
    yield rejects("mean accuracy is 1/2: binomial test of all answers pooled", p, WARNINGS)
    p = float(binomial_p(np.count_nonzero(blind.right), blind.right.size))
    yield rejects("raters cannot tell: accuracy is 1/2, all answers pooled", p, WARNINGS)


def _two_way(right: NDArray[np.float64], measure: str) -> CrossedEstimate:
    return crossed_mean(*measured(right, TRUTHS, measure), TRUTHS)


def mean_true_d_prime(rates: tuple[float, float]) -> float:
    """The mean over raters of d', each rater's rates being means over all images."""
    total = 0.0
    for rate in rates:
        of_rater = marginal(intercept(rate, SD) + RATER_SD * NODES, IMAGE_SD)
        total += float(ndtri(of_rater) @ WEIGHTS)
    return total
