"""Blocks of the order: their bounds, means and medians by hand, and their variances one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.analysis.course.blocks import Blocks, block_means, block_medians, rater_medians
from backend.analysis.course.trend import Responses
from backend.analysis.groups.crossed import crossed_mean


@given(st.integers(0, 5), st.integers(1, 60), st.integers(1, 12))
def test_every_place_lies_within_the_bounds_of_its_block(start, length, count):
    places = np.arange(start, start + length)
    blocks = Blocks.over(places.astype(float), count)
    assert blocks.count == min(count, length)
    (firsts, lasts) = zip(*blocks.bounds, strict=True)
    assert (firsts[0], lasts[-1]) == (places[0], places[-1])
    for place, block in zip(places, blocks.of(places.astype(float)), strict=True):
        assert firsts[block] <= place <= lasts[block]
    sizes = np.subtract(lasts, firsts) + 1
    assert sizes.max() - sizes.min() <= 1


def test_without_places_there_are_no_blocks():
    assert Blocks.over(np.full((2, 3), np.nan), 8) is None


def drawn(raters=5, images=40, seed=1):
    random = np.random.default_rng(seed)
    position = np.array([random.permutation(images) + 1.0 for _ in range(raters)])
    response = random.gamma(2, 1, (raters, images))
    return Responses(response, position, random.random((raters, images)) < 0.8, np.arange(images) % 2)


def test_means_are_over_raters_and_vary_as_those_of_the_blocks_answers():
    data = drawn()
    right = Responses((data.response > 1).astype(float), data.position, data.answered, data.truths)
    blocks = Blocks.over(data.position, 4)
    for block, found in enumerate(block_means(right, blocks)):
        there = data.answered & (blocks.of(data.position) == block)
        means = [right.response[r, there[r]].mean() for r in range(5) if there[r].any()]
        assert (found.raters, found.found.n) == (len(means), there.sum())
        assert found.found.value == pytest.approx(np.mean(means))
        expected = crossed_mean(np.where(there, right.response, np.nan))
        assert found.found.se == pytest.approx(expected.se, rel=0.35)


def test_a_block_on_its_own_is_the_whole():
    data = drawn()
    (found,) = block_means(data, Blocks.over(data.position, 1))
    expected = crossed_mean(np.where(data.answered, data.response, np.nan))
    assert found.found.value == pytest.approx(expected.value)
    assert found.found.se == pytest.approx(expected.se, rel=0.1)


def test_medians_are_those_of_each_rater_and_their_mean_is_over_raters():
    data = drawn()
    blocks = Blocks.over(data.position, 8)
    medians = rater_medians(data, blocks)
    for r, b in np.ndindex(medians.shape):
        answers = data.response[r, data.answered[r] & (blocks.of(data.position[r]) == b)]
        assert medians[r, b] == pytest.approx(np.median(answers)) if len(answers) else np.isnan(medians[r, b])
    for b, found in enumerate(block_medians(data, blocks)):
        known = medians[~np.isnan(medians[:, b]), b]
        assert found.found.value == pytest.approx(known.mean())
        assert found.found.se == pytest.approx(known.std(ddof=1) / np.sqrt(len(known)))
        assert (found.raters, found.found.df) == (len(known), len(known) - 1)


@pytest.mark.parametrize("summary", [block_means, block_medians])
def test_empty_blocks_and_single_raters_say_why(summary):
    data = drawn()
    answered = data.answered & (data.position <= 20)
    answered[1:] &= data.position[1:] <= 10
    found = summary(Responses(data.response, data.position, answered, data.truths), Blocks(1, 40, 4))
    assert [block.raters for block in found] == [5, 1, 0, 0]
    assert [block.found.value is None for block in found] == [False, False, True, True]
    assert found[1].found.degenerate == "one rater only: the interval is undefined"
    assert found[3].found.degenerate == "no rater answered in this block"
    nobody = summary(Responses(data.response, data.position, answered & False, data.truths), Blocks(1, 40, 2))
    assert [block.raters for block in nobody] == [0, 0]
