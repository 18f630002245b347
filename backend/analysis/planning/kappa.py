"""How wide the report's interval of Fleiss' kappa would be, in each of some simulated studies."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from backend.analysis.agreement.fleiss import fleiss_kappa
from backend.analysis.planning.design import Design
from backend.analysis.planning.model import Draws
from backend.analysis.planning.progress import Progress, silent

STUDIES = 50
"""Simulated studies a cell: each interval takes milliseconds, and widths differ little."""


def kappa_widths(design: Design, progress: Progress = silent) -> NDArray[np.float64]:
    """The width of the interval of kappa over all images, in each cell of the grid and each study.

    Parameters
    ----------
    design : Design
        What is planned; answers are simulated where superiority is.
    progress : Progress
        Told how far the work is.

    Returns
    -------
    ndarray
        (cells, studies); NaN where all answers of a study are the same and kappa is undefined.

    Examples
    --------
    >>> widths = kappa_widths(Design(raters=(3, 12), images=(80,)))
    >>> few, many = widths.mean(axis=1)
    >>> bool(few > many)
    True
    """
    random = np.random.default_rng([design.seed, STUDIES])
    widths = []
    for study in range(STUDIES):
        widths.append(list(_study(design, random)))
        progress("Intervals of kappa", study + 1, STUDIES)
    return np.array(widths).T


def _study(design: Design, random: np.random.Generator) -> Iterator[float]:
    """The width in each cell, for one study of the largest size and its parts."""
    fakes = max(design.fakes(images) for images in design.images)
    reals = max(images - design.fakes(images) for images in design.images)
    right = Draws.make(random, 1, max(design.raters), reals + fakes).right(design.model, reals, fakes)[0]
    # From who was right to who answered "real".
    answers = right ^ (np.arange(reals + fakes) >= reals)
    for raters, images in product(design.raters, design.images):
        shown = design.fakes(images)
        columns = np.r_[: images - shown, reals : reals + shown]
        called_real = answers[:raters, columns].sum(axis=0)
        low, high = fleiss_kappa(np.stack([raters - called_real, called_real], axis=1)).interval(design.level)
        yield np.nan if low is None or high is None else high - low
