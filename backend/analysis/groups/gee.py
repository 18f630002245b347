"""Generalised estimating equations: a check of the mixed models that assumes less of what answers share."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, stdtr, stdtrit

from backend.analysis.groups.mixed_input import Problem, arrange, fixed_reason, logistic
from backend.analysis.groups.mixed_laplace import Crossed
from backend.analysis.groups.mixed_models import LARGEST, StudyModel, study_models
from backend.analysis.intervals import LEVEL
from backend.analysis.ratings.table import RatingsTable

Floats = NDArray[np.float64]

CLUSTERS = ("rater", "image")
LARGEST_LOGIT = 30.0


@dataclass(frozen=True, eq=False)
class GeeFit:
    """A logistic model fitted by generalised estimating equations.

    Attributes
    ----------
    terms : tuple of str
        Names of the coefficients.
    n, clusters : int
        Answers, and clusters of answers that may hang together.
    coefficients : Floats or None
        Log-odds averaged over the population (nearer to zero than those of a mixed model).
    covariance : Floats or None
        Bias-reduced (Mancl & DeRouen), from which ``se`` comes.
    robust_covariance : Floats or None
        Liang & Zeger's sandwich, too small with few clusters.
    correlation : float or None
        The working correlation of two answers of a cluster.
    degenerate : str or None
        Why there is no estimate (all of the above are ``None`` then); ``None`` where there is.
    """

    terms: tuple[str, ...]
    n: int
    clusters: int
    coefficients: Floats | None = None
    covariance: Floats | None = None
    robust_covariance: Floats | None = None
    correlation: float | None = None
    degenerate: str | None = None

    @property
    def se(self) -> Floats | None:
        """Standard errors of the coefficients."""
        return None if self.covariance is None else np.sqrt(np.diagonal(self.covariance))

    @property
    def df(self) -> int:
        """Clusters less terms."""
        return self.clusters - len(self.terms)

    @property
    def p_value(self) -> tuple[float | None, ...]:
        """Two-sided p of each coefficient against zero, by Student's t with ``df``."""
        if self.coefficients is None:
            return (None,) * len(self.terms)
        return tuple((2 * stdtr(self.df, -np.abs(self.coefficients / self.se))).tolist())

    def interval(self, level: float = LEVEL) -> tuple[tuple[float | None, float | None], ...]:
        """Each coefficient's interval by Student's t with ``df``."""
        if self.coefficients is None:
            return ((None, None),) * len(self.terms)
        half = float(stdtrit(self.df, (1 + level) / 2)) * self.se
        low, high = (self.coefficients - half).tolist(), (self.coefficients + half).tolist()
        return tuple(zip(low, high, strict=True))


