"""Many simulated studies in each cell of a plan's grid, each analysed as the report would analyse it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from backend.analysis.groups.equivalence import CHANCE
from backend.analysis.planning.batch import Floats, MeanRates, mean_rates
from backend.analysis.planning.design import Design
from backend.analysis.planning.kappa import kappa_widths
from backend.analysis.planning.model import Draws
from backend.analysis.planning.progress import Progress, silent

Answers = NDArray[np.bool_]
AT_ONCE = 1_000_000  # answers held in memory


@dataclass(frozen=True)
class PlannedStudy:
    """What studies of one size would show; each ``_se`` is a Monte Carlo standard error.

    Attributes
    ----------
    raters, images, reals, fakes : int
        The size of the study.
    truth : float
        True mean of the measure (accuracy or balanced accuracy) where superiority and widths were simulated.
    superiority_power, superiority_power_se : float
        Share of studies whose interval of the mean leaves out 1/2.
    equivalence_power, equivalence_power_se : float or None
        Share of studies, simulated at the accuracy of equivalence, whose interval of level 1 - 2 alpha lies
        within the margin around 1/2: what two one-sided tests show. ``None`` without a margin.
    width, width_se : float
        Mean width of the interval of the mean, of level 1 - alpha.
    narrow_share, narrow_share_se : float or None
        Share of these intervals that are no wider than wanted; ``None`` if no width was wanted.
    coverage, coverage_se : float
        Share of these intervals that hold the truth: near 1 - alpha where the analysis can be trusted.
    kappa_width, kappa_width_se : float or None
        Mean width of the interval of Fleiss' kappa over all images, from 50 studies; ``None`` if it was not
        asked for, or if everyone gave the same answer.
    """

    raters: int
    images: int
    reals: int
    fakes: int
    truth: float
    superiority_power: float
    superiority_power_se: float
    equivalence_power: float | None
    equivalence_power_se: float | None
    width: float
    width_se: float
    narrow_share: float | None
    narrow_share_se: float | None
    coverage: float
    coverage_se: float
    kappa_width: float | None
    kappa_width_se: float | None


def simulate(design: Design, progress: Progress = silent) -> tuple[PlannedStudy, ...]:
    """Simulate every cell of the grid, images within raters.

    Parameters
    ----------
    design : Design
        What is planned.
    progress : Progress
        Told how far the work is.

    Returns
    -------
    tuple of PlannedStudy
        A cell each, in the order of the grid.

    Examples
    --------
    >>> (study,) = simulate(Design(raters=(8,), images=(80,), simulations=200))
    >>> 0.5 < study.superiority_power < 0.9
    True
    """
    random = np.random.default_rng(design.seed)
    cells = list(product(design.raters, design.images))
    sums, squares = np.zeros((2, len(cells), 5))
    done = 0
    for studies in _batches(design):
        seen = np.stack(list(_batch(design, random, studies)))
        sums += seen.sum(axis=2)
        squares += (seen**2).sum(axis=2)
        done += studies
        progress("Simulated studies", done, design.simulations)
    means = sums / design.simulations
    errors = np.sqrt(np.maximum(squares / design.simulations - means**2, 0) / design.simulations)
    widths = kappa_widths(design, progress) if design.kappa else np.full((len(cells), 1), np.nan)
    return tuple(_planned(design, *row) for row in zip(cells, means, errors, widths, strict=True))


def _batches(design: Design) -> Iterator[int]:
    """Numbers of studies that are drawn together."""
    most = max(1, AT_ONCE // (max(design.raters) * max(design.images)))
    for begun in range(0, design.simulations, most):
        yield min(most, design.simulations - begun)


def _batch(design: Design, random: np.random.Generator, studies: int) -> Iterator[Floats]:
    """For each cell, what each of some studies showed, (outcomes, studies)."""
    fakes = max(design.fakes(images) for images in design.images)
    reals = max(images - design.fakes(images) for images in design.images)
    draws = Draws.make(random, studies, max(design.raters), reals + fakes)
    right = draws.right(design.model, reals, fakes)
    equal = None if design.margin is None else draws.right(design.equivalence_model, reals, fakes)
    for raters, images in product(design.raters, design.images):
        rates, equal_rates = (
            None if answers is None else _rates(design, answers[:, :raters], images, reals)
            for answers in (right, equal)
        )
        yield _outcomes(design, design.truth(images), rates, equal_rates)


def _rates(design: Design, right: Answers, images: int, reals: int) -> MeanRates:
    """The mean rates on the first of the reals, and of the fakes, which follow all ``reals``."""
    fakes = design.fakes(images)
    kinds = (right[..., : images - fakes], right[..., reals : reals + fakes])
    weights = design.weights(images - fakes, fakes)
    shown = [(kind, weight) for kind, weight in zip(kinds, weights, strict=True) if kind.shape[2]]
    return mean_rates(*zip(*shown, strict=True))


def _outcomes(design: Design, truth: float, rates: MeanRates, equal: MeanRates | None) -> Floats:
    """Of each study: superior, equivalent, width, narrow, covered."""
    low, high = rates.interval(design.level)
    equivalent = np.zeros(len(low))
    if equal is not None and design.margin is not None:
        least, greatest = equal.interval(1 - 2 * design.alpha)
        equivalent = (least > CHANCE - design.margin) & (greatest < CHANCE + design.margin)
    narrow = high - low <= (1 if design.width is None else design.width)
    superior = (low > CHANCE) | (high < CHANCE)
    return np.stack([superior, equivalent, high - low, narrow, (low <= truth) & (truth <= high)])


def _planned(
    design: Design, cell: tuple[int, int], means: Floats, errors: Floats, widths: Floats
) -> PlannedStudy:
    raters, images = cell
    fakes = design.fakes(images)
    superiority, equivalence, width, narrow, coverage = zip(means.tolist(), errors.tolist(), strict=True)
    return PlannedStudy(
        raters,
        images,
        images - fakes,
        fakes,
        design.truth(images),
        *superiority,
        *((None, None) if design.margin is None else equivalence),
        *width,
        *((None, None) if design.width is None else narrow),
        *coverage,
        *_mean(widths[~np.isnan(widths)]),
    )


def _mean(values: Floats) -> tuple[float | None, float | None]:
    """The mean and its standard error, if there are values enough."""
    if len(values) < 2:
        return None, None
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
