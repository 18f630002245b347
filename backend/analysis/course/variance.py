"""The variance of an estimate when other raters and other images might have been drawn.

An estimate is taken as a sum of small contributions, one an answer (its influence). Answers of one rater hang
together, and so do answers to one image; raters and images are crossed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]
NEGLIGIBLE = 1e-9
"""A rater's part in an estimate below which she does not count as one of several."""


@dataclass(frozen=True, eq=False)
class Sums:
    """What the variance needs of the influences, which add up to 0.

    Attributes
    ----------
    by_rater, by_image : Vector
        Their sums by rater, and by image.
    answers_by_rater, answers_by_image : Vector
        How many they are.
    squares : float
        The sum of their squares.
    """

    by_rater: Vector
    by_image: Vector
    answers_by_rater: Vector
    answers_by_image: Vector
    squares: float

    @classmethod
    def of(cls, influence: Matrix, answered: Mask) -> "Sums":
        """The sums of a matrix (raters, images), 0 where nothing was answered."""
        counts = answered.sum(axis=1), answered.sum(axis=0)
        return cls(influence.sum(axis=1), influence.sum(axis=0), *counts, float((influence**2).sum()))

    @property
    def n(self) -> int:
        """How many answers there are."""
        return int(self.answers_by_rater.sum())


def crossed_variance(sums: Sums, leverage: Vector | None = None) -> tuple[float, float] | str:
    """The variance over raters and images, and its degrees of freedom.

    Parameters
    ----------
    sums : of the influences.
    leverage : each rater's part in the estimate, adding up to 1; the same for all with an answer if not
        given.

    Returns
    -------
    tuple or str
        Variance and degrees of freedom, or why there are none.

    Notes
    -----
    V = V_raters + V_images - V_answers, but at least the larger of the first two: V_raters is the sum over
    raters of s_r^2 / (1 - h_r) with the sum of influences s_r and the leverage h_r, V_images the sum over
    images of s_i^2 I / (I - 1), and V_answers, which both contain, the mean square that neither raters nor
    images account for, times the number of answers. For the mean of a complete table V is that of the two-way
    random-effects analysis of variance. Degrees of freedom are Satterthwaite's, at least 1.

    References
    ----------
    Cameron, Gelbach & Miller (2011), J. Bus. Econ. Stat. 29:238, section 2. Satterthwaite (1946), Biometrics
    Bull. 2:110. Bell & McCaffrey (2002), Surv. Methodol. 28:169, for 1 / (1 - h).
    """
    answering = sums.answers_by_rater > 0
    h = answering / max(answering.sum(), 1) if leverage is None else leverage
    some, images = h > NEGLIGIBLE, int((sums.answers_by_image > 0).sum())
    if some.sum() < 2:
        return "one rater only: the interval is undefined"
    if images < 2:
        return "one image only: the interval is undefined"
    answers, df = _answers(sums, int(answering.sum()), images)
    of_raters = float((sums.by_rater[some] ** 2 / (1 - h[some])).sum())
    of_images = float((sums.by_image**2).sum()) * images / (images - 1)
    terms = np.array([of_raters, of_images, -answers])
    return _combined(terms, np.array([max(1 / (h**2).sum() - 1, 1), images - 1, df]))


def _answers(sums: Sums, raters: int, images: int) -> tuple[float, float]:
    """V_answers and its degrees of freedom."""
    df = sums.n - raters - images + 1
    rest = sums.squares
    for total, n in ((sums.by_rater, sums.answers_by_rater), (sums.by_image, sums.answers_by_image)):
        rest -= float((total**2 / np.maximum(n, 1)).sum())
    return (sums.n * max(rest, 0.0) / df, float(df)) if df > 0 else (0.0, 1.0)


def _combined(terms: Vector, df: Vector) -> tuple[float, float]:
    """The sum of the terms, or where it is larger the first or the second alone."""
    best = max((slice(0, 3), slice(0, 1), slice(1, 2)), key=lambda chosen: terms[chosen].sum())
    variance = float(terms[best].sum())
    if variance <= 0:
        return 0.0, float(df[:2].min())
    return variance, max(float(variance**2 / (terms[best] ** 2 / df[best]).sum()), 1.0)
