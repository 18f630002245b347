"""The Mann-Whitney test against scipy and against counting."""

from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from backend.analysis.raters.mann_whitney import mann_whitney_p
from backend.analysis.raters.roc import tally


def p_value(one, other):
    return mann_whitney_p(tally([1] * len(one) + [0] * len(other), [*one, *other]))


values = st.lists(st.integers(0, 30), min_size=1, max_size=25)


@given(values, values)
@example([1] * 9, [1] * 9)
@example([1, 2, 3], [4, 5])
def test_it_is_scipys_with_and_without_ties(one, other):
    assert p_value(one, other) == pytest.approx(mannwhitneyu(one, other).pvalue, rel=1e-10)


@given(st.permutations(range(60)), st.integers(1, 59))
def test_it_is_scipys_without_ties(order, size):
    one, other = order[:size], order[size:]
    assert p_value(one, other) == pytest.approx(mannwhitneyu(one, other).pvalue, rel=1e-10)


@pytest.mark.parametrize("size", [1, 2, 8, 392, 399])
def test_it_is_scipys_for_few_wrong_among_many(size):
    order = [(7 * i * i + 13 * i) % 401 + i / 1000 for i in range(400)]
    one, other = order[:size], order[size:]
    assert p_value(one, other) == pytest.approx(mannwhitneyu(one, other).pvalue, rel=1e-9)


def test_the_exact_test_counts_all_orders():
    one, other = [1, 4, 9], [2, 3, 5, 8]
    pool, seen = [*one, *other], sum(a > b for a in one for b in other)
    centre = len(one) * len(other) / 2
    found = []
    for chosen in combinations(range(7), 3):
        rest = [pool[i] for i in range(7) if i not in chosen]
        found.append(sum(pool[i] > b for i in chosen for b in rest))
    extreme = sum(abs(u - centre) >= abs(seen - centre) for u in found)
    assert p_value(one, other) == pytest.approx(extreme / len(found))


def test_an_empty_sample_has_no_test_and_equal_values_show_nothing():
    assert p_value([], [1, 2]) is p_value([1], []) is p_value([], []) is None
    assert p_value([3, 3], [3]) == p_value([3] * 20, [3] * 20) == 1


def test_it_is_exact_and_quick_for_very_many():
    assert p_value([*range(8)], [*range(8, 100_000)]) == pytest.approx(0, abs=1e-30)
    assert p_value([50_000], [i + 0.5 for i in range(100_000)]) == pytest.approx(1, abs=1e-4)
