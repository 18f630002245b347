"""One rater: the exact powers, against published values and against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from backend.analysis.groups.equivalence import binomial_equivalence
from backend.analysis.planning.exact import equivalence_power, images_needed, superiority_power

images = st.integers(1, 150)
share = st.floats(0.05, 0.95)
alpha = st.sampled_from([0.001, 0.01, 0.05, 0.1, 0.25])


def test_the_powers_of_the_specification():
    assert round(float(superiority_power(80, 0.6)), 3) == 0.369
    assert [round(float(p), 3) for p in equivalence_power([80, 200, 400], 0.1)] == [0.089, 0.771, 0.981]


@settings(max_examples=30)
@given(images, share, alpha)
def test_superiority_is_the_probability_that_the_exact_test_rejects(n, accuracy, level):
    rejected = [k for k in range(n + 1) if binomtest(k, n, 0.5).pvalue <= level]
    expected = binom.pmf(rejected, n, accuracy).sum()
    assert float(superiority_power(n, accuracy, alpha=level)) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=30)
@given(images, share, st.floats(0.01, 0.45), alpha)
def test_equivalence_is_the_probability_that_both_one_sided_tests_reject(n, accuracy, margin, level):
    rejected = [
        k
        for k in range(n + 1)
        if binomtest(k, n, 0.5 - margin, alternative="greater").pvalue <= level
        and binomtest(k, n, 0.5 + margin, alternative="less").pvalue <= level
    ]
    assert rejected == [k for k in range(n + 1) if binomial_equivalence(k, n, margin).p_value <= level]
    expected = binom.pmf(rejected, n, accuracy).sum()
    assert float(equivalence_power(n, margin, accuracy, alpha=level)) == pytest.approx(expected, abs=1e-12)


def test_the_error_rates_stay_below_alpha():
    n = np.arange(1, 400)
    assert superiority_power(n, 0.5).max() <= 0.05
    assert superiority_power(n, 0.5)[-1] > 0.03
    for edge in (0.4, 0.6):
        assert 0.03 < equivalence_power(n, 0.1, edge).max() <= 0.05


def test_too_few_images_can_show_nothing():
    assert superiority_power([1, 5], 0.99).tolist() == [0, 0]
    assert equivalence_power([1, 20, 60], 0.1).tolist() == [0, 0, 0]


def test_the_images_needed_are_those_from_which_on_the_power_stays():
    powers = superiority_power(np.arange(1, 1000), 0.6)
    needed = images_needed(powers, 0.8)
    assert (powers[needed - 1 :] >= 0.8).all()
    assert powers[needed - 2] < 0.8
    assert (powers[: needed - 1] >= 0.8).any(), "a tooth of the saw before it reaches 0.8 too"
    assert images_needed(powers[:100], 0.8) is None
    assert images_needed(powers[300:], 0.8) == 1
