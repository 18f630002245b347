"""The randomization test against every order, and its size."""

from itertools import permutations, product

import numpy as np
import pytest
from scipy.special import ndtr

from backend.analysis.course.randomization import one_order, randomization_p
from backend.analysis.course.trend import Responses


def test_its_variance_is_that_of_all_orders():
    truths = np.array([0, 1, 1, 0, 1])
    response = np.array([[0.0, 1, 1, 1, 0], [1, 0, 1, 0, 0]])
    position = np.array([[1.0, 2, 3, 4, 5], [5, 1, 2, 4, 3]])
    answered = np.array([[True, True, True, True, True], [True, True, False, True, True]])
    centred = np.zeros_like(response)
    for r, kind in product((0, 1), (0, 1)):
        cells = answered[r] & (truths == kind)
        centred[r, cells] = response[r, cells] - response[r, cells].mean()
    sums = [
        [np.dot(centred[r, answered[r]], order) for order in permutations(position[r, answered[r]])]
        for r in (0, 1)
    ]
    variance = np.var(sums[0]) + np.var(sums[1])
    statistic = (centred * position).sum()
    found = randomization_p(Responses(response, position, answered, truths))
    assert found == pytest.approx(2 * ndtr(-abs(statistic) / np.sqrt(variance)))


def test_it_is_right_as_often_as_it_says():
    random = np.random.default_rng(1)
    truths = np.arange(30) % 2
    response = (random.random((3, 30)) < 0.6).astype(float)
    answered = np.full((3, 30), True)
    found = [
        randomization_p(
            Responses(response, np.array([random.permutation(30) + 1.0 for _ in range(3)]), answered, truths)
        )
        for _ in range(1000)
    ]
    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.02)


def test_where_nothing_varies_there_is_none():
    position, truths = np.array([[1.0, 2, 3]]), np.array([1, 1, 1])
    answered = position > 0
    for response in (np.ones((1, 3)), np.full((1, 3), np.log(812.5))):
        assert randomization_p(Responses(response, position, answered, truths)) is None
    assert randomization_p(Responses(np.array([[1.0, 0, 1]]), position, answered & False, truths)) is None


def test_one_order_for_all_is_recognised():
    position = np.array([[1.0, 2, 3], [1, 2, 3]])
    truths, answered = np.array([1, 1, 0]), np.full((2, 3), True)
    assert one_order(Responses(position, position, answered, truths)) is True
    assert (
        one_order(Responses(position, position[:, ::-1] * [[1], [0]] + [[0], [1]], answered, truths)) is False
    )
    assert one_order(Responses(position, position, np.array([[True] * 3, [False] * 3]), truths)) is None
    blank = np.where([[True] * 3, [True, False, True]], position, np.nan)
    assert one_order(Responses(position, blank, ~np.isnan(blank), truths)) is True
