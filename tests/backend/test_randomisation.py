"""The presentation order: a permutation, of a rater's own, that anyone can draw again."""

import hashlib
import hmac
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from backend.studies.randomisation import presentation_order

IDS = [f"{index:032x}" for index in range(80)]


@given(st.text(min_size=1), st.integers(1, 10_000), st.lists(st.uuids().map(str), unique=True))
def test_every_order_is_a_permutation(seed, rater, ids):
    assert sorted(presentation_order(seed, rater, ids)) == sorted(ids)


@given(st.permutations(IDS[:10]))
def test_the_order_does_not_depend_on_how_the_images_are_listed(listed):
    assert presentation_order("seed", 1, listed) == presentation_order("seed", 1, IDS[:10])


def test_raters_and_seeds_have_orders_of_their_own():
    orders = {tuple(presentation_order(seed, rater, IDS)) for seed in "ab" for rater in range(1, 101)}
    assert len(orders) == 200


def test_it_is_the_documented_construction():
    def rank(image):
        return hmac.new(b"s", f"7:{image}".encode(), hashlib.sha256).hexdigest()

    assert presentation_order("s", 7, IDS) == sorted(IDS, key=rank)


@pytest.mark.parametrize("ids", [["a", "b", "c"], ["x1", "x2", "x3"]])
def test_all_permutations_are_equally_likely(ids):
    counts = dict.fromkeys(permutations(ids), 0)
    for rater in range(6000):
        counts[tuple(presentation_order("fixed", rater, ids))] += 1
    assert chisquare(list(counts.values())).pvalue > 1e-4
