"""What a mixed model can be fitted to: the data put in order, and why a maximum does not exist if so."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from backend.analysis.groups.mixed_laplace import Crossed, Floats, Ints, Mask

FACTORS = ("rater", "image")
MOST_CELLS = 20_000_000
MOST_WORK = 8e9
SEPARATED = 20.0


@dataclass(frozen=True)
class Problem:
    """A model's data as the search wants them.

    ``levels`` are each factor's codes (None: not in the model), ``place`` says which of the two sigmas is
    whose, ``scale`` is what the columns of X were divided by.
    """

    data: Crossed
    terms: tuple[str, ...]
    levels: dict[str, Ints | None]
    place: dict[str, int]
    scale: Floats

    @property
    def present(self) -> tuple[str, ...]:
        """The factors in the model."""
        return tuple(factor for factor in FACTORS if self.levels[factor] is not None)

    def index(self, factor: str) -> int:
        """Where the factor's sigma stands among the parameters."""
        return self.data.X.shape[1] + self.place[factor]

    @property
    def mask(self) -> Mask:
        """Which of the parameters (coefficients and both sigmas) the model has."""
        mask = np.ones(self.data.X.shape[1] + 2, dtype=bool)
        for factor in FACTORS:
            mask[self.index(factor)] = factor in self.present
        return mask

    def codes(self, factor: str) -> Ints:
        """Each row's level of the factor, counted from 0."""
        return self.data.second if self.place[factor] else self.data.first

    def degrees_of_freedom(self) -> tuple[Ints, Ints]:
        """Between-within degrees of freedom of each term, see `MixedFit`, and of how many units."""
        n, p = self.data.X.shape
        found, units = np.full(p, n - p), np.full(p, n)
        for factor in self.present:
            order = np.argsort(self.codes(factor), kind="stable")
            starts = np.flatnonzero(np.diff(self.codes(factor)[order], prepend=-1))
            ranges = [reduce.reduceat(self.data.X[order], starts) for reduce in (np.minimum, np.maximum)]
            constant = (ranges[0] == ranges[1]).all(axis=0)
            fewer = constant & (len(self.levels[factor]) - np.count_nonzero(constant) < found)
            found[fewer] = len(self.levels[factor]) - np.count_nonzero(constant)
            units[fewer] = len(self.levels[factor])
        return found, units


def arrange(
    y: ArrayLike,
    X: ArrayLike,
    rater: ArrayLike | None,
    image: ArrayLike | None,
    terms: Sequence[str] | None,
) -> Problem:
    """Check shapes and codes, leave out missing responses (-1), and count levels. Raises ``ValueError``."""
    response = np.asarray(y)
    matrix = np.asarray(X, dtype=np.float64)
    matrix = matrix[:, None] if matrix.ndim == 1 else matrix
    codes = {
        factor: None if given is None else np.asarray(given, dtype=np.int64)
        for factor, given in zip(FACTORS, (rater, image), strict=True)
    }
    names = tuple(terms) if terms is not None else tuple(f"x{j}" for j in range(matrix.shape[-1]))
    _check(response, matrix, [given for given in codes.values() if given is not None], names)
    kept = response >= 0
    scale = np.sqrt(np.mean(matrix[kept] ** 2, axis=0)) if kept.any() else np.ones(matrix.shape[1])
    scale[scale == 0] = 1.0
    levels, rows = {}, {}
    for factor, given in codes.items():
        levels[factor], rows[factor] = (
            (None, np.zeros(np.count_nonzero(kept), dtype=np.int64))
            if given is None
            else np.unique(given[kept], return_inverse=True)
        )
    counts = {factor: 1 if found is None else len(found) for factor, found in levels.items()}
    order = sorted(FACTORS, key=counts.__getitem__)
    data = Crossed(
        response[kept].astype(np.float64),
        matrix[kept] / scale,
        *(rows[factor] for factor in order),
        levels=(counts[order[0]], counts[order[1]]),
    )
    return Problem(data, names, levels, {factor: order.index(factor) for factor in FACTORS}, scale)


