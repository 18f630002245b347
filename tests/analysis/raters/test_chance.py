"""Tests against chance: scipy's values, published tables, and what is undefined."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import binomtest
from scipy.stats import fisher_exact as scipy_fisher
from scipy.stats.contingency import odds_ratio
from statsmodels.stats.multitest import multipletests

from backend.analysis.multiplicity import holm
from backend.analysis.raters.chance import binomial_p, chance_columns, fisher_p, odds_ratio_limits
from backend.analysis.raters.counts import Counts

small = st.tuples(*[st.integers(0, 60)] * 4)


def counts(*tables):
    """Tables are (tp, fp, fn, tn), one a rater."""
    cells = [np.array(cell) for cell in zip(*tables, strict=True)]
    return Counts(*cells, missing=np.zeros(len(tables), dtype=int))


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@example((40, 80))
@example((0, 400))
def test_the_binomial_test_is_scipys(count):
    assert float(binomial_p(*count)) == pytest.approx(binomtest(*count).pvalue, rel=1e-10)


def test_the_binomial_test_by_hand():
    assert float(binomial_p(9, 10)) == pytest.approx(22 / 1024, rel=1e-14)
    assert binomial_p([0, 5, 1], [1, 10, 1]).tolist() == [1, 1, 1]
    assert math.isnan(binomial_p(0, 0))
    assert float(binomial_p(500_500, 1_000_000)) == pytest.approx(binomtest(500_500, 10**6).pvalue, rel=1e-9)


@given(small)
@example((3, 1, 1, 3))
@example((13, 5, 5, 13))
@example((49, 24, 24, 49))
@example((50, 26, 0, 4))
@example((30, 30, 30, 30))
def test_fishers_test_is_scipys(table):
    tp, fp, fn, tn = table
    found = fisher_p(tp, fp, fn, tn)
    if tp + fn == 0 or fp + tn == 0:
        assert found is None
    else:
        assert found == pytest.approx(scipy_fisher([[tp, fp], [fn, tn]]).pvalue, rel=1e-9)


def test_fishers_test_by_its_definition():
    """Fisher's lady: with 3 of 4 cups named right p is 17/35 one-sided; both tails are 34/70."""
    assert fisher_p(3, 1, 1, 3) == pytest.approx(34 / 70, rel=1e-12)
    assert fisher_p(4, 0, 0, 4) == pytest.approx(2 / 70, rel=1e-12)


def test_fishers_test_of_a_large_table():
    table = (3000, 1900, 2000, 3100)
    expected = scipy_fisher([table[:2], table[2:]]).pvalue
    assert fisher_p(*table) == pytest.approx(expected, rel=1e-8)
    assert fisher_p(500_000, 0, 0, 500_000) == 0


def test_whoever_always_gives_one_answer_shows_nothing():
    assert fisher_p(50, 30, 0, 0) == fisher_p(0, 0, 50, 30) == 1


def test_a_bias_alone_passes_the_binomial_test_but_not_fishers():
    """All 80 called real, of which 50 are: accuracy 0.625 without telling any image from another."""
    columns = chance_columns(counts((50, 30, 0, 0)))
    assert columns["binomial_p"][0] < 0.05
    assert columns["fisher_p"] == [1]


@given(st.tuples(*[st.integers(1, 60)] * 4), st.floats(0.5, 0.99))
def test_the_odds_ratio_and_its_interval_are_scipys(table, level):
    tp, fp, fn, tn = table
    expected = odds_ratio([[tp, fp], [fn, tn]], kind="sample")
    columns = chance_columns(counts(table), level)
    assert columns["odds_ratio"][0] == pytest.approx(expected.statistic)
    limits = [columns["odds_ratio_ci_low"][0], columns["odds_ratio_ci_high"][0]]
    assert limits == pytest.approx(list(expected.confidence_interval(level)))
    assert limits == [float(limit) for limit in odds_ratio_limits(*table, level)]


