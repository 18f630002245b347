"""AUC, permutation p-values and Holm, against other implementations and brute force."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from backend.audit.judging import Feature, auc_of_categories, auc_of_numbers, holm, judge, smallest_p

SAMPLES = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=12)


@given(SAMPLES, SAMPLES)
def test_the_auc_is_mann_whitneys_u_over_the_pairs(fakes, reals):
    truth = np.array([[True] * len(fakes) + [False] * len(reals)])
    expected = mannwhitneyu(fakes, reals).statistic / (len(fakes) * len(reals))
    assert auc_of_numbers([*fakes, *reals])(truth)[0] == pytest.approx(expected)


def test_what_was_not_measured_is_a_value_of_its_own():
    truth = np.array([[True, True, False, False]])
    assert auc_of_numbers([float("nan"), float("nan"), -1e9, 5.0])(truth)[0] == 0


def left_out(values, truth):
    """Leave-pair-out AUC by taking out pair after pair."""
    prior, scores = np.mean(truth), []
    for fake, real in ((f, r) for f in np.flatnonzero(truth) for r in np.flatnonzero(~truth)):
        rest = [i for i in range(len(truth)) if i not in (fake, real)]

        def rate(of, rest=rest):
            same = [truth[i] for i in rest if values[i] == values[of]]
            return (sum(same) + prior) / (len(same) + 1)

        gap = 0.0 if values[fake] == values[real] else rate(fake) - rate(real)
        scores.append(0.5 if abs(gap) < 1e-12 else float(gap > 0))
    return max(0.5, np.mean(scores))


@given(st.integers(0, 10**6), st.integers(4, 14))
def test_categories_are_scored_without_the_pair_that_they_are_to_tell(seed, count):
    random = np.random.default_rng(seed)
    values = list("abc" * 2) + random.choice(["a", "b", "c"], count).tolist()
    truth = random.permutation(np.arange(len(values)) < len(values) // 2)
    assert auc_of_categories(values)(truth[None])[0] == pytest.approx(left_out(values, truth))


def test_categories_tell_as_far_as_they_reach():
    truth = np.array([[True] * 4 + [False] * 4])
    assert auc_of_categories(list("aaaabbbb"))(truth)[0] == 1
    assert auc_of_categories(list("abcdefgh"))(truth)[0] == 0.5
    # What is alone of its kind is a kind of its own: here it is the fakes'.
    assert auc_of_categories(list("abcdxxxx"))(truth)[0] == 1


def test_a_permutation_p_value_is_the_share_of_all_truths_that_tell_as_much():
    values = [[0.3, 2.0, 1.1, 0.2, 5.0, 1.0, 4.0], [1.0, 1.0, 2.0, 3.0, 3.0, 0.0, 7.0]]
    fake = np.array([False, True, False, False, True, False, True])
    truths = np.array([[i in chosen for i in range(7)] for chosen in combinations(range(7), 3)])
    distances = np.stack([np.abs(auc_of_numbers(one)(truths) - 0.5) for one in values], axis=1)
    relative = (distances / np.sqrt((distances**2).mean(axis=0))).max(axis=1)
    true = relative[np.flatnonzero((truths == fake).all(axis=1))[0]]
    exact = np.mean(relative >= true - 1e-9)
    found = judge([Feature(str(place), one) for place, one in enumerate(values)], fake, 20_000, 0)
    assert found.p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 20_000))
    assert 0.05 < exact < 0.5


def test_the_seed_decides_the_p_value():
    random = np.random.default_rng(0)
    features = [Feature("x", random.normal(size=30).tolist())]
    fake = np.arange(30) < 12
    first, again, other = (judge(features, fake, 199, seed).p for seed in (1, 1, 2))
    assert first == again != other


def test_what_is_the_same_in_all_images_tells_nothing():
    features = [Feature("a", [1.0] * 6), Feature("b", ["x"] * 6), Feature("c", [float("nan")] * 6)]
    found = judge(features, np.arange(6) < 3, 99, 0)
    assert (found.auc, found.strongest, found.p) == ([0.5, 0.5, 0.5], None, 1.0)


def test_a_rare_mark_is_not_drowned_by_features_of_chance():
    random = np.random.default_rng(0)
    fake = np.arange(80) < 30
    chance = [Feature(f"chance {k}", random.normal(size=80).tolist()) for k in range(5)]
    marked = Feature("mark", ["marked" if place < 8 else "-" for place in range(80)])
    found = judge([*chance, marked], fake, 999, 0)
    assert found.strongest == 5
    assert found.p < 0.01


def test_holm_on_his_example():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.7, 0.8]) == [1.0, 1.0]


def test_the_smallest_p_value_depends_on_size_and_permutations():
    assert smallest_p(3, 3, 9_999) == pytest.approx(0.1)
    assert smallest_p(50, 30, 9_999) == pytest.approx(1e-4)


def test_a_p_value_is_fair_under_chance():
    """Among 200 random truths no more are called telling than chance allows (binomial, 0.1 %)."""
    random = np.random.default_rng(5)
    features = [Feature(f"n{k}", random.normal(size=40).tolist()) for k in range(4)]
    features.append(Feature("c", random.choice(list("abcd"), 40).tolist()))
    hits = sum(judge(features, random.permutation(40) < 16, 199, k).p <= 0.05 for k in range(200))
    assert 1 <= hits <= 21
