"""Permutation tests against every rearrangement, scipy, and what their sizes allow."""

from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import permutation_test

from backend.analysis.images.permutation import label_exchange, sign_flip

halves = st.integers(-4, 4).map(lambda k: k / 2)
shares = st.tuples(st.integers(0, 6), st.sampled_from([2, 3, 6])).map(lambda k: min(k[0] / k[1], 1.0))


@given(st.lists(halves, min_size=1, max_size=7))
def test_all_signs_are_tried(differences):
    sums = [abs(np.dot(signs, differences)) for signs in product((1, -1), repeat=len(differences))]
    found = sign_flip(differences)
    assert found.p_value == pytest.approx(np.mean(np.array(sums) >= abs(sum(differences)) - 1e-9))
    assert found.statistic == pytest.approx(np.mean(differences))
    assert found.exact
    assert found.p_smallest == 2 / 2 ** len(differences) <= found.p_value


@settings(max_examples=60)
@given(st.lists(shares, min_size=1, max_size=5), st.lists(shares, min_size=1, max_size=5))
def test_all_labels_are_tried(first, second):
    values = np.array(first + second)
    observed = abs(np.mean(first) - np.mean(second))
    far = [
        abs(values[list(chosen)].mean() - np.delete(values, chosen).mean()) >= observed - 1e-9
        for chosen in combinations(range(len(values)), len(first))
    ]
    found = label_exchange(first, second)
    assert found.p_value == pytest.approx(np.mean(far))
    assert found.exact
    assert found.p_smallest <= found.p_value + 1e-12


def scipys(first, second):
    """The two-sided p-value by distance from 0, as scipy's own doubles the smaller tail."""
    return permutation_test(
        (first, second),
        lambda a, b, axis: abs(a.mean(axis=axis) - b.mean(axis=axis)),
        vectorized=True,
        alternative="greater",
    ).pvalue


def test_labels_against_scipy_with_missing_raters():
    random = np.random.default_rng(3)
    first = random.integers(0, 8, 6) / 7
    second = random.integers(0, 9, 5) / 8
    expected = scipys(first, second)
    found = label_exchange(first, second)
    assert found.p_value == pytest.approx(expected)
    assert found.p_smallest == pytest.approx(1 / comb(11, 6))


def test_the_smallest_p_is_reached_by_samples_that_lie_apart():
    assert label_exchange([1, 1, 1], [0, 0, 0]).p_value == pytest.approx(2 / comb(6, 3))
    assert label_exchange([1, 1], [0, 0, 0]).p_value == pytest.approx(1 / comb(5, 2))
    assert sign_flip([1, 2, 1]).p_value == sign_flip([1, 2, 1]).p_smallest == 0.25


def test_thirty_images_each_are_counted_exactly():
    found = label_exchange([1.0] * 30, [0.0] * 30)
    assert found.exact
    assert found.p_value == pytest.approx(2 / comb(60, 30))


def test_values_without_a_common_unit_are_drawn_and_near_the_exact_share():
    random = np.random.default_rng(5)
    first, second = random.random(6), random.random(5) + 0.3
    expected = scipys(first, second)
    found = label_exchange(first, second, seed=1, resamples=20_000)
    assert not found.exact
    assert found.p_value == pytest.approx(expected, abs=0.01)
    assert found == label_exchange(first, second, seed=1, resamples=20_000)


def test_many_differences_are_drawn_by_their_seed():
    random = np.random.default_rng(2)
    differences = random.normal(0.3, 1, 40)
    found = sign_flip(differences, seed=4)
    normal = abs(differences.sum()) / np.sqrt((differences**2).sum())
    assert not found.exact
    assert found.p_smallest == 1e-4
    assert found.p_value == pytest.approx(2 * ndtr(-normal), abs=0.02)
    assert found == sign_flip(differences, seed=4)
    assert found.p_value != sign_flip(differences, seed=5).p_value


def test_equal_values_give_no_evidence():
    assert sign_flip([0.0] * 4).p_value == sign_flip([0.0] * 30).p_value == 1
    assert label_exchange([0.5, 0.5], [0.5]).p_value == 1
