"""The crossed model from which studies are drawn: logit P(right) = mu + rater effect + image effect.

Both effects are normal around 0: some raters are better than others, and some images easier, for everyone.
The accuracies that users give are marginal, means over raters and images; mu is solved for.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(100)
"""Gauss-Hermite quadrature of the standard normal: exact to 1e-8 up to a standard deviation of 3."""
WEIGHTS = WEIGHTS / WEIGHTS.sum()
WIDEST = 60.0  # logits, between which mu is looked for


@dataclass(frozen=True)
class CrossedModel:
    """How raters answer, taken as known.

    Attributes
    ----------
    tpr, tnr : float
        True mean accuracy on reals and on fakes, over all raters and images that there might be.
    rater_sd, image_sd : float
        Standard deviations of the rater effects and of the image effects, in logits.
    """

    tpr: float
    tnr: float
    rater_sd: float
    image_sd: float

    def intercepts(self, reals: int, fakes: int) -> NDArray[np.float64]:
        """The mu of each image: reals first, then fakes."""
        sd = float(np.hypot(self.rater_sd, self.image_sd))
        return np.repeat([intercept(self.tpr, sd), intercept(self.tnr, sd)], [reals, fakes])


def marginal(mu: ArrayLike, sd: float) -> NDArray[np.float64]:
    """The mean of expit(mu + Z) over a normal Z of mean 0 and standard deviation ``sd``.

    Examples
    --------
    >>> round(float(marginal(0.4, 0)), 4), round(float(marginal(0.4, 1)), 4)
    (0.5987, 0.582)
    """
    return expit(np.asarray(mu)[..., None] + sd * NODES) @ WEIGHTS


def intercept(accuracy: float, sd: float) -> float:
    """The mu that gives a marginal accuracy in (0, 1): the inverse of ``marginal``, by bisection.

    Examples
    --------
    >>> round(intercept(0.6, 0), 4), round(intercept(0.6, 0.5), 4)
    (0.4055, 0.4292)
    """
    if not 0 < accuracy < 1:
        raise ValueError(f"an accuracy must lie between 0 and 1, not {accuracy}")
    if accuracy == 0.5:
        return 0.0
    low, high = -WIDEST, WIDEST
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if marginal(middle, sd) < accuracy else (low, middle)
    return (low + high) / 2


@dataclass(frozen=True)
class Draws:
    """The random numbers of many studies of one size; whoever is right depends on the model too.

    One set of draws serves several models, and the first rows and columns are a smaller study: so cells of a
    grid differ by what they are, not by chance.

    Attributes
    ----------
    rater : ndarray
        Standard normal, (studies, raters, 1).
    image : ndarray
        Standard normal, (studies, 1, images).
    toss : ndarray
        Uniform in [0, 1), (studies, raters, images).
    """

    rater: NDArray[np.float32]
    image: NDArray[np.float32]
    toss: NDArray[np.float32]

    @classmethod
    def make(cls, random: np.random.Generator, studies: int, raters: int, images: int) -> "Draws":
        """Draw ``studies`` studies."""
        return cls(
            rater=random.standard_normal((studies, raters, 1), dtype=np.float32),
            image=random.standard_normal((studies, 1, images), dtype=np.float32),
            toss=random.random((studies, raters, images), dtype=np.float32),
        )

    def right(self, model: CrossedModel, reals: int, fakes: int) -> NDArray[np.bool_]:
        """Which answers are right, (studies, raters, images): reals first, then fakes."""
        mu = model.intercepts(reals, fakes).astype(np.float32)
        effects = np.float32(model.rater_sd) * self.rater + np.float32(model.image_sd) * self.image
        return self.toss < expit(mu + effects)