@pytest.mark.parametrize(
    ("table", "undefined", "reason"),
    [
        ((0, 0, 0, 0), {"binomial_p", "fisher_p", "odds_ratio"}, "no image answered: both tests and"),
        ((3, 0, 2, 0), {"fisher_p", "odds_ratio"}, "no fake image answered: Fisher's test and"),
        ((0, 3, 0, 2), {"fisher_p", "odds_ratio"}, "no real image answered: Fisher's test and"),
        ((3, 2, 0, 2), {"odds_ratio"}, "fp or fn is 0: the odds ratio is"),
        ((3, 2, 0, 0), {"odds_ratio"}, "fp or fn is 0: the odds ratio is"),
        ((0, 2, 3, 1), set(), "tp or tn is 0: the interval of the odds ratio is"),
        ((3, 2, 1, 2), set(), None),
    ],
)
def test_what_is_undefined_has_its_reason(table, undefined, reason):
    columns = chance_columns(counts(table))
    named = ("binomial_p", "fisher_p", "odds_ratio")
    assert {name for name in named if columns[name] == [None]} == undefined
    assert columns["binomial_p_holm"] == columns["binomial_p"]
    assert columns["fisher_p_holm"] == columns["fisher_p"]
    assert (columns["odds_ratio_ci_low"] == [None]) == (reason is not None)
    (found,) = columns["tests_degenerate"]
    assert found is None if reason is None else found.startswith(reason)


probabilities = st.one_of(st.floats(0, 1), st.sampled_from([0.01, 0.02, 0.05]))


@given(st.lists(probabilities, min_size=1, max_size=6), st.integers(0, 6))
def test_holm_is_closed_testing_by_bonferroni(p, gap):
    """A hypothesis falls when every set of hypotheses with it falls by Bonferroni."""
    subsets = [chosen for size in range(1, len(p) + 1) for chosen in combinations(range(len(p)), size)]
    expected = [
        max(min(1, len(chosen) * min(p[j] for j in chosen)) for chosen in subsets if i in chosen)
        for i in range(len(p))
    ]
    assert list(holm(p)) == pytest.approx(expected, abs=1e-15)
    gaps = [*p[:gap], None, *p[gap:]]
    assert holm(gaps) == (*holm(p)[:gap], None, *holm(p)[gap:])


@pytest.mark.parametrize("size", [1, 2, 8, 50])
def test_holm_is_that_of_statsmodels(size):
    p = np.random.default_rng(size).beta(0.3, 1, size).round(2)
    assert holm(p.tolist()) == pytest.approx(multipletests(p, method="holm")[1].tolist(), abs=1e-15)


def test_holm_by_hand():
    assert holm([0.013, 0.001, 0.028]) == pytest.approx((0.026, 0.003, 0.028))
    assert holm([]) == ()
    assert holm([None, None]) == (None, None)
    for wrong in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            holm([0.5, wrong])


def test_the_family_is_all_raters_with_a_defined_test():
    columns = chance_columns(counts((40, 10, 10, 20), (30, 0, 20, 0), (0, 0, 0, 0), (26, 16, 24, 14)))
    for test, family in (("binomial_p", 3), ("fisher_p", 2)):
        defined = [p for p in columns[test] if p is not None]
        assert len(defined) == family
        expected = multipletests(defined, method="holm")[1]
        assert [p for p in columns[f"{test}_holm"] if p is not None] == pytest.approx(expected.tolist())


def test_the_tests_keep_their_size_exactly():
    """Over all tables of a rater who guesses: never more than 5 % at 5 %."""
    n = np.arange(81)
    weight = np.array([math.comb(80, k) for k in n]) / 2.0**80
    assert weight[binomial_p(n, 80) <= 0.05].sum() <= 0.05
    for bias in (0.5, 0.8):
        size = 0.0
        for tp in range(21):
            for fp in range(13):
                chance = math.comb(20, tp) * math.comb(12, fp) * bias ** (tp + fp)
                chance *= (1 - bias) ** (32 - tp - fp)
                size += chance * (fisher_p(tp, fp, 20 - tp, 12 - fp) <= 0.05)
        assert 0.005 < size <= 0.05
