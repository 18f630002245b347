"""The presentation order: a permutation, of a rater's own, that anyone can draw again."""

import hashlib
import hmac
from collections import Counter
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from backend.studies.randomisation import PARTS, SQUARE, next_row, parts, presentation_order

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


def counted(seed, raters, ids):
    """In which part of the orders of so many raters each image stood how often; and the orders."""
    rows, found, orders = [], {image: [0] * PARTS for image in ids}, []
    for number in range(1, raters + 1):
        rows.append(next_row(rows, rows))
        where = parts(seed, rows[-1], ids)
        orders.append(presentation_order(seed, number, ids, rows[-1]))
        assert [where[image] for image in orders[-1]] == sorted(where.values())
        for image in ids:
            found[image][where[image]] += 1
    return found, orders


@given(st.text(min_size=1, max_size=8), st.integers(1, 13), st.integers(1, 45))
def test_balanced_orders_show_each_image_equally_often_in_each_part(seed, raters, images):
    found, orders = counted(seed, raters, IDS[:images])
    for times in found.values():
        assert sum(times) == raters
        assert max(times) - min(times) <= (1 if raters % PARTS else 0)
    assert all(sorted(order) == IDS[:images] for order in orders)


@given(st.text(min_size=1, max_size=8), st.integers(1, 3), st.integers(1, 10))
def test_the_parts_are_the_quarters_and_differ_by_one_image_at_most(seed, cycles, size):
    ids = IDS[: 4 * size]
    _, orders = counted(seed, 4 * cycles, ids)
    for image in ids:
        quarters = [order.index(image) // size for order in orders]
        assert [quarters.count(quarter) for quarter in range(PARTS)] == [cycles] * PARTS
    sizes = list(parts(seed, 0, [*ids, "one more"]).values())
    assert max(map(sizes.count, range(PARTS))) - min(map(sizes.count, range(PARTS))) == 1


def test_each_block_follows_each_other_one_once_and_neighbours_are_shuffled():
    follows = Counter(pair for line in SQUARE for pair in pairwise(line))
    assert follows == dict.fromkeys(permutations(range(PARTS), 2), 1)
    _, orders = counted("seed", 8, IDS)
    neighbours = Counter(pair for order in orders for pair in pairwise(order))
    assert max(neighbours.values()) <= 3  # of 8: a rotation would keep them in nearly all
    together = [parts("seed", row, IDS) for row in (0, 4)]
    blocks = [{image for image in IDS if where[image] == 0} for where in together]
    assert len(blocks[0] & blocks[1]) < 15  # of 20: another cycle deals other blocks


@given(st.lists(st.sampled_from("ABC"), min_size=1, max_size=40))
def test_rows_are_balanced_in_each_group_and_nearly_so_over_all(groups):
    held = []
    for group in groups:
        row = next_row([row for other, row in held if other == group], [row for _, row in held])
        held.append((group, row))
    for group in set(groups):
        lines = [row % PARTS for other, row in held if other == group]
        assert max(map(lines.count, range(PARTS))) - min(map(lines.count, range(PARTS))) <= 1
    lines = [row % PARTS for _, row in held]
    assert max(map(lines.count, range(PARTS))) - min(map(lines.count, range(PARTS))) <= len(set(groups))