def fit_gee(y: ArrayLike, X: ArrayLike, cluster: ArrayLike, terms: Sequence[str] | None = None) -> GeeFit:
    """Fit logit E(y) = X beta with exchangeable working correlation within clusters.

    Parameters
    ----------
    y : array_like, shape (n,)
        Responses: 1, 0, or -1 for a missing one, which is left out.
    X : array_like, shape (n, p)
        The fixed part, its column of ones included.
    cluster : array_like of int, shape (n,)
        Which answers may hang together: the rater's code, or the image's.
    terms : sequence of str, optional
        Names of the columns of ``X``.

    Returns
    -------
    GeeFit

    Raises
    ------
    ValueError
        For arrays whose shapes or values do not fit.

    Notes
    -----
    The estimates are statsmodels'. The sandwich covariance M (sum_i s_i s_i') M, M^-1 = sum_i G_i, with s_i
    the score and G_i the information of cluster i, is too small with few clusters, since residuals are
    smaller than errors; Mancl and DeRouen divide them by what their cluster's leverage leaves, which comes to
    sum_i (M^-1 - G_i)^-1 s_i s_i' (M^-1 - G_i)^-1. (statsmodels has it too, with n_i^3 operations for each
    cluster.) Where the working correlation is so negative that it is none, answers are taken as independent
    in it; the covariance holds all the same.

    Clusters of raters let the answers of a rater hang together in any way (so that a rater's discrimination
    may be her own), but take different raters' answers to one image as independent, and so speak of these
    images alone; clusters of images are the same the other way round. Where both raters and images vary, 8
    clusters of raters covered the population's log-odds 91 to 97 % of the time at 95 % (least where images
    vary most), 80 clusters of images 52 to 85 %.

    References
    ----------
    Liang & Zeger (1986), Biometrika 73:13; Mancl & DeRouen (2001), Biometrics 57:126, eq. 5.

    Examples
    --------
    >>> import numpy as np
    >>> right = np.array([[1, 1, 0, 1, 1], [0, 1, 0, 1, 0], [1, 1, 1, 1, 0], [1, 0, 0, 1, 1]])
    >>> fit = fit_gee(right.ravel(), np.ones(20), np.repeat(np.arange(4), 5), ["intercept"])
    >>> round(float(fit.coefficients[0]), 4), round(float(fit.se[0]), 4), fit.df
    (0.619, 0.486, 3)
    """
    problem = arrange(y, X, cluster, None, terms)
    why = _reason(problem)
    if why:
        return _result(problem, degenerate=why)
    beta, correlation = _estimate(problem)
    if beta is None:
        return _result(problem, degenerate="the estimating equations did not converge")
    scores, information = _contributions(problem, beta, correlation)
    total = information.sum(axis=0)
    without = total - information
    if np.linalg.cond(without).max() > 1e10:
        return _result(
            problem, degenerate="a term rests on one cluster alone: its standard error is undefined"
        )
    moved = np.linalg.solve(without, scores[:, :, None])[:, :, 0]
    plain = np.linalg.solve(total, scores.T).T
    if ((plain**2).sum(axis=0) < 1e-12 * np.diagonal(np.linalg.inv(total))).any():
        return _result(problem, degenerate="the clusters do not differ at all: standard errors are undefined")
    scale = np.outer(problem.scale, problem.scale)
    return _result(
        problem,
        coefficients=beta / problem.scale,
        covariance=moved.T @ moved / scale,
        robust_covariance=plain.T @ plain / scale,
        correlation=correlation,
    )


def _result(problem: Problem, **fields: object) -> GeeFit:
    clusters = len(problem.levels["rater"])
    return GeeFit(terms=problem.terms, n=len(problem.data.y), clusters=clusters, **fields)


def _reason(problem: Problem) -> str | None:
    y = problem.data.y
    if len(y) == 0:
        return "no answer"
    if y.min() == y.max():
        return f"every response is {int(y[0])}: its log-odds are infinite"
    if len(problem.levels["rater"]) <= len(problem.terms):
        return "no more clusters than terms: standard errors are undefined"
    return fixed_reason(problem)


def _estimate(problem: Problem) -> tuple[Floats | None, float]:
    """The coefficients on the scaled columns, and the working correlation."""
    # statsmodels takes a second to import.
    from statsmodels.genmod.cov_struct import Exchangeable, Independence  # noqa: PLC0415
    from statsmodels.genmod.families import Binomial  # noqa: PLC0415
    from statsmodels.genmod.generalized_estimating_equations import GEE  # noqa: PLC0415
    from statsmodels.tools.sm_exceptions import ModelWarning  # noqa: PLC0415

    data, codes = problem.data, problem.codes("rater")
    start, largest = logistic(data)[0], int(np.bincount(codes).max())
    for structure in (Exchangeable(), Independence()) if largest > 1 else (Independence(),):
        try:
            # A correlation of too few pairs divides by zero, and a search that leaves the data overflows.
            with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
                warnings.simplefilter("error", ModelWarning)
                model = GEE(data.y, data.X, codes, family=Binomial(), cov_struct=structure)
                found = model.fit(maxiter=200, start_params=start)
        except (ModelWarning, FloatingPointError, np.linalg.LinAlgError):
            continue
        correlation = float(structure.dep_params or 0.0)
        if found is not None and -1 / max(largest - 1, 1) < correlation < 1 and _sensible(data, found.params):
            return np.asarray(found.params), correlation
    return None, 0.0


