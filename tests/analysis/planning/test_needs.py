"""How many: the smallest number of the grid that does, none if none does, and why."""

from dataclasses import replace

import pytest

from backend.analysis.planning.design import Design
from backend.analysis.planning.needs import needs
from backend.analysis.planning.simulate import simulate

DESIGN = Design(raters=(3, 8, 12), images=(40, 80), margin=0.1, width=0.13, simulations=400)
STUDY = simulate(replace(DESIGN, raters=(3,), images=(40,), simulations=100))[0]
POWERS = {(3, 40): 0.1, (3, 80): 0.2, (8, 40): 0.6, (8, 80): 0.79, (12, 40): 0.75, (12, 80): 0.9}
WIDTHS = {(3, 40): 0.4, (3, 80): 0.3, (8, 40): 0.15, (8, 80): 0.13, (12, 40): 0.125, (12, 80): 0.1}
STUDIES = tuple(
    replace(
        STUDY, raters=r, images=i, superiority_power=power, equivalence_power=power / 2, width=WIDTHS[r, i]
    )
    for (r, i), power in POWERS.items()
)


@pytest.fixture(scope="module")
def found():
    return {(need.goal, need.given, need.number): need for need in needs(DESIGN, STUDIES)}


def test_every_goal_is_answered_for_every_number(found):
    assert len(found) == 3 * (3 + 2)
    without = needs(replace(DESIGN, margin=None, width=None), STUDIES)
    assert {need.goal for need in without} == {"superiority"}


def test_the_smallest_that_does(found):
    need = found["superiority", "images", 80]
    assert (need.needed, need.reached, need.best, need.other) == (12, 0.9, 0.9, "raters")
    need = found["superiority", "raters", 12]
    assert (need.needed, need.reached, need.other) == (80, 0.9, "images")


def test_a_width_is_reached_from_above(found):
    need = found["width", "raters", 12]
    assert (need.needed, need.reached, need.best) == (40, 0.125, 0.1)
    need = found["width", "images", 80]
    assert (need.needed, need.reached) == (8, 0.13)


def test_none_is_said_with_the_best_there_is(found):
    need = found["superiority", "raters", 8]
    assert (need.needed, need.reached, need.best) == (None, None, 0.79)
    assert found["equivalence", "images", 80].needed is None


def test_few_raters_are_a_bound_and_eight_are_not(found):
    assert found["superiority", "raters", 3].bounded
    assert found["superiority", "raters", 3].limit < 0.5
    assert not found["superiority", "raters", 8].bounded
    assert found["width", "raters", 3].bounded
    assert found["width", "raters", 3].limit > 0.2
    assert not found["width", "raters", 12].bounded
