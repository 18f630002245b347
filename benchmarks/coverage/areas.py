"""Graded answers: one rater's area under the ROC curve, the mean area of several, and response times.

Binormal scores: what rater i sees in image j is the sum of the mean of its kind, of the rater's effect on
that kind, of the image's effect, and of noise.
"""

from collections.abc import Iterator

import numpy as np
from scipy.special import ndtr, ndtri

from backend.analysis.groups.mrmc_gallas import gallas
from backend.analysis.groups.mrmc_obuchowski import obuchowski_rockette
from backend.analysis.groups.mrmc_scores import Readings
from backend.analysis.raters.auc import auc
from backend.analysis.raters.mann_whitney import mann_whitney_p
from backend.analysis.raters.roc import tally
from benchmarks.coverage.outcomes import Outcome, covers, rejects
from benchmarks.coverage.settings import FAKES, REALS, TRUTHS, Setting

RATER_SD, IMAGE_SD, NOISE_SD = 0.3, 0.6, 0.8
CUTS = np.linspace(-1.6, 1.6, 9)
"""Between ten grades: surely fake to surely real."""


def areas(random: np.random.Generator, setting: Setting) -> Iterator[Outcome]:
    """Intervals of one rater's area and of the mean area, and the tests beside them."""
    spread = np.hypot(IMAGE_SD, NOISE_SD)
    gap = float(ndtri(setting.auc)) * np.sqrt(2 * (spread**2 + RATER_SD**2))
    raters = RATER_SD * random.standard_normal((setting.raters, 2))
    images = IMAGE_SD * random.standard_normal(REALS + FAKES)
    centre = gap * (TRUTHS - 0.5) + raters[:, TRUTHS]
    scores = centre + images + NOISE_SD * random.standard_normal((setting.raters, REALS + FAKES))
    readings = Readings.of(scores, TRUTHS)
    for name, found in (("Gallas", gallas(readings)), ("Obuchowski-Rockette", obuchowski_rockette(readings))):
        for method in ("t", "logit"):
            limits = found.interval(method=method)
            yield covers(f"mean AUC, {name}, {method}", limits, setting.auc)
    grades = np.searchsorted(CUTS, scores[0])
    of_rater = auc(TRUTHS, grades)
    true = _graded_area(gap / 2 + raters[0, 1], -gap / 2 + raters[0, 0], spread)
    for method in ("logit", "delong"):
        yield covers(f"a rater's AUC on ten grades, {method}", of_rater.interval(method=method), true)
    blind = Readings.of(scores - gap * (TRUTHS - 0.5), TRUTHS)
    yield rejects("mean AUC is 1/2, Gallas", gallas(blind).p_value)
    yield rejects("mean AUC is 1/2, Obuchowski-Rockette", obuchowski_rockette(blind).p_value)
    times = random.lognormal(1.0, 0.5, REALS + FAKES)
    wrong = random.random(REALS + FAKES) < 1 - setting.accuracy
    yield rejects(
        "right and wrong answers take equally long: Mann-Whitney", mann_whitney_p(tally(wrong, times))
    )


def _graded_area(real: float, fake: float, spread: float) -> float:
    """The area of normal scores with these means, graded by ``CUTS``."""
    real_cells, fake_cells = (
        np.diff(ndtr((CUTS - mean) / spread), prepend=0.0, append=1.0) for mean in (real, fake)
    )
    below = np.cumsum(fake_cells) - fake_cells / 2
    return float(real_cells @ below)
