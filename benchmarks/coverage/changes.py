"""Generators compared, answers revised, and the presentation order: nothing of which there is to find."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.special import expit

from backend.analysis.course.blocks import Blocks, block_means
from backend.analysis.course.changes import mcnemar_exact
from backend.analysis.course.randomization import randomization_p
from backend.analysis.course.trend import Responses, fit_trend
from backend.analysis.groups.crossed import crossed_mean
from backend.analysis.images.pairs import GeneratorPair, generator_pairs
from backend.analysis.images.permutation import sign_flip
from backend.analysis.ratings import RatingsTable
from benchmarks.coverage.outcomes import WARNINGS, Outcome, covers, rejects
from benchmarks.coverage.settings import FAKES, IMAGE_SD, REALS, TRUTHS, Setting, draw

IMAGES = REALS + FAKES
PREFERENCE_SD, DIRECTION_SD = 0.5, 1.5
"""How raters differ in which generator convinces them, and in whether they revise for the better (logits)."""
RESPONSE_SLOPE = -0.03


def generators(random: np.random.Generator, setting: Setting) -> Iterator[Outcome]:
    """Two generators of 15 fakes each that are alike; each test where what it holds fixed is so."""
    every = _pair(random, setting, IMAGE_SD, PREFERENCE_SD)
    yield rejects("generators alike: two-way", every.p_value)
    limits = every.difference_ci_low, every.difference_ci_high
    yield covers("difference of generators' FPR, two-way", limits, 0.0)
    p = _pair(random, setting, IMAGE_SD, 0.0).p_images
    yield rejects("generators alike to these raters: images exchanged", p)
    p = _pair(random, setting, 0.0, PREFERENCE_SD).p_raters
    yield rejects("these images alike: signs of raters flipped", p)


def _pair(
    random: np.random.Generator, setting: Setting, image_sd: float, preference_sd: float
) -> GeneratorPair:
    study = draw(random, setting.raters, (setting.tpr, setting.tnr), image=image_sd)
    second = np.arange(IMAGES) % 2
    liking = preference_sd * random.standard_normal((setting.raters, 1)) * (2 * second - 1) * (TRUTHS == 0)
    chance = expit(study.mu[1 - TRUTHS] + study.raters[:, 1 - TRUTHS] + study.images + liking)
    right = random.random(chance.shape) < chance
    rater, image = np.indices(right.shape).reshape(2, -1)
    names = np.where(TRUTHS == 1, "real", np.where(second == 1, "pgan", "dcgan"))
    table = RatingsTable(
        raters=tuple(f"R{i}" for i in range(setting.raters)),
        groups=("A",),
        images=tuple(f"i{j:02d}" for j in range(IMAGES)),
        rater=rater,
        group=np.zeros(len(rater), dtype=np.int64),
        image=image,
        truth=TRUTHS[image].astype(np.int8),
        answer=(right == (TRUTHS == 1)).ravel().astype(np.int8),
        optional={"source": tuple(names[image].tolist())},
    )
    return generator_pairs(table)[-1]


def revisions(random: np.random.Generator, setting: Setting) -> Iterator[Outcome]:
    """A tenth of the answers changed, by some raters rather for the better and by others for the worse."""
    shape = (setting.raters, IMAGES)
    better = expit(DIRECTION_SD * random.standard_normal((setting.raters, 1)))
    change = (random.random(shape) < 0.1) * np.where(random.random(shape) < better, 1.0, -1.0)
    found = replace(crossed_mean(change, strata=TRUTHS), difference=True)
    tails = found.one_sided(0.0)
    p = None if tails[0] is None else min(2 * min(tails), 1.0)
    yield rejects("revisions help nobody: two-way", p)
    yield covers("change of accuracy by revisions, two-way", found.interval(), 0.0)
    p = sign_flip(change.mean(axis=1)).p_value
    yield rejects("revisions help nobody: signs of raters flipped", p)
    p = float(mcnemar_exact(np.count_nonzero(change > 0), np.count_nonzero(change < 0)))
    yield rejects("revisions help nobody: McNemar, all raters pooled", p, WARNINGS)


def order(random: np.random.Generator, setting: Setting) -> Iterator[Outcome]:
    """Random orders: accuracy that does not depend on the place, and response times that do."""
    study = draw(random, setting.raters, (setting.accuracy,) * 2)
    shape = study.right.shape
    place = random.permuted(np.tile(np.arange(1.0, IMAGES + 1), (setting.raters, 1)), axis=1)
    answered = np.full(shape, True)
    data = Responses(study.right.astype(float), place, answered, TRUTHS)
    trend = fit_trend(data)
    p = None if isinstance(trend, str) else trend.estimate().p_value()
    yield rejects("accuracy along the order: slope is 0, t", p)
    yield rejects("accuracy along the order: orders drawn anew", randomization_p(data))
    block = block_means(data, Blocks(1, IMAGES, 8))[0].found
    yield covers(
        "accuracy in ten places of the order, score", block.interval(method="score"), setting.accuracy
    )
    effects = 0.4 * random.standard_normal((setting.raters, 1)) + 0.2 * random.standard_normal(IMAGES)
    # Raters differ in how fast they become faster.
    slope = RESPONSE_SLOPE + 0.02 * random.standard_normal((setting.raters, 1))
    times = effects + slope * place / 10 + 0.5 * random.standard_normal(shape)
    trend = fit_trend(Responses(times, place, answered, TRUTHS, linear=True))
    limits = (None, None) if isinstance(trend, str) else trend.estimate().interval()
    yield covers("slope of log response time along the order, t", limits, RESPONSE_SLOPE)
