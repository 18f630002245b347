"""What more images, or more raters, can and cannot do."""

import pytest

from backend.analysis.planning.design import Design
from backend.analysis.planning.limits import with_all_images, with_all_raters
from backend.analysis.planning.simulate import simulate

SETTING = {"rater_sd": 0.4, "image_sd": 0.6, "margin": 0.12, "seed": 4}


def test_many_images_come_near_what_all_would_give():
    limit = with_all_images(Design(**SETTING), 5)
    (study,) = simulate(Design(raters=(5,), images=(4000,), simulations=600, **SETTING))
    assert study.superiority_power == pytest.approx(limit.superiority, abs=0.07)
    assert study.equivalence_power == pytest.approx(limit.equivalence, abs=0.07)
    assert study.width == pytest.approx(limit.width, rel=0.08)


def test_many_raters_come_near_what_all_would_give():
    setting = SETTING | {"tpr": 0.7, "tnr": 0.45, "fakes_share": 0.4}
    limit = with_all_raters(Design(**setting), 20)
    (study,) = simulate(Design(raters=(2000,), images=(20,), simulations=600, **setting))
    assert study.superiority_power == pytest.approx(limit.superiority, abs=0.07)
    assert study.equivalence_power == pytest.approx(limit.equivalence, abs=0.07)
    assert study.width == pytest.approx(limit.width, rel=0.08)


def test_raters_who_are_all_alike_are_no_bound():
    alike = with_all_images(Design(rater_sd=0, margin=0.1, simulations=200), 3)
    assert (alike.superiority, alike.equivalence) == (1, 1)
    assert alike.width == pytest.approx(0, abs=1e-12)
    assert with_all_images(Design(rater_sd=0, tpr=0.5, tnr=0.5, simulations=200), 3).superiority == 0
    assert with_all_images(Design(simulations=200), 3).equivalence is None


def test_the_fewer_raters_the_lower_the_bound():
    powers = [with_all_images(Design(), raters).superiority for raters in (2, 3, 5, 8, 20)]
    assert powers == sorted(powers)
    assert powers[0] < 0.3
    assert powers[-1] > 0.99
