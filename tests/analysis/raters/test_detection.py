"""d' and criterion against the textbook, against scipy, and against the distribution that they estimate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm

from backend.analysis.raters.counts import Counts
from backend.analysis.raters.detection import detection_columns, signal_detection

count = st.integers(0, 40)


def at_rates(hit, false_alarm, n=25):
    """Measures at given corrected rates: the counts, not whole, that the correction turns into them."""
    tp, fp = hit * (n + 1) - 0.5, false_alarm * (n + 1) - 0.5
    return signal_detection(tp, fp, n - tp, n - fp)


def test_the_textbooks_example():
    """Macmillan & Creelman (2005), chapters 1 and 2: hits 0.8 and false alarms 0.4."""
    d_prime, criterion = at_rates(0.8, 0.4)
    assert d_prime.value == pytest.approx(0.842 + 0.253, abs=1e-3)
    assert criterion.value == pytest.approx(-(0.842 - 0.253) / 2, abs=1e-3)


@given(count, count, count, count)
def test_both_follow_their_formula(tp, fp, fn, tn):
    d_prime, criterion = signal_detection(tp, fp, fn, tn)
    if tp + fn == 0 or fp + tn == 0:
        assert np.isnan([*d_prime, *criterion]).all()
        return
    hit, alarm = (tp + 0.5) / (tp + fn + 1), (fp + 0.5) / (fp + tn + 1)
    variance = sum(
        rate * (1 - rate) / (n * norm.pdf(norm.ppf(rate)) ** 2)
        for rate, n in ((hit, tp + fn), (alarm, fp + tn))
    )
    assert d_prime.value == pytest.approx(norm.ppf(hit) - norm.ppf(alarm), abs=1e-12)
    assert criterion.value == pytest.approx(-(norm.ppf(hit) + norm.ppf(alarm)) / 2, abs=1e-12)
    assert d_prime.se == pytest.approx(np.sqrt(variance), rel=1e-12)
    assert criterion.se == pytest.approx(np.sqrt(variance) / 2, rel=1e-12)
    assert d_prime.interval(0.9) == pytest.approx(
        norm.interval(0.9, float(d_prime.value), float(d_prime.se)), rel=1e-12
    )


def test_the_signs():
    guesser, fond_of_real, fond_of_fake = ((5, 5, 5, 5), (9, 9, 1, 1), (1, 1, 9, 9))
    assert [float(m.value) for m in signal_detection(*guesser)] == [0, 0]
    assert signal_detection(*fond_of_real)[1].value < 0 < signal_detection(*fond_of_fake)[1].value
    better, worse = signal_detection(9, 1, 1, 9)[0].value, signal_detection(1, 9, 9, 1)[0].value
    assert better == pytest.approx(-worse)
    assert better > 0


def test_swapping_the_classes_keeps_d_prime_and_turns_the_criterion():
    one, other = signal_detection(30, 10, 20, 20), signal_detection(20, 20, 10, 30)
    assert one[0].value == pytest.approx(other[0].value)
    assert one[1].value == pytest.approx(-other[1].value)


@pytest.mark.parametrize(("sensitivity", "bias"), [(0, 0), (0.7, 0.3), (1.5, -0.5)])
def test_the_intervals_keep_their_level(sensitivity, bias):
    """Exactly, over all tables of 50 reals and 30 fakes."""
    tp, fp = np.arange(51)[:, None], np.arange(31)
    hit, alarm = norm.cdf(sensitivity / 2 - bias), norm.cdf(-sensitivity / 2 - bias)
    weight = binom.pmf(tp, 50, hit) * binom.pmf(fp, 30, alarm)
    for measure, truth in zip(signal_detection(tp, fp, 50 - tp, 30 - fp), (sensitivity, bias), strict=True):
        low, high = measure.interval()
        assert 0.94 < (weight * ((low <= truth) & (truth <= high))).sum() < 0.97
        assert (weight * measure.value).sum() == pytest.approx(truth, abs=0.01)


def test_the_standard_error_is_the_spread_of_many_studies():
    n = np.arange(2001)
    weight = binom.pmf(n, 2000, 0.8)
    z = norm.ppf((n + 0.5) / 2001)
    spread = (weight * z**2).sum() - (weight * z).sum() ** 2
    d_prime, _ = signal_detection(1600, 1600, 400, 400)
    assert d_prime.se == pytest.approx(np.sqrt(2 * spread), rel=2e-3)


def test_the_columns_hold_none_with_its_reason():
    cells = np.array([[5, 0, 4, 0], [3, 2, 0, 0], [1, 0, 2, 0], [2, 3, 0, 0]])
    columns = detection_columns(Counts(*cells, missing=np.zeros(4, dtype=int)), level=0.9)
    assert columns["detection_degenerate"] == [
        None,
        "no real image answered: d' and c are undefined",
        "no fake image answered: d' and c are undefined",
        "no image answered: d' and c are undefined",
    ]
    for name, values in columns.items():
        if name != "detection_degenerate":
            assert [value is None for value in values] == [False, True, True, True]
    d_prime, criterion = signal_detection(5, 3, 1, 2)
    assert columns["d_prime"][0] == float(d_prime.value)
    assert columns["criterion_ci_low"][0] == float(criterion.interval(0.9)[0])


def test_a_level_that_is_none_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        signal_detection(1, 1, 1, 1)[0].interval(95)
