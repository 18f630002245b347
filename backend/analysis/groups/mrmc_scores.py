"""Graded scores of several raters: each one's area under the ROC curve and DeLong's components."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
FEWEST = 2
"""Scored reals, and scored fakes, that a rater needs for a variance of her area."""


@dataclass(frozen=True, eq=False)
class Readings:
    """Raters' scores of reals and fakes, NaN where missing: (raters, reals) and (raters, fakes).

    A high score speaks for real. The names of the literature on several readers of several cases (MRMC):
    readers are raters, diseased cases are reals, the others fakes.
    """

    reals: Floats
    fakes: Floats

    @classmethod
    def of(cls, scores: ArrayLike, truths: ArrayLike) -> Self:
        """From a matrix (raters, images) and the images' truths. Raises ``ValueError`` for other shapes."""
        x, truth = np.asarray(scores, dtype=float), np.asarray(truths)
        if x.ndim != 2 or truth.shape != x.shape[1:]:
            raise ValueError("scores must be a matrix of raters x images, with a truth for each image")
        return cls(x[:, truth == 1], x[:, truth == 0])

    def complete_enough(self, fewest: int = FEWEST) -> NDArray[np.bool_]:
        """Which raters scored at least so many reals and so many fakes."""
        counts = [np.count_nonzero(~np.isnan(x), axis=1) for x in (self.reals, self.fakes)]
        return np.minimum(*counts) >= fewest

    def chosen(self, raters: NDArray[np.bool_]) -> Self:
        """Those of some raters."""
        return type(self)(self.reals[raters], self.fakes[raters])


@dataclass(frozen=True, eq=False)
class Placements:
    """DeLong's components of raters' areas.

    ``reals`` (raters, reals) is the share of the rater's fakes that a real beats, a tie being half, minus
    her area; ``fakes`` (raters, fakes) the share of her reals that beat the fake, minus her area. Both are 0
    where missing. ``counts`` are the reals and the fakes that each rater scored.
    """

    areas: Floats
    reals: Floats
    fakes: Floats
    counts: tuple[Floats, Floats]


def placements(readings: Readings) -> Placements:
    """Each rater's area under the ROC curve, and its components.

    References
    ----------
    DeLong, E. R., DeLong, D. M. & Clarke-Pearson, D. L. (1988). Biometrics 44:837.
    """
    beaten = np.zeros_like(readings.reals)
    beating = np.zeros_like(readings.fakes)
    areas = np.empty(len(beaten))
    real, fake = ~np.isnan(readings.reals), ~np.isnan(readings.fakes)
    for r in range(len(areas)):
        reals, fakes = readings.reals[r, real[r]], readings.fakes[r, fake[r]]
        wins, losses = _shares_below(reals, fakes), _shares_below(-fakes, -reals)
        areas[r] = wins.mean()
        beaten[r, real[r]], beating[r, fake[r]] = wins - areas[r], losses - areas[r]
    return Placements(areas, beaten, beating, (real.sum(axis=1, dtype=float), fake.sum(axis=1, dtype=float)))


def _shares_below(values: Floats, others: Floats) -> Floats:
    """The share of ``others`` below each of ``values``, a tie being half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return below / (2 * len(others))


def delong_covariance(parts: Placements) -> Floats:
    """The covariance matrix of the raters' areas over images, (raters, raters).

    Notes
    -----
    Complete data give DeLong's S_10 / m + S_01 / n. With missing scores, two raters' components are
    multiplied on the images that both scored, and divided by sqrt(m_r (m_r - 1) m_s (m_s - 1)): the diagonal
    is each rater's own DeLong variance, raters without a common image do not covary, and no variance of a
    contrast is negative.

    References
    ----------
    DeLong, E. R., DeLong, D. M. & Clarke-Pearson, D. L. (1988). Biometrics 44:837.
    """
    scaled = [
        part / np.sqrt(count * (count - 1))[:, None]
        for part, count in zip((parts.reals, parts.fakes), parts.counts, strict=True)
    ]
    return sum(part @ part.T for part in scaled)
