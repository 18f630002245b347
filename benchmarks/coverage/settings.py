"""The studies that are simulated: how many raters and images, and how raters answer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from backend.analysis.planning.model import intercept

REALS, FAKES = 50, 30
TRUTHS = np.repeat([1, 0], [REALS, FAKES])
ABILITY_SD, READINESS_SD, IMAGE_SD = 0.3, 0.5, 0.5
"""In logits: how raters differ in being right, and in saying "real"; and how images do."""


@dataclass(frozen=True)
class Setting:
    """A kind of study of 50 reals and 30 fakes.

    Attributes
    ----------
    name : str
        Heads the column.
    raters : int
        How many there are.
    groups : tuple of int
        The sizes of two groups, where groups are compared.
    tpr, tnr : float
        Mean rates on reals and on fakes, over raters and images.
    called_real : float
        Share of answers "real" of those who cannot tell.
    accuracy, auc : float
        Mean accuracy on reals and fakes alike, and area under the ROC curve, where these are simulated.
    at_margin : tuple of float
        Rates on reals and on fakes that make the mean accuracy 0.6.
    """

    name: str
    raters: int
    groups: tuple[int, int]
    tpr: float = 0.65
    tnr: float = 0.45
    called_real: float = 0.6
    accuracy: float = 0.6
    auc: float = 0.65
    at_margin: tuple[float, float] = (0.6, 0.6)


SKEWED = {
    "tpr": 0.95,
    "tnr": 0.15,
    "called_real": 0.92,
    "accuracy": 0.9,
    "auc": 0.95,
    "at_margin": (0.9, 0.1),
}
SETTINGS = (
    Setting("8 x 80", 8, (5, 3)),
    Setting("3 x 80", 3, (3, 3)),
    Setting("8 x 80, skewed", 8, (5, 3), **SKEWED),
    Setting("3 x 80, skewed", 3, (3, 3), **SKEWED),
)
MARGIN = 0.1


@dataclass(frozen=True, eq=False)
class Study:
    """A drawn study: who was right, and what would be so with other raters or other images.

    ``right`` is (raters, images), ``raters`` (raters, 2) their effects on reals and on fakes, ``images`` the
    effects of images, ``mu`` the intercepts of either kind, all in logits of a right answer.
    """

    right: NDArray[np.bool_]
    raters: NDArray[np.float64]
    images: NDArray[np.float64]
    mu: NDArray[np.float64]

    @property
    def called_real(self) -> NDArray[np.int8]:
        """The answers: 1 real, 0 fake."""
        return (self.right == (TRUTHS == 1)).astype(np.int8)


def draw(
    random: np.random.Generator,
    raters: int,
    rates: tuple[float, float],
    ability: float = ABILITY_SD,
    readiness: float = READINESS_SD,
    image: float = IMAGE_SD,
) -> Study:
    """A study whose TPR and TNR are ``rates``, over all raters and images that there might be."""
    sd = float(np.sqrt(ability**2 + readiness**2 + image**2))
    mu = np.array([intercept(rate, sd) for rate in rates])
    able, ready = random.standard_normal((2, raters))
    effects = ability * able[:, None] + readiness * ready[:, None] * [1, -1]
    images = image * random.standard_normal(REALS + FAKES)
    kind = 1 - TRUTHS
    chance = expit(mu[kind] + effects[:, kind] + images)
    return Study(random.random(chance.shape) < chance, effects, images, mu)


def mean_accuracy(rates: tuple[float, float]) -> float:
    """The accuracy that a TPR and a TNR make."""
    return (REALS * rates[0] + FAKES * rates[1]) / (REALS + FAKES)
