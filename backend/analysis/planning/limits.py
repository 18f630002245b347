"""What a study tends to with ever more images, or with ever more raters, while the other number stays.

With all the images that there might be, each rater's own rate is known without error, and the interval has
one degree of freedom less than there are raters. So a handful of raters bounds what images can do; and
likewise a handful of images what raters can.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from backend.analysis.groups.crossed_estimate import ROUNDING
from backend.analysis.groups.equivalence import CHANCE
from backend.analysis.planning.batch import Floats, MeanRates
from backend.analysis.planning.design import NEAR, Design
from backend.analysis.planning.model import CrossedModel, intercept, marginal

STUDIES = 4_000
"""Simulated studies at most: enough for a standard error of 0.008."""
AT_ONCE = 1_000_000  # accuracies held in memory
FARTHEST, STEPS = 6, 1000
EFFECTS = np.arange(-FARTHEST * STEPS, FARTHEST * STEPS + 1) / STEPS
"""Standard normal effects at which accuracies are computed; others take the nearest one's, right to 1e-3."""


@dataclass(frozen=True)
class Limits:
    """The powers and the mean width that a study tends to; ``equivalence`` is ``None`` without a margin."""

    superiority: float
    equivalence: float | None
    width: float


def with_all_images(design: Design, raters: int) -> Limits:
    """What ``raters`` raters tend to with ever more images.

    Examples
    --------
    >>> found = with_all_images(Design(margin=0.1, simulations=2000), 3)
    >>> 0.2 < found.superiority < 0.5
    True
    """
    units = [Units(raters, *design.weights(1 - design.fakes_share, design.fakes_share))]
    return _limits(design, units, design.rater_sd, design.image_sd)


def with_all_raters(design: Design, images: int) -> Limits:
    """What ``images`` images tend to with ever more raters."""
    fakes = design.fakes(images)
    reals = images - fakes
    of_reals, of_fakes = design.weights(reals, fakes)
    units = [Units(reals, of_reals, 0.0), Units(fakes, 0.0, of_fakes)]
    return _limits(design, [u for u in units if u.count], design.image_sd, design.rater_sd)


class Units(NamedTuple):
    """A sample of raters or of images, and what the accuracy of each on reals and on fakes weighs."""

    count: int
    of_reals: float
    of_fakes: float


def _limits(design: Design, units: Sequence[Units], own: float, averaged: float) -> Limits:
    total = sum(sample.count for sample in units)
    random = np.random.default_rng([design.seed, total])
    studies, most = min(design.simulations, STUDIES), max(1, AT_ONCE // total)
    seen, margin = np.zeros(3), design.margin or 0.0
    for begun in range(0, studies, most):
        shape = (min(most, studies - begun), total)
        effects = np.split(random.standard_normal(shape), np.cumsum([u.count for u in units])[:-1], axis=1)
        rates, equal = (
            _rates(model, effects, units, own, averaged) for model in (design.model, design.equivalence_model)
        )
        low, high = _interval(rates, design.level)
        least, greatest = _interval(equal, 1 - 2 * design.alpha)
        seen += [
            np.count_nonzero((low > CHANCE + NEAR) | (high < CHANCE - NEAR)),
            np.count_nonzero((least > CHANCE - margin) & (greatest < CHANCE + margin)),
            (high - low).sum(),
        ]
    superiority, equivalence, width = (seen / studies).tolist()
    return Limits(superiority, None if design.margin is None else equivalence, width)


def _rates(
    model: CrossedModel, effects: Sequence[Floats], units: Sequence[Units], own: float, averaged: float
) -> MeanRates:
    """The mean rate of each study and its variance over the units alone, with Satterthwaite's freedom."""
    value, variance, squares = np.zeros((3, len(effects[0])))
    for effect, (count, of_reals, of_fakes) in zip(effects, units, strict=True):
        nearest = np.rint(effect.clip(-FARTHEST, FARTHEST) * STEPS).astype(np.int64) + FARTHEST * STEPS
        curve = of_reals * _curve(model.tpr, own, averaged) + of_fakes * _curve(model.tnr, own, averaged)
        rates = curve[nearest]
        value += rates.mean(axis=1)
        part = rates.var(axis=1, ddof=1) / count
        variance += part
        squares += part**2 / (count - 1)
    fewest = min(sample.count for sample in units) - 1.0
    df = np.divide(variance**2, squares, out=np.full(len(value), fewest), where=squares > 0)
    return MeanRates(value, variance, df)


def _interval(rates: MeanRates, level: float) -> tuple[Floats, Floats]:
    """The interval, which is a point where units that are all alike leave nothing unknown."""
    alike = rates.variance <= ROUNDING
    low, high = (np.where(alike, rates.value, limit) for limit in rates.interval(level))
    return low, high


@lru_cache(maxsize=8)
def _curve(mean: float, own: float, averaged: float) -> Floats:
    """The accuracies at ``EFFECTS``."""
    return marginal(intercept(mean, float(np.hypot(own, averaged))) + own * EFFECTS, averaged)
