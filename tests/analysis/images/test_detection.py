"""Mean d' and its standard error against the definition, the delete-one jackknife, and degenerate tables."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import norm

from backend.analysis.groups.crossed import crossed_mean
from backend.analysis.images.detection import mean_d_prime
from backend.analysis.raters.detection import signal_detection


def answers(raters=8, seed=1, missing=0.0):
    random = np.random.default_rng(seed)
    truths = np.array([1] * 30 + [0] * 20)
    right = (random.random((raters, 50)) < random.uniform(0.5, 0.8, (raters, 1))).astype(float)
    right[random.random(right.shape) < missing] = np.nan
    return right, truths


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_it_is_the_mean_of_the_raters_d_primes(missing):
    right, truths = answers(missing=missing)
    counts = [[np.nansum(right[:, truths == t] == value, axis=1) for value in (1, 0)] for t in (1, 0)]
    (tp, fn), (tn, fp) = counts
    z = norm.ppf((tp + 0.5) / (tp + fn + 1)) - norm.ppf((fp + 0.5) / (fp + tn + 1))
    found = mean_d_prime(right, truths)
    assert found.value == pytest.approx(z.mean())
    assert found.value == pytest.approx(np.mean(signal_detection(tp, fp, fn, tn)[0].value))


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_its_standard_error_is_that_of_the_linearised_scores(missing):
    right, truths = answers(missing=missing)
    scores, weights = np.full(right.shape, np.nan), np.zeros(right.shape)
    for r, kind in product(range(8), (0, 1)):
        cells = (truths == kind) & ~np.isnan(right[r])
        n, k = cells.sum(), right[r, cells].sum()

        def z(hits, n=n):
            return norm.ppf((hits + 0.5) / (n + 1))

        slope = (z(k + 1e-4) - z(k - 1e-4)) / 2e-4 * n
        scores[r, cells] = z(k) + slope * (right[r, cells] - k / n)
        weights[r, cells] = 1 / n
    expected = crossed_mean(scores, weights, truths)
    found = mean_d_prime(right, truths)
    assert (found.value, found.se) == pytest.approx((expected.value, expected.se), rel=1e-6)


def test_with_independent_answers_the_standard_error_is_that_of_simulated_studies():
    found = [mean_d_prime(*answers(seed=seed)) for seed in range(300)]
    spread = np.std([one.value for one in found], ddof=1)
    assert np.sqrt(np.mean([one.se**2 for one in found])) == pytest.approx(spread, rel=0.15)


def test_the_interval_is_students():
    found = mean_d_prime(*answers())
    low, high = found.interval(0.9)
    wide_low, wide_high = found.interval()
    assert wide_low < low < found.value < high < wide_high
    assert high - found.value == pytest.approx(found.value - low)


def test_raters_without_one_kind_are_left_out():
    right, truths = answers(4)
    alone = right.copy()
    alone[0, truths == 0] = np.nan
    assert mean_d_prime(alone, truths).value == pytest.approx(mean_d_prime(right[1:], truths).value)


def test_undefined_ones_say_why():
    right, truths = answers(1)
    one = mean_d_prime(right, truths)
    assert one.value is not None
    assert one.interval() == (None, None)
    assert "one rater" in one.degenerate
    none = mean_d_prime(right[:, :30], truths[:30])
    assert (none.value, none.se) == (None, None)
    assert none.degenerate
