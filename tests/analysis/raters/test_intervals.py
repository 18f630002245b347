"""Intervals of proportions against published limits, scipy and statsmodels."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from backend.analysis.intervals import (
    METHODS,
    Proportion,
    clopper_pearson_limits,
    defined,
    wilson,
    wilson_limits,
)
from backend.analysis.raters.rates import BalancedAccuracy, balanced_limits

SCIPY = {"wilson": "wilson", "clopper-pearson": "exact"}
counts = st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.floats(0.5, 0.999)


def test_wilson_and_clopper_pearson_against_published_limits():
    """Newcombe (1998, Stat. Med. 17:857), Table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    published = {
        (81, 263): ((0.2553, 0.3662), (0.2527, 0.3676)),
        (15, 148): ((0.0624, 0.1605), (0.0578, 0.1617)),
        (0, 20): ((0, 0.1611), (0, 0.1684)),
        (1, 29): ((0.0061, 0.1718), (0.0009, 0.1776)),
    }
    for trial, expected in published.items():
        for method, limits in zip(("wilson", "clopper-pearson"), expected, strict=True):
            assert Proportion(*trial).interval(method=method) == pytest.approx(limits, abs=5.1e-5)


@given(counts, levels)
def test_both_intervals_are_those_of_scipy_and_statsmodels(count, level):
    for method, name in SCIPY.items():
        found = Proportion(*count).interval(level, method)
        assert found == pytest.approx(tuple(binomtest(*count).proportion_ci(level, name)), abs=1e-9)
        other = proportion_confint(*count, alpha=1 - level, method="wilson" if name == "wilson" else "beta")
        assert found == pytest.approx(other, abs=1e-10)
        assert 0 <= found[0] <= count[0] / count[1] <= found[1] <= 1


@pytest.mark.parametrize("method", METHODS)
def test_no_successes_and_no_failures_reach_the_ends_exactly(method):
    for n, level in product((1, 7, 80, 1000), (0.95, 0.8841589136808882)):  # where rounding would show
        assert Proportion(0, n).interval(level, method)[0] == 0
        assert Proportion(n, n).interval(level, method)[1] == 1


def test_without_trials_there_is_nothing_but_a_reason():
    nothing = Proportion(0, 0)
    assert nothing.value is None
    assert nothing.degenerate == "no trials: the proportion is undefined"
    assert nothing.interval() == nothing.interval(method="clopper-pearson") == wilson(0, 0) == (None, None)
    assert Proportion(1, 4).value == 0.25
    assert Proportion(1, 4).degenerate is None


def test_arrays_of_counts_give_what_each_count_gives():
    k, n = np.array([0, 3, 0, 10]), np.array([0, 5, 8, 10])
    for limits, method in ((wilson_limits, "wilson"), (clopper_pearson_limits, "clopper-pearson")):
        found = zip(*map(defined, limits(k, n, 0.9)), strict=True)
        assert list(found) == [Proportion(*pair).interval(0.9, method) for pair in zip(k, n, strict=True)]


def test_clopper_pearson_never_falls_below_its_level():
    n, truths = 25, np.linspace(0.01, 0.99, 99)
    low, high = clopper_pearson_limits(np.arange(n + 1), n, 0.9)
    inside = (low[:, None] <= truths) & (truths <= high[:, None])
    assert (inside * binom.pmf(np.arange(n + 1)[:, None], n, truths)).sum(axis=0).min() >= 0.9


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, float("nan")])
def test_a_level_that_is_none_is_refused(level):
    for method in METHODS:
        with pytest.raises(ValueError, match="between 0 and 1"):
            Proportion(1, 2).interval(level, method)


def test_impossible_counts_and_methods_are_refused():
    for count in ((3, 2), (-1, 2), (1, -2)):
        with pytest.raises(ValueError, match="between 0 and the number of trials"):
            Proportion(*count).interval()
    with pytest.raises(ValueError, match="method must be one of wilson, clopper-pearson, not 'wald'"):
        Proportion(1, 2).interval(method="wald")


@given(counts, counts, levels)
def test_balanced_accuracy_has_newcombes_interval_of_a_difference(reals, fakes, level):
    """(1 + TPR - FPR) / 2: statsmodels has Newcombe's interval of TPR - FPR."""
    found = BalancedAccuracy(Proportion(*reals), Proportion(*fakes))
    false_alarms = (fakes[1] - fakes[0], fakes[1])
    difference = confint_proportions_2indep(
        *reals, *false_alarms, method="newcomb", compare="diff", alpha=1 - level
    )
    low, high = found.interval(level)
    assert (low, high) == pytest.approx([(1 + limit) / 2 for limit in difference], abs=1e-10)
    assert -1e-12 <= low <= found.value <= high <= 1 + 1e-12


def test_newcombes_interval_against_its_published_values():
    """Newcombe (1998, Stat. Med. 17:873), Table II, method 10: 56/70 - 48/80, 9/10 - 3/10, 10/10 - 0/20."""
    published = {
        ((56, 70), (48, 80)): (0.0524, 0.3339),
        ((9, 10), (3, 10)): (0.1705, 0.8090),
        ((10, 10), (0, 20)): (0.6791, 1),
    }
    for (one, (part, whole)), limits in published.items():
        found = balanced_limits(*one, whole - part, whole)
        assert [2 * float(limit) - 1 for limit in found] == pytest.approx(limits, abs=5.1e-5)


def test_balanced_accuracy_needs_both_kinds_of_images():
    found = BalancedAccuracy(Proportion(3, 4), Proportion(0, 0))
    assert found.value is None
    assert found.interval() == (None, None)
    assert found.degenerate == "no fake image answered: balanced accuracy is undefined"


def test_the_interval_of_balanced_accuracy_keeps_its_level():
    """Exactly, over all tables of 50 reals and 30 fakes, for guessing and for biased and good raters."""
    tp, tn = np.arange(51)[:, None], np.arange(31)
    low, high = balanced_limits(tp, 50, tn, 30)
    for tpr, tnr in ((0.5, 0.5), (0.7, 0.4), (0.95, 0.1), (0.9, 0.9), (0.99, 0.95)):
        inside = (low <= (tpr + tnr) / 2) & ((tpr + tnr) / 2 <= high)
        covered = (inside * binom.pmf(tp, 50, tpr) * binom.pmf(tn, 30, tnr)).sum()
        assert 0.94 < covered < 0.985
