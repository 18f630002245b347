"""The profile likelihood interval against a likelihood written out, and its behaviour at every edge."""

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import minimize_scalar
from scipy.stats import betabinom, chi2

from backend.analysis.agreement import fleiss_kappa, profile_interval
from backend.analysis.agreement.beta_binomial import BetaBinomial
from tests.analysis.agreement.tables import binary_counts, correlated

MIXED_SIZES = [(0, 3), (1, 2), (4, 1), (2, 2), (5, 0), (1, 0), (0, 1), (0, 4), (3, 1), (1, 4), (0, 2), (2, 0)]


def likelihood(counts, pi, rho):
    """The extended beta-binomial, factor by factor; without the binomial coefficients."""
    total = 0.0
    for fake, real in counts:
        for j in range(real):
            total += np.log(pi * (1 - rho) + j * rho)
        for j in range(fake):
            total += np.log((1 - pi) * (1 - rho) + j * rho)
        for j in range(fake + real):
            total -= np.log(1 - rho + j * rho)
    return total


def profiled(counts, rho):
    most = max(map(sum, counts))
    edge = max(0.0, -(most - 1) * rho / (1 - rho)) + 1e-9
    found = minimize_scalar(
        lambda pi: -likelihood(counts, pi, rho),
        bounds=(edge, 1 - edge),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return -found.fun


TABLES = [
    MIXED_SIZES,
    [(0, 3)] * 6 + [(1, 2)] * 9 + [(2, 1)] * 8 + [(3, 0)] * 4,
    [(1, 7)] * 3 + [(2, 6)] * 9 + [(3, 5)] * 10 + [(5, 3)] * 8,
    [(0, 2)] * 9 + [(1, 1)] * 3 + [(2, 0)] * 2,
]


@pytest.mark.parametrize("counts", TABLES)
@pytest.mark.parametrize("level", [0.5, 0.95])
def test_its_ends_are_where_the_likelihood_ratio_reaches_its_limit(counts, level):
    low, high = profile_interval(counts, level)
    most = max(map(sum, counts))
    top = minimize_scalar(
        lambda rho: -profiled(counts, rho),
        bounds=(-1 / (2 * most - 3) + 1e-6, 1 - 1e-6),
        method="bounded",
        options={"xatol": 1e-9},
    )
    for end in (low, high):
        assert 2 * (-top.fun - profiled(counts, end)) == pytest.approx(chi2.ppf(level, 1), abs=1e-5)
    assert low < top.x < high


def test_the_likelihood_is_scipys_where_there_is_a_beta_distribution():
    pi, rho = 0.3, 0.2
    a, b = pi * (1 - rho) / rho, (1 - pi) * (1 - rho) / rho
    ours = BetaBinomial.of(np.array(MIXED_SIZES))
    others = np.array(MIXED_SIZES)[::-1][:7]
    difference = ours.log_likelihood(np.array([pi]), np.array([rho]))[0]
    difference -= BetaBinomial.of(others).log_likelihood(np.array([pi]), np.array([rho]))[0]
    expected = sum(betabinom(f + r, a, b).logpmf(r) - binomial(f + r, r) for f, r in MIXED_SIZES)
    expected -= sum(betabinom(f + r, a, b).logpmf(r) - binomial(f + r, r) for f, r in others)
    assert difference == pytest.approx(expected, abs=1e-10)


def binomial(n, k):
    from scipy.special import gammaln

    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


@settings(max_examples=150)
@given(binary_counts)
def test_every_table_has_an_interval_that_holds_kappa_or_none(counts):
    kappa = fleiss_kappa(counts)
    low, high = kappa.interval()
    if kappa.value is None:
        assert (low, high) == profile_interval(counts) == (None, None)
        return
    most = max(map(sum, counts))
    assert low <= kappa.value <= high <= 1
    assert min(-1 / (most - 1), kappa.value) <= low < high


@settings(max_examples=60)
@given(binary_counts)
def test_swapping_the_answers_changes_nothing(counts):
    swapped = [row[::-1] for row in counts]
    assert profile_interval(swapped) == pytest.approx(profile_interval(counts), abs=1e-7)


def test_it_narrows_with_the_level_and_with_the_images():
    table = correlated(np.random.default_rng(4), 5, 40, 0.3, 0.6)
    (a, d), (b, c) = profile_interval(table, 0.99), profile_interval(table, 0.9)
    assert a < b < c < d
    e, f = profile_interval(np.tile(table, (4, 1)), 0.99)
    assert (f - e) / (d - a) == pytest.approx(0.5, abs=0.07)


def test_the_cost_does_not_hang_on_how_the_images_are_ordered_or_repeated():
    table = correlated(np.random.default_rng(4), 8, 80, 0.1, 0.6)
    shuffled = np.random.default_rng(1).permutation(table)
    assert profile_interval(shuffled) == profile_interval(table)


def test_perfect_disagreement_reaches_down_to_kappas_own_bound():
    for raters in (2, 4):
        low, high = profile_interval([[raters // 2, raters // 2]] * 20)
        assert low == -1 / (raters - 1)
        assert high < 0.1


def test_perfect_agreement_reaches_up_to_1():
    low, high = profile_interval([[4, 0]] * 5 + [[0, 4]] * 5)
    assert high == 1.0
    assert 0.3 < low < 1


def test_a_thousand_raters_and_images_are_no_other_matter():
    table = correlated(np.random.default_rng(3), 1000, 1000, 0.1, 0.6)
    low, high = profile_interval(table)
    assert low < 0.1 < high
    assert high - low < 0.02


def test_it_covers_where_the_t_interval_does_not():
    """Three raters and a rare answer; the simulation with all settings is a benchmark."""
    random = np.random.default_rng(8)
    found = [fleiss_kappa(correlated(random, 3, 50, 0.1, 0.9)) for _ in range(200)]

    def coverage(method):
        ends = [one.interval(method=method) for one in found]
        return np.mean([low is not None and low <= 0.1 <= high for low, high in ends])

    assert coverage("profile") > 0.91
    assert coverage("t") < 0.88


def test_three_categories_are_refused():
    with pytest.raises(ValueError, match="two categories, not 3"):
        profile_interval([[1, 1, 1]])
