"""What a fitted trend says of an average rater at any place in the order, with its band."""

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from backend.analysis.course.clustered import Clustered, estimate
from backend.analysis.course.trend import STEP, Trend
from backend.analysis.course.variance import Matrix, Sums, Vector


def fitted(trend: Trend, positions: Sequence[float]) -> list[Clustered]:
    """The mean over raters of the fitted response at each place, with its crossed standard error.

    Notes
    -----
    A rater's fit at a place is that for fakes and for reals, weighted as her images are; raters count the
    same. Where her answers to a kind do not inform the slope it is their mean. What an answer adds is what it
    adds to its intercept, to the slope, and to the mean as its rater's: so the band is for other raters and
    other images.
    """
    curve = _Curve(trend)
    return [curve.at(position / STEP) for position in positions]


class _Curve:
    """A trend's sums over images that every place needs, so that no place takes a pass over all answers."""

    def __init__(self, trend: Trend) -> None:
        data, influence = trend.data, trend.influence
        kinds, self.answered = data.kinds, data.answered.astype(float)
        n = self.answered @ kinds
        self.trend, self.answers = trend, n.sum(axis=1)
        self.counted = self.answers > 0
        self.share = n / np.maximum(self.answers, 1)[:, None]
        self.informing = trend.weights > 0
        self.mean = np.where(data.answered, data.response, 0.0) @ kinds / np.maximum(n, 1)
        self.squares = trend.residuals**2 @ kinds
        self.products = (trend.residuals * influence) @ kinds
        self.sums = Sums.of(influence, trend.informing)

    def at(self, x: float) -> Clustered:
        """The mean fit at a place in tens of images."""
        level, bend = self._fits(x)
        raters = self.counted.sum()
        mean = (self.share * level).sum() / raters
        apart = np.where(self.counted, ((self.share * level).sum(axis=1) - mean) / raters, 0.0)
        to_intercept = self.share * bend / raters
        to_slope = float((to_intercept * (x - self.trend.centres)).sum())
        alpha = to_intercept / np.where(self.informing, self.trend.weights, 1)
        return estimate(float(mean), self._influences(alpha, to_slope, apart))

    def _fits(self, x: float) -> tuple[Matrix, Matrix]:
        """Each rater's fit for each kind, and its derivative by the intercept."""
        level = self.trend.intercepts + self.trend.slope * x
        linear = self.trend.data.linear
        fit = level if linear else expit(level)
        bend = 1.0 if linear else fit * (1 - fit)
        return np.where(self.informing, fit, self.mean), np.where(self.informing, bend, 0.0)

    def _influences(self, alpha: Matrix, to_slope: float, apart: Vector) -> Sums:
        """The sums of what answers add: by their intercept, by the slope, and as one of their rater's."""
        beta = apart / np.maximum(self.answers, 1)
        images = np.arange(len(self.trend.data.truths))
        by_kind = (alpha.T @ self.trend.residuals)[self.trend.data.truths, images]
        squares = (alpha**2 * self.squares).sum() + (beta * apart).sum() + to_slope**2 * self.sums.squares
        squares += 2 * to_slope * ((alpha * self.products).sum() + beta @ self.sums.by_rater)
        return Sums(
            by_rater=apart + to_slope * self.sums.by_rater,
            by_image=by_kind + beta @ self.answered + to_slope * self.sums.by_image,
            answers_by_rater=self.answers,
            answers_by_image=self.answered.sum(axis=0),
            squares=float(squares),
        )
