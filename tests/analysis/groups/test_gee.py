"""GEE against statsmodels, the definition of the bias-reduced covariance, and degenerate data."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import t as student

from backend.analysis.groups.gee import fit_gee


def clustered(seed, clusters=9, spread=0.8):
    """Clusters of different sizes; X with a term of the cluster and one of the row."""
    random = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), random.integers(3, 20, size=clusters))
    X = np.column_stack([np.ones(len(cluster)), cluster % 2, random.standard_normal(len(cluster))])
    eta = X @ [0.3, 0.5, -0.4] + spread * random.standard_normal(clusters)[cluster]
    return (random.random(len(cluster)) < expit(eta)).astype(int), X, cluster


@pytest.mark.parametrize("seed", range(3))
def test_estimates_and_covariances_are_those_of_statsmodels(seed):
    from statsmodels.genmod.cov_struct import Exchangeable
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_estimating_equations import GEE

    y, X, cluster = clustered(seed)
    model = GEE(y, X, cluster, family=Binomial(), cov_struct=Exchangeable())
    expected = model.fit(cov_type="bias_reduced", ctol=1e-10)
    fit = fit_gee(y, X, cluster)
    assert fit.coefficients == pytest.approx(expected.params, abs=1e-7)
    assert fit.robust_covariance == pytest.approx(expected.cov_robust, abs=1e-7)
    assert fit.covariance == pytest.approx(expected.cov_robust_bc, abs=1e-7)
    assert fit.correlation == pytest.approx(expected.cov_struct.dep_params, abs=1e-7)


def test_the_bias_reduced_covariance_is_mancl_and_derouens():
    """Their equation 5: residuals multiplied by (I - H_ii)^-1, cluster by cluster, with dense matrices."""
    y, X, cluster = clustered(4)
    fit = fit_gee(y, X, cluster)
    mean = expit(X @ fit.coefficients)
    parts = []
    for code in np.unique(cluster):
        rows = cluster == code
        weight = mean[rows] * (1 - mean[rows])
        n = len(weight)
        working = fit.correlation * np.ones((n, n)) + (1 - fit.correlation) * np.eye(n)
        variance = np.sqrt(np.outer(weight, weight)) * working
        parts.append((weight[:, None] * X[rows], np.linalg.inv(variance), (y - mean)[rows]))
    bread = np.linalg.inv(sum(D.T @ V @ D for D, V, _ in parts))
    meat = np.zeros_like(bread)
    for D, V, residual in parts:
        leverage = D @ bread @ D.T @ V
        score = D.T @ V @ np.linalg.solve(np.eye(len(residual)) - leverage, residual)
        meat += np.outer(score, score)
    assert fit.covariance == pytest.approx(bread @ meat @ bread, rel=1e-9)
    assert (fit.se > np.sqrt(np.diagonal(fit.robust_covariance))).all()


def test_intervals_are_students():
    fit = fit_gee(*clustered(1))
    assert fit.df == 6
    half = student.ppf(0.95, 6) * fit.se
    low, high = np.transpose(fit.interval(0.9))
    assert high - low == pytest.approx(2 * half)
    assert fit.p_value == pytest.approx(2 * student.sf(np.abs(fit.coefficients / fit.se), 6))


def test_missing_responses_order_and_codes_do_not_matter():
    y, X, cluster = clustered(2)
    fit, order = fit_gee(y, X, cluster), np.random.default_rng(0).permutation(len(y))
    blank = np.concatenate([y[order], [-1, -1]])
    other = fit_gee(blank, np.vstack([X[order], X[:2]]), np.concatenate([90 - cluster[order], [77, 3]]))
    assert (other.n, other.clusters) == (fit.n, fit.clusters)
    assert other.coefficients == pytest.approx(fit.coefficients, abs=1e-9)
    assert other.covariance == pytest.approx(fit.covariance, abs=1e-9)


def test_clusters_that_repel_each_other_too_far_are_taken_as_independent():
    """One of two is right in each: a correlation of -1, which exchangeable clusters of 3 cannot have."""
    cluster = np.concatenate([np.repeat(np.arange(8), 2), [8, 8, 8]])
    fit = fit_gee(np.concatenate([np.tile([0, 1], 8), [0, 1, 1]]), np.ones(19), cluster)
    assert fit.correlation == 0
    assert fit.degenerate is None
    assert 0 < fit.se[0] < 1


def test_single_answers_are_independent():
    y, X, _ = clustered(3)
    fit = fit_gee(y, X, np.arange(len(y)))
    assert fit.correlation == 0
    assert fit.df == len(y) - 3


@pytest.mark.parametrize(
    ("y", "X", "cluster", "reason"),
    [
        ([-1, -1], [1, 1], [0, 1], "no answer"),
        ([1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 1, 1], "every response is 1"),
        ([0, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0], "no more clusters than terms"),
        ([0, 1, 1, 0, 0, 1, 1, 0], np.ones(8), [0, 0, 1, 1, 2, 2, 3, 3], "the clusters do not differ at all"),
        ([0, 1, 1, 0, 1, 1], np.ones((6, 2)), [0, 0, 1, 1, 2, 2], "collinear"),
        ([0, 0, 0, 1, 1, 1], np.c_[np.ones(6), [0, 0, 0, 1, 1, 1]], [0, 1, 2, 0, 1, 2], "separation"),
        (
            [0, 1, 1, 0, 0, 1, 1],
            np.c_[np.ones(7), [0, 0, 0, 0, 1, 1, 1]],
            [0, 0, 1, 1, 2, 2, 2],
            "one cluster alone",
        ),
    ],
)
def test_no_estimate_has_a_reason(y, X, cluster, reason):
    fit = fit_gee(y, X, cluster)
    assert reason in fit.degenerate
    assert (fit.coefficients, fit.covariance, fit.se, fit.correlation) == (None,) * 4
    assert set(fit.interval()) == {(None, None)}
    assert set(fit.p_value) == {None}


def test_pairs_too_few_for_a_correlation_count_as_independent():
    """Three answers, two of one rater: statsmodels divides by zero where it estimates their correlation."""
    fit = fit_gee([1, 0, 1], np.ones((3, 1)), [0, 0, 1])
    assert fit.degenerate is None
    assert fit.correlation == 0