def _sensible(data: Crossed, beta: Floats) -> bool:
    """Whether no chance is 0 or 1 to the last digit: such a search has left the data behind."""
    return bool(np.abs(data.X @ np.asarray(beta)).max() < LARGEST_LOGIT)


def _contributions(problem: Problem, beta: Floats, correlation: float) -> tuple[Floats, Floats]:
    """Each cluster's score (clusters, p) and information (clusters, p, p)."""
    data, codes = problem.data, problem.codes("rater")
    mean = expit(data.X @ beta)
    root = np.sqrt(mean * (1 - mean))
    columns, residual = data.X * root[:, None], (data.y - mean) / root
    size = np.bincount(codes)
    shared = correlation / (1 + correlation * (size - 1))

    def sums(values: Floats) -> Floats:
        return np.stack([np.bincount(codes, weights=v) for v in values.T], axis=1)

    first = sums(columns)
    p = columns.shape[1]
    squares = sums((columns[:, :, None] * columns[:, None, :]).reshape(-1, p * p)).reshape(-1, p, p)
    scores = (
        sums(columns * residual[:, None]) - (shared * np.bincount(codes, weights=residual))[:, None] * first
    )
    information = squares - shared[:, None, None] * first[:, :, None] * first[:, None, :]
    return scores / (1 - correlation), information / (1 - correlation)


@dataclass(frozen=True)
class GeeTermResult:
    """One coefficient of a population-averaged logistic model, in log-odds.

    Attributes
    ----------
    model, group, term : str
        As in `MixedTermResult`, with which this compares.
    cluster : str
        Whose answers may hang together, ``rater`` or ``image``.
    estimate : float or None
        The coefficient, averaged over raters and images.
    se : float or None
        Mancl and DeRouen's bias-reduced standard error.
    robust_se : float or None
        The plain sandwich's, too small with few clusters.
    correlation : float or None
        The working correlation of two answers of a cluster.
    n, clusters : int
        Answers and clusters.
    df : int or None
        Clusters less terms of the model.
    t, p_value : float or None
        Estimate / se and its two-sided p by Student's t.
    ci_low, ci_high : float or None
        Student's t interval.
    degenerate : str or None
        Why there is no estimate; ``None`` where there is.
    """

    model: str
    group: str
    cluster: str
    term: str
    n: int
    clusters: int
    estimate: float | None = None
    se: float | None = None
    robust_se: float | None = None
    correlation: float | None = None
    df: int | None = None
    t: float | None = None
    p_value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    degenerate: str | None = None


def gee_results(
    table: RatingsTable, *, level: float = LEVEL, largest: int = LARGEST
) -> tuple[GeeTermResult, ...]:
    """The mixed models' coefficients by GEE, clustered by rater and by image.

    Missing answers are left out. Models of more than ``largest`` answers are refused, with that reason.
    """
    studies = study_models(table, largest)
    return tuple(row for study in studies for cluster in CLUSTERS for row in _rows(study, cluster, level))


def _rows(study: StudyModel, cluster: str, level: float) -> list[GeeTermResult]:
    codes = study.rater if cluster == "rater" else study.image
    named = {"model": study.model, "group": study.group, "cluster": cluster}
    named |= {"n": len(study.y), "clusters": len(np.unique(codes))}
    fit = None if study.degenerate else fit_gee(study.y, study.X, codes)
    reason = study.degenerate if fit is None else fit.degenerate
    if fit is None or reason:
        return [GeeTermResult(**named, term=term.name, degenerate=reason) for term in study.terms]
    robust, limits = np.sqrt(np.diagonal(fit.robust_covariance)), fit.interval(level)
    return [
        GeeTermResult(
            **named,
            term=term.name,
            estimate=term.factor * float(fit.coefficients[term.column]),
            se=term.factor * float(fit.se[term.column]),
            robust_se=term.factor * float(robust[term.column]),
            correlation=fit.correlation,
            df=fit.df,
            t=float(fit.coefficients[term.column] / fit.se[term.column]),
            p_value=fit.p_value[term.column],
            ci_low=term.factor * limits[term.column][0],
            ci_high=term.factor * limits[term.column][1],
        )
        for term in study.terms
    ]
