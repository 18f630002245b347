"""The permutation test against the definition in whole numbers, scipy, and its limits."""

from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from backend.analysis.groups.permutation import permutation_test, subset_sums

# Rates as they occur: right answers of 80, 79, 50 or 30 images.
rates = st.sampled_from([80, 79, 50, 30]).flatmap(
    lambda n: st.builds(Fraction, st.integers(0, n), st.just(n))
)
samples = st.lists(rates, min_size=1, max_size=4)


def share(first, second, extreme):
    """The share of relabellings that are ``extreme``, in fractions: ties are ties."""
    values = first + second
    places = range(len(values))
    differences = []
    for chosen in combinations(places, len(first)):
        others = [values[i] for i in places if i not in chosen]
        differences.append(sum(values[i] for i in chosen) / len(first) - sum(others) / len(others))
    observed = sum(first) / len(first) - sum(second) / len(second)
    return sum(extreme(d, observed) for d in differences) / len(differences)


@settings(max_examples=60)
@given(samples, samples)
def test_every_relabelling_is_counted_and_ties_are_ties(first, second):
    found = permutation_test([float(x) for x in first], [float(x) for x in second])
    assert found.p_value == share(first, second, lambda d, seen: abs(d) >= abs(seen))
    assert found.p_greater == share(first, second, lambda d, seen: d >= seen)
    assert found.p_less == share(first, second, lambda d, seen: d <= seen)
    assert found.exact
    assert found.relabellings == comb(len(first) + len(second), len(first))
    assert found.p_value >= found.smallest_p


@pytest.mark.parametrize(("m", "n"), [(5, 3), (3, 5), (4, 4), (2, 9)])
def test_scipy_says_the_same(m, n):
    rng = np.random.default_rng(m)
    first, second = rng.integers(20, 60, m) / 80, rng.integers(30, 70, n) / 80
    found = permutation_test(first, second)

    def reference(statistic, alternative):
        return stats.permutation_test(
            (first, second), statistic, alternative=alternative, n_resamples=np.inf, vectorized=True
        ).pvalue

    def difference(a, b, axis):
        return a.mean(axis=axis) - b.mean(axis=axis)

    def distance(a, b, axis):
        return abs(difference(a, b, axis))

    assert found.p_value == pytest.approx(reference(distance, "greater"), abs=1e-12)
    assert found.p_greater == pytest.approx(reference(difference, "greater"), abs=1e-12)
    assert found.p_less == pytest.approx(reference(difference, "less"), abs=1e-12)
    doubled = 2 * min(found.p_greater, found.p_less)
    assert min(doubled, 1) == pytest.approx(reference(difference, "two-sided"), abs=1e-12)


@pytest.mark.parametrize(
    ("m", "n", "smallest"), [(5, 3, 1 / 56), (3, 3, 2 / 20), (1, 1, 1), (1, 4, 1 / 5), (2, 2, 2 / 6)]
)
def test_the_smallest_p_is_that_of_groups_that_do_not_overlap(m, n, smallest):
    found = permutation_test(np.linspace(0.8, 0.9, m), np.linspace(0.1, 0.3, n))
    assert found.smallest_p == smallest
    assert found.p_value == smallest


def test_too_many_relabellings_are_drawn_and_none_of_them_gives_zero():
    rng = np.random.default_rng(1)
    first, second = rng.normal(0.6, 0.1, 20), rng.normal(0.55, 0.1, 15)
    drawn = permutation_test(first, second, resamples=20_000, seed=5)
    assert not drawn.exact
    assert drawn.relabellings == 20_000
    assert drawn.smallest_p == 1 / 20_001
    assert (drawn.p_value * 20_001) % 1 == pytest.approx(0, abs=1e-6)
    assert drawn.p_value == pytest.approx(stats.ttest_ind(first, second).pvalue, abs=0.02)
    assert permutation_test(first, second, resamples=20_000, seed=5) == drawn
    assert permutation_test(first, second, resamples=20_000, seed=6) != drawn
    apart = permutation_test(first + 1, second, resamples=999)
    assert apart.p_value == apart.smallest_p == 1 / 1000


def test_drawing_agrees_with_looking_at_all():
    first, second = [0.6, 0.7, 0.65, 0.5, 0.8], [0.5, 0.55, 0.6, 0.45]
    all_of_them = permutation_test(first, second)
    drawn = permutation_test(first, second, limit=10, resamples=50_000)
    assert drawn.p_value == pytest.approx(all_of_them.p_value, abs=0.01)


def test_values_that_are_all_the_same_give_p_1():
    found = permutation_test([0.7, 0.7, 0.7], [0.7, 0.7])
    assert found.p_value == found.p_greater == found.p_less == 1
    assert found.difference == pytest.approx(0)


def test_a_sample_without_a_value_is_degenerate_and_nan_is_refused():
    assert "without a value" in permutation_test([], [0.5]).degenerate
    assert permutation_test([0.5], []).p_value is None
    with pytest.raises(ValueError, match="finite"):
        permutation_test([0.5, np.nan], [0.5])


def test_subset_sums_are_all_there():
    values = np.array([1.0, 10.0, 100.0, 1000.0, 10_000.0])
    for size in range(1, 6):
        assert sorted(subset_sums(values, size)) == sorted(map(sum, combinations(values, size)))
