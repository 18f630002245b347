"""Minimise the Laplace deviance over coefficients and standard deviations, zero variances included.

The deviance is even in each sigma, so a zero variance is an ordinary stationary point: the search runs
unbounded, and a sign does not matter. Whether a small sigma is a zero is decided by the derivative in the
variance at zero (the score), not by how small the search happened to make it.
"""

from dataclasses import dataclass

import numpy as np

from backend.analysis.groups.mixed_laplace import Crossed, Evaluation, Floats, Mask, evaluate

SEARCH_STEPS = 60
LONGEST_STEP = 2.0
SUSPECT = 0.05
DIFFERENCE = 1e-4
POLISHED = 1e-9


@dataclass(frozen=True)
class Point:
    """Parameters (beta, sigma_0, sigma_1) and the deviance there."""

    parameters: Floats
    at: Evaluation


@dataclass(frozen=True)
class Optimum(Point):
    """The least deviance; ``free`` parameters were estimated, the others are sigmas of zero.

    ``hessian`` is the deviance's over the free parameters, ``step`` the Newton step that would be left.
    """

    free: Mask
    hessian: Floats
    step: float


def minimise(data: Crossed, start: Floats, free: Mask, inverse_hessian: Floats) -> Optimum:
    """The least deviance over the ``free`` parameters.

    Sigmas that the search leaves near zero are set to zero, and released again where the deviance falls with
    the variance from there.
    """
    found = search(data, start, free, inverse_hessian, np.zeros(sum(data.levels)))
    p = data.X.shape[1]
    zero = free & (np.arange(len(free)) >= p) & (np.abs(found.parameters) < SUSPECT)
    while zero.any():
        rest = free & ~zero
        inner = inverse_hessian[np.ix_(rest[free], rest[free])]
        held = search(data, np.where(zero, 0.0, found.parameters), rest, inner, found.at.modes)
        falling = zero & (scores(data, held) < 0)
        if not falling.any() and held.at.deviance <= found.at.deviance + 1e-7:
            return polish(data, _upright(data, held), rest)
        zero &= falling.any() & ~falling
    return polish(data, _upright(data, found), free)


def _upright(data: Crossed, point: Point) -> Point:
    """The same point with sigmas that are not negative."""
    p = data.X.shape[1]
    if (point.parameters[p:] >= 0).all():
        return point
    parameters = np.concatenate([point.parameters[:p], np.abs(point.parameters[p:])])
    return Point(parameters, evaluate(data, parameters, np.zeros_like(point.at.modes)))


def search(data: Crossed, start: Floats, free: Mask, inverse_hessian: Floats, modes: Floats) -> Point:
    """Minimise over the ``free`` parameters by BFGS, with backtracking and a longest step."""
    point = Point(start, evaluate(data, start, modes))
    for _ in range(SEARCH_STEPS):
        step = -inverse_hessian @ point.at.gradient[free]
        step *= min(1.0, LONGEST_STEP / max(float(np.abs(step).max(initial=0)), LONGEST_STEP))
        if point.at.gradient[free] @ step > -1e-13 * abs(point.at.deviance):
            break
        lower = _backtrack(data, point, free, step)
        if lower is None:
            break
        step = (lower.parameters - point.parameters)[free]
        inverse_hessian = _updated(inverse_hessian, step, (lower.at.gradient - point.at.gradient)[free])
        point = lower
    return point


def _backtrack(data: Crossed, point: Point, free: Mask, step: Floats) -> Point | None:
    """A point lower along ``step`` by Armijo's rule; None where rounding hides whether there is one."""
    slope = float(point.at.gradient[free] @ step)
    for size in 0.5 ** np.arange(20):
        parameters = point.parameters.copy()
        parameters[free] += size * step
        at = evaluate(data, parameters, point.at.modes)
        if at.deviance <= point.at.deviance + 1e-4 * size * slope:
            return Point(parameters, at)
    return None


def _updated(inverse_hessian: Floats, step: Floats, bend: Floats) -> Floats:
    """The BFGS update, left out where the curvature along the step is not positive."""
    curvature = float(step @ bend)
    if curvature <= 1e-8 * float(np.linalg.norm(step) * np.linalg.norm(bend)):
        return inverse_hessian
    turn = np.eye(len(step)) - np.outer(step, bend) / curvature
    return turn @ inverse_hessian @ turn.T + np.outer(step, step) / curvature


def scores(data: Crossed, point: Point) -> Floats:
    """The derivative of the deviance in each variance where the sigma is zero; zero for other parameters."""
    found = np.zeros(len(point.parameters))
    for j in np.arange(data.X.shape[1], len(found)):
        if point.parameters[j] == 0:
            near = point.parameters.copy()
            near[j] = small = 1e-3
            found[j] = evaluate(data, near, point.at.modes).gradient[j] / (2 * small)
    return found


def polish(data: Crossed, point: Point, free: Mask) -> Optimum:
    """Newton steps from ``point`` until they no longer matter; one Hessian serves them all."""
    curvature = hessian(data, point, free)
    left = np.inf
    for _ in range(8):
        step = newton_step(curvature, point.at.gradient[free])
        if step is None or np.abs(step).max() >= min(left, 0.1):
            break
        left = float(np.abs(step).max())
        if left <= POLISHED:
            break
        parameters = point.parameters.copy()
        parameters[free] -= step
        point = Point(parameters, evaluate(data, parameters, point.at.modes))
    return Optimum(point.parameters, point.at, free, curvature, left)


def hessian(data: Crossed, point: Point, free: Mask) -> Floats:
    """The deviance's Hessian over the ``free`` parameters, by central differences of the exact gradient."""
    columns = []
    for shift in DIFFERENCE * np.eye(len(free))[free]:
        ahead, behind = (evaluate(data, point.parameters + by, point.at.modes) for by in (shift, -shift))
        columns.append((ahead.gradient - behind.gradient)[free] / (2 * DIFFERENCE))
    found = np.array(columns)
    return (found + found.T) / 2


def newton_step(curvature: Floats, gradient: Floats) -> Floats | None:
    """The gradient over the Hessian; None where the Hessian is not safely positive definite."""
    diagonal = np.diagonal(curvature)
    if diagonal.min() <= 0:
        return None
    scale = 1 / np.sqrt(diagonal)
    scaled = curvature * np.outer(scale, scale)
    if np.linalg.eigvalsh(scaled)[0] < 1e-10:
        return None
    return scale * np.linalg.solve(scaled, scale * gradient)
