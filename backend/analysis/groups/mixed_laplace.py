"""The Laplace deviance of a logistic model with two crossed random intercepts, and its exact gradient.

The model is logit P(y = 1) = X beta + sigma_0 b_0[first] + sigma_1 b_1[second] with all b standard normal
("spherical" effects: a zero sigma is a regular point, and the deviance is even in each sigma). Let h(b) be
-2 log P(y | b) + b'b and b its minimum. The Laplace approximation of -2 log P(y) is (Bates et al. 2015, J.
Stat. Softw. 67(1), and `lme4::glmer` with nAGQ = 1)

    d(beta, sigma) = h(b) + log det A,    A = I + S Z'W Z S,

with Z the two indicator matrices, S their sigmas, W = diag(mu (1 - mu)). A is two diagonal blocks and the
table C = sigma_0 sigma_1 (weights by first x second). Eliminating the larger diagonal block leaves a Schur
complement as small as the smaller factor, so that a step costs min(R, I)^2 max(R, I) operations.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotrs
from scipy.special import expit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

MODE_TOLERANCE = 1e-10
MODE_STEPS = 200


@dataclass(frozen=True)
class Crossed:
    """The data of a model: ``y`` (n,), ``X`` (n, p), and the level codes of two factors.

    ``first`` is the factor with fewer levels; an absent factor has one level and a sigma of zero.
    """

    y: Floats
    X: Floats
    first: Ints
    second: Ints
    levels: tuple[int, int]

    @cached_property
    def _cell(self) -> Ints:
        return self.first * self.levels[1] + self.second

    def cells(self, values: Floats) -> Floats:
        """Sums of ``values`` by first x second."""
        m, k = self.levels
        return np.bincount(self._cell, weights=values, minlength=m * k).reshape(m, k)

    def sums(self, values: Floats) -> Floats:
        """Z' values: the sums by level, of the first factor and then of the second."""
        m, k = self.levels
        first = np.bincount(self.first, weights=values, minlength=m)
        return np.concatenate([first, np.bincount(self.second, weights=values, minlength=k)])

    def scale(self, sigmas: Floats) -> Floats:
        """The diagonal of S: each level's sigma."""
        return np.repeat(sigmas, self.levels)

    def spread(self, effects: Floats) -> Floats:
        """Z effects: what the levels add to each row."""
        m = self.levels[0]
        return effects[:m][self.first] + effects[m:][self.second]


@dataclass(frozen=True)
class Precision:
    """A, factorised: the larger block is the diagonal ``tail``, ``ratio`` is C / tail, and ``factor`` the
    lower Cholesky factor of the Schur complement (LAPACK's own, since scipy's wrappers take longer than 8
    raters do).
    """

    tail: Floats
    ratio: Floats
    factor: Floats

    @classmethod
    def of(cls, weights: Floats, sigmas: Floats) -> "Precision":
        """Factorise A for ``weights`` summed by first x second."""
        tail = 1 + sigmas[1] ** 2 * weights.sum(axis=0)
        table = sigmas[0] * sigmas[1] * weights
        ratio = table / tail
        schur = -(ratio @ table.T)
        schur[np.diag_indices(len(schur))] += 1 + sigmas[0] ** 2 * weights.sum(axis=1)
        factor, failed = dpotrf(schur.T, lower=1, overwrite_a=1)
        if failed:
            raise FloatingPointError("the penalised weights are not positive definite")
        return cls(tail, ratio, factor)

    @property
    def log_determinant(self) -> float:
        """Log det A."""
        return float(np.log(self.tail).sum() + 2 * np.log(np.diagonal(self.factor)).sum())

    def solve(self, right: Floats) -> Floats:
        """A^-1 right."""
        m = len(self.ratio)
        first, _ = dpotrs(self.factor, right[:m] - self.ratio @ right[m:], lower=1)
        return np.concatenate([first, right[m:] / self.tail - first @ self.ratio])

    @cached_property
    def inverse(self) -> tuple[Floats, Floats, Floats]:
        """A^-1 where it is needed: the diagonal of the first block, the table, the diagonal of the second."""
        # LAPACK has an inverse of its own, dpotri: on a busy machine its threads wait a hundred times longer.
        first, _ = dpotrs(self.factor, np.eye(len(self.ratio)), lower=1)
        table = -(first @ self.ratio)
        return np.diagonal(first), table, 1 / self.tail - (self.ratio * table).sum(axis=0)


