"""The regression of answers, or of logarithms of response times, on their place in the presentation order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from backend.analysis.course.clustered import Clustered, estimate
from backend.analysis.course.variance import Mask, Matrix, Sums, Vector

STEP = 10.0
"""Images that a slope is given for."""
ITERATIONS = 50
PRECISE = 1e-10
FURTHEST = 5.0
"""Logits that one step of the fit may move an answer."""
STEEPEST = 30.0
"""Logits over the whole order beyond which the slope has no bound."""
SAME = "no rater's answers vary along the order: the slope is undefined"
UNBOUNDED = "the place in the order separates the answers: the slope is not finite"


@dataclass(frozen=True, eq=False)
class Responses:
    """What is regressed on its place in the order, as matrices (raters, images).

    Attributes
    ----------
    response : Matrix
        0 or 1; or any number, if ``linear``.
    position : Matrix
        Places in each rater's order.
    answered : Mask
        Where both count.
    truths : NDArray[np.int8]
        Of each image: 0 fake, 1 real.
    linear : bool
        Whether by least squares; otherwise by maximum likelihood of the logistic model.
    """

    response: Matrix
    position: Matrix
    answered: Mask
    truths: NDArray[np.int8]
    linear: bool = False

    @property
    def kinds(self) -> Matrix:
        """Which images are fake and which are real: a matrix (images, 2)."""
        return np.eye(2)[self.truths]


@dataclass(frozen=True, eq=False)
class Trend:
    """A regression: an intercept for each rater and kind of image (fake, real), one slope for all.

    Attributes
    ----------
    data : Responses
        What was regressed.
    slope : float
        Change with ten images, of log-odds or of the response.
    intercepts : Matrix
        For each rater and kind; 0 where her answers to the kind do not inform the slope.
    informing : Mask
        Which answers inform the slope: not those of a rater to a kind that are all the same.
    residuals : Matrix
        Response minus fit; 0 where not informing.
    places : Matrix
        The place in tens of images minus its mean for rater and kind by weight; 0 where not
        informing.
    weights, centres : Matrix
        For each rater and kind the sum of the weights, and that mean.
    information : Vector
        Each rater's part in that of the slope, intercepts being estimated too.
    """

    data: Responses
    slope: float
    intercepts: Matrix
    informing: Mask
    residuals: Matrix
    places: Matrix
    weights: Matrix
    centres: Matrix
    information: Vector

    @property
    def influence(self) -> Matrix:
        """What each answer contributes to the slope."""
        return self.residuals * self.places / self.information.sum()

    def estimate(self) -> Clustered:
        """The slope with its crossed standard error; raters weigh as they inform it."""
        sums = Sums.of(self.influence, self.informing)
        return estimate(self.slope, sums, self.information / self.information.sum())


def fit_trend(data: Responses) -> Trend | str:
    """Regress responses on their place in the order, or say why that cannot be.

    Notes
    -----
    logit P(y_ri = 1) = a_rk + b x_ri for image i of kind k, with x_ri its place in rater r's order in tens of
    images; or y_ri = a_rk + b x_ri + error. With an intercept for each rater and kind, neither an able rater
    who stopped early nor a chance run of reals looks like a trend. Newton's method with the intercepts
    profiled out. The logistic slope is too steep where raters answered few images of a kind, by about n / (n
    - 1) for n of them, as ever where each stratum has an intercept of its own.

    Examples
    --------
    >>> position = np.array([np.arange(1, 21), np.arange(20, 0, -1)])
    >>> right = np.array([[0, 1, 0, 0] * 2 + [1, 0, 1] * 4, [1, 0, 1, 1] * 2 + [0, 1, 0] * 4])
    >>> trend = fit_trend(Responses(right, position, position > 0, np.arange(20) % 2))
    >>> round(trend.slope, 3)
    1.217
    """
    kinds = data.kinds
    n = data.answered @ kinds
    share = np.where(data.answered, data.response, 0.0) @ kinds / np.maximum(n, 1)
    usable = n > 1 if data.linear else (share > 0) & (share < 1)
    informing = data.answered & usable[:, data.truths]
    start = np.where(usable, share, 0.5)
    slope, intercepts = 0.0, start if data.linear else logit(start)
    x = np.where(informing, data.position, 0.0) / STEP
    span = np.ptp(x[informing]) if informing.any() else 0.0
    for _ in range(ITERATIONS):
        trend = _at(data, x, informing, slope, intercepts * usable)
        if trend.information.sum() <= PRECISE * max(span, PRECISE) ** 2:
            return SAME if slope == 0 else UNBOUNDED
        step, shift = _newton(trend, span)
        if max(abs(step) * span, np.abs(shift).max()) < PRECISE:
            return trend
        slope, intercepts = slope + step, trend.intercepts + shift
        if abs(slope) * span > STEEPEST and not data.linear:
            return UNBOUNDED
    return UNBOUNDED


def _at(data: Responses, x: Matrix, informing: Mask, slope: float, intercepts: Matrix) -> Trend:
    """The regression with these parameters, fitted or not."""
    kinds = data.kinds
    fit = intercepts[:, data.truths] + slope * x
    fit = fit if data.linear else expit(fit)
    weight = informing * (1.0 if data.linear else fit * (1 - fit))
    weights = weight @ kinds
    centres = (weight * x) @ kinds / np.where(weights > 0, weights, 1)
    places = informing * (x - centres[:, data.truths])
    residuals = np.where(informing, data.response, fit) - fit
    information = (weight * places**2).sum(axis=1)
    return Trend(data, slope, intercepts, informing, residuals, places, weights, centres, information)


def _newton(trend: Trend, span: float) -> tuple[float, Matrix]:
    """What Newton's method adds to the slope and the intercepts, cut where it would go far."""
    step = (trend.residuals * trend.places).sum() / trend.information.sum()
    score = trend.residuals @ trend.data.kinds
    shift = score / np.where(trend.weights > 0, trend.weights, 1) - trend.centres * step
    far = abs(step) * span + np.abs(score / np.where(trend.weights > 0, trend.weights, 1)).max()
    cut = 1.0 if trend.data.linear else min(1.0, FURTHEST / max(far, FURTHEST))
    return float(step * cut), shift * cut
