"""Profile likelihood limits of one parameter of a mixed model."""

import numpy as np

from backend.analysis.groups.mixed_laplace import Crossed, Floats, Mask
from backend.analysis.groups.mixed_optimise import Optimum, Point, hessian, search

FARTHEST = 15.0
LIMIT_STEPS = 25


def profile_limit(
    data: Crossed, best: Optimum, present: Mask, index: int, rise: float, way: int
) -> float | None:
    """Where the deviance, least over the other parameters, has risen by ``rise``, below (-1) or above (+1).

    A sigma's lower limit is zero where the deviance at zero has not risen as far; None is a limit that lies
    beyond all reason (an effectively unbounded interval). The root of sqrt(d - d_min) - sqrt(rise), which is
    nearly linear, is found by Newton: the slope of the profile is the partial derivative of the deviance.
    """
    path = _Path(data, best, present, index)
    sigma = index >= data.X.shape[1]
    if way < 0 and sigma and (best.parameters[index] == 0 or path.rise(0.0) <= rise):
        return 0.0
    near, far = float(best.parameters[index]), 0.0 if sigma and way < 0 else None
    value = near + way * path.reach * np.sqrt(rise)
    for _ in range(LIMIT_STEPS):
        if far is not None and not min(near, far) < value < max(near, far):
            value = (near + far) / 2
        if abs(value - best.parameters[index]) > FARTHEST:
            return None
        height = np.sqrt(max(path.rise(value), 0.0))
        near, far = (near, value) if height > np.sqrt(rise) else (value, far)
        slope = path.slope / (2 * height) if height > 0 else 0.0
        step = (np.sqrt(rise) - height) / slope if slope * way > 0 else way * path.reach
        if abs(step) <= 1e-4 * (1 + abs(value)):
            return value + step
        value += float(np.clip(step, -3 * path.reach, 3 * path.reach))
    return None


def profile_rise(data: Crossed, best: Optimum, present: Mask, index: int, value: float) -> float:
    """How much higher the deviance is, least over the other parameters, with one parameter at ``value``."""
    return max(0.0, _Path(data, best, present, index).rise(value))


class _Path:
    """The minimum over the other parameters as one moves, each search beginning where the last ended."""

    def __init__(self, data: Crossed, best: Optimum, present: Mask, index: int) -> None:
        self._data, self._best, self._index = data, best, index
        self._others = present & (np.arange(len(present)) != index)
        known = (best.free == present).all()
        curvature = best.hessian if known else hessian(data, best, present)
        at = int(np.count_nonzero(present[:index]))
        rest = np.arange(len(curvature)) != at
        self._inverse = np.linalg.inv(_positive(curvature[np.ix_(rest, rest)]))
        self._tangent = -self._inverse @ curvature[rest, at]
        bend = float(curvature[at, at] + curvature[at, rest] @ self._tangent)
        self.reach = np.sqrt(2 / bend) if bend > 1e-3 else 1.0
        self.slope = 0.0
        self._last = Point(best.parameters, best.at)

    def rise(self, value: float) -> float:
        """How much higher the deviance is at ``value`` than at its minimum."""
        start = self._last.parameters.copy()
        start[self._others] += self._tangent * (value - start[self._index])
        start[self._index] = value
        small = self._others & (np.arange(len(start)) >= self._data.X.shape[1]) & (np.abs(start) < 0.01)
        start[small] = 0.05  # a sigma of zero would stay there, and may want to leave
        self._last = search(self._data, start, self._others, self._inverse, self._last.at.modes)
        self.slope = float(self._last.at.gradient[self._index])
        return self._last.at.deviance - self._best.at.deviance


def _positive(matrix: Floats) -> Floats:
    """The matrix with eigenvalues that are not positive made positive: a metric for the search alone."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(np.abs(values), 1e-3)) @ vectors.T