def _check(response: np.ndarray, matrix: Floats, codes: Sequence[Ints], names: Sequence[str]) -> None:
    if response.ndim != 1 or not np.isin(response, (-1, 0, 1)).all():
        raise ValueError("y must be a sequence of 1, 0 and -1 (missing)")
    if matrix.ndim != 2 or len(matrix) != len(response) or not np.isfinite(matrix).all():
        raise ValueError("X must be a finite table with a row for each of y")
    if len(names) != matrix.shape[1]:
        raise ValueError(f"{len(names)} terms are named, but X has {matrix.shape[1]} columns")
    if not codes:
        raise ValueError("a mixed model needs raters or images: give the codes of one at least")
    if any(given.shape != response.shape for given in codes):
        raise ValueError("rater and image must have a code for each of y")


def reason(problem: Problem) -> str | None:
    """Why there is no maximum, or none worth the wait; None where there is one to look for."""
    data = problem.data
    if len(data.y) == 0:
        return "no answer"
    if data.y.min() == data.y.max():
        return f"every response is {int(data.y[0])}: its log-odds are infinite"
    return _few(problem) or _large(data) or fixed_reason(problem) or _pure(problem)


def _few(problem: Problem) -> str | None:
    counts = {factor: len(problem.levels[factor]) for factor in problem.present}
    for factor, count in counts.items():
        if count == 1:
            return f"one {factor} only: the spread between {factor}s cannot be told"
    for factor, count in counts.items():
        if count == len(problem.data.y):
            return f"no {factor} has two answers: the spread between {factor}s cannot be told from chance"
    if len(problem.present) == 2:
        pairs = len(np.unique(problem.data.first * problem.data.levels[1] + problem.data.second))
        if pairs == problem.data.levels[0] == problem.data.levels[1]:
            return "each rater has one image and each image one rater: their spreads cannot be told apart"
    return None


def _large(data: Crossed) -> str | None:
    few, many = (float(count) for count in data.levels)
    if few * many <= MOST_CELLS and few**2 * many <= MOST_WORK:
        return None
    return f"{few:,.0f} by {many:,.0f} levels are too many: the fit would take minutes"


def fixed_reason(problem: Problem) -> str | None:
    """Collinear terms, or terms that foretell responses without error (infinite coefficients)."""
    X = problem.data.X
    if np.linalg.matrix_rank(X.T @ X, hermitian=True) < X.shape[1]:
        return f"the terms are collinear: {', '.join(problem.terms)}"
    _, _, moving = logistic(problem.data)
    names = [term for term, moves in zip(problem.terms, moving, strict=True) if moves]
    return f"separation: infinite coefficients of {', '.join(names)}" if names else None


def _pure(problem: Problem) -> str | None:
    for factor in problem.present:
        codes, y = problem.codes(factor), problem.data.y
        shares = np.bincount(codes, weights=y) / np.bincount(codes)
        if np.isin(shares, (0, 1)).all():
            return f"each {factor}'s responses are all alike: the spread between {factor}s is infinite"
    return None


def logistic(data: Crossed) -> tuple[Floats, Floats, Mask]:
    """Logistic regression without random effects: coefficients, covariance, and which are still moving.

    Newton's method with halved steps. Where the terms separate the responses (Albert & Anderson 1984,
    Biometrika 71:1), the likelihood has no maximum and each step moves the linear predictor by about one, for
    ever.
    """
    beta, step, least = np.zeros(data.X.shape[1]), np.zeros(data.X.shape[1]), np.inf
    for _ in range(100):
        eta = data.X @ beta
        value = float(np.logaddexp(0, eta).sum() - data.y @ eta)
        if value > least + 1e-10 * abs(least):
            step = step / 2
            beta = beta - step
            continue
        least, mean = value, expit(eta)
        covariance = np.linalg.inv((data.X * (mean * (1 - mean))[:, None]).T @ data.X)
        step = covariance @ (data.X.T @ (data.y - mean))
        if np.abs(step).max(initial=0) < 1e-8:
            return beta, covariance, np.zeros(len(beta), dtype=bool)
        if np.abs(eta).max() > SEPARATED:
            break
        beta = beta + step
    return beta, covariance, np.abs(step) > 1e-3 * np.abs(step).max()