@dataclass(frozen=True)
class Evaluation:
    """The deviance at a point with its gradient (beta, sigma_0, sigma_1), the modes b and the precision A."""

    deviance: float
    gradient: Floats
    modes: Floats
    precision: Precision


def evaluate(data: Crossed, parameters: Floats, start: Floats) -> Evaluation:
    """The deviance and its gradient at ``parameters`` (beta, sigma_0, sigma_1), with modes near ``start``."""
    p = data.X.shape[1]
    sigmas = parameters[p:]
    modes, mean, least, precision = _mode(data, data.X @ parameters[:p], sigmas, start)
    return Evaluation(
        deviance=least + precision.log_determinant,
        gradient=_gradient(data, sigmas, modes, mean, precision),
        modes=modes,
        precision=precision,
    )


def _mode(
    data: Crossed, offset: Floats, sigmas: Floats, start: Floats
) -> tuple[Floats, Floats, float, Precision]:
    """Minimise h by Newton (penalised iteratively reweighted least squares), halving steps that overshoot."""
    scale = data.scale(sigmas)
    modes, step, least = start, np.zeros_like(start), np.inf
    for _ in range(MODE_STEPS):
        eta = offset + data.spread(scale * modes)
        value = 2 * float(np.logaddexp(0, eta).sum() - data.y @ eta) + float(modes @ modes)
        if value > least + 1e-10 * abs(least):
            step = step / 2
            modes = modes - step
            continue
        least, mean = value, expit(eta)
        precision = Precision.of(data.cells(mean * (1 - mean)), sigmas)
        step = precision.solve(scale * data.sums(data.y - mean) - modes)
        if np.abs(step).max() <= MODE_TOLERANCE:
            break
        modes = modes + step
    return modes, mean, least, precision


def _gradient(data: Crossed, sigmas: Floats, modes: Floats, mean: Floats, precision: Precision) -> Floats:
    """The gradient of d. The modes move with the parameters, and log det A with the modes.

    With e = y - mu, v the variances of the linear predictor under A^-1, t = w (1 - 2 mu) v the derivative of
    log det A in the predictor and a = A^-1 S Z't: the derivative of d along a column x of the predictor is
    x'q, q = -2 e + t - w Z S a; a sigma's column is its factor's b, and it has two terms of its own.
    """
    m = data.levels[0]
    first, table, second = precision.inverse
    weight, error = mean * (1 - mean), data.y - mean
    by_cell = data.cells(weight)
    variance = sigmas[0] ** 2 * first[:, None] + 2 * sigmas[0] * sigmas[1] * table + sigmas[1] ** 2 * second
    bend = weight * (1 - 2 * mean) * variance[data.first, data.second]
    scale = data.scale(sigmas)
    pull = precision.solve(scale * data.sums(bend))
    along = -2 * error + bend - weight * data.spread(scale * pull)
    moved = modes * data.sums(along) + pull * data.sums(error)
    shared = float((by_cell * table).sum())
    own = (
        sigmas[0] * float(first @ by_cell.sum(axis=1)) + sigmas[1] * shared,
        sigmas[1] * float(second @ by_cell.sum(axis=0)) + sigmas[0] * shared,
    )
    return np.concatenate([along @ data.X, [moved[:m].sum() + 2 * own[0], moved[m:].sum() + 2 * own[1]]])
