"""The simulated studies: what they show where it is known what they must show."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from backend.analysis.agreement.fleiss import fleiss_kappa
from backend.analysis.planning import simulate as module
from backend.analysis.planning.design import Design
from backend.analysis.planning.kappa import kappa_widths
from backend.analysis.planning.model import NODES, WEIGHTS, Draws, intercept
from backend.analysis.planning.simulate import simulate

SMALL = Design(raters=(3, 8), images=(40, 80), simulations=400, seed=7)


def test_every_cell_of_the_grid_is_there_with_its_reals_and_fakes():
    found = simulate(SMALL)
    assert [(s.raters, s.images, s.reals, s.fakes) for s in found] == [
        (3, 40, 25, 15),
        (3, 80, 50, 30),
        (8, 40, 25, 15),
        (8, 80, 50, 30),
    ]


def test_what_was_not_asked_is_none():
    (study, *_) = simulate(SMALL)
    assert (study.equivalence_power, study.equivalence_power_se) == (None, None)
    assert (study.narrow_share, study.narrow_share_se) == (None, None)


def test_the_same_seed_gives_the_same_digits_and_another_others():
    assert simulate(SMALL) == simulate(SMALL)
    assert simulate(SMALL) != simulate(replace(SMALL, seed=8))


def test_progress_counts_every_study(monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 640 * 30)
    told = []
    simulate(SMALL, lambda *what: told.append(what))
    assert told[0] == ("Simulated studies", 30, 400)
    assert told[-1] == ("Simulated studies", 400, 400)
    assert len(told) == 14


def test_the_monte_carlo_error_is_that_of_a_share_and_of_a_mean():
    (study,) = simulate(replace(SMALL, raters=(8,), images=(80,)))
    p = study.superiority_power
    assert study.superiority_power_se == pytest.approx(np.sqrt(p * (1 - p) / 400))
    widths = [
        simulate(replace(SMALL, raters=(8,), images=(80,), simulations=100, seed=s))[0] for s in range(40)
    ]
    assert np.std([one.width for one in widths]) == pytest.approx(widths[0].width_se, rel=0.4)


def test_at_one_half_the_power_is_the_error_rate():
    design = Design(raters=(8,), images=(80,), tpr=0.5, tnr=0.5, simulations=4000)
    (study,) = simulate(design)
    assert study.superiority_power == pytest.approx(0.05, abs=0.012)
    assert study.superiority_power == pytest.approx(1 - study.coverage)


@pytest.mark.parametrize("rater_sd", [0, 0.5])
def test_the_interval_keeps_its_coverage(rater_sd):
    for study in simulate(Design(raters=(5, 12), images=(60,), rater_sd=rater_sd, simulations=4000)):
        assert 0.935 <= study.coverage <= 0.985


def test_outside_the_margin_equivalence_is_shown_as_rarely_as_alpha_allows():
    near = Design(raters=(12,), images=(120,), margin=0.1, equivalence_accuracy=0.5999, simulations=4000)
    (study,) = simulate(near)
    assert 0.03 < study.equivalence_power < 0.065


def test_power_grows_with_raters_images_and_truth_and_falls_with_spread():
    few, more_images, more_raters, most = simulate(SMALL)
    assert few.superiority_power < more_images.superiority_power < most.superiority_power
    assert few.superiority_power < more_raters.superiority_power < most.superiority_power
    assert few.width > more_images.width > most.width

    def power(**changes):
        return simulate(replace(SMALL, **changes))[-1].superiority_power

    assert power(tpr=0.65, tnr=0.65) > most.superiority_power > power(rater_sd=0.8)


@pytest.mark.parametrize("image_sd", [0.5, 1])
def test_many_raters_leave_the_spread_of_images(image_sd):
    (study,) = simulate(replace(SMALL, raters=(300,), images=(40,), rater_sd=0, image_sd=image_sd))
    # The interval's width is near 2 x 1.96 standard errors: of the images, and of chance.
    second_moment = WEIGHTS @ expit(intercept(0.6, image_sd) + image_sd * NODES) ** 2
    variance = (second_moment - 0.36) / 40 + (0.6 - second_moment) / (300 * 40)
    assert study.width == pytest.approx(2 * 1.96 * np.sqrt(variance), rel=0.05)


def test_where_classes_differ_the_measure_decides_what_is_true():
    of = replace(SMALL, raters=(8,), images=(80,), tpr=0.85, tnr=0.15, rater_sd=0.1, simulations=1000)
    (accuracy,) = simulate(of)
    assert accuracy.truth == pytest.approx(0.5875)
    assert accuracy.superiority_power > 0.9, "who calls most images real seems better than chance"
    (balanced,) = simulate(replace(of, measure="balanced_accuracy"))
    assert balanced.truth == pytest.approx(0.5)
    assert balanced.superiority_power < 0.07
    assert balanced.coverage > 0.93


def test_the_share_of_narrow_intervals():
    wide, narrow = (simulate(replace(SMALL, width=width))[-1] for width in (0.9, 0.01))
    assert (wide.narrow_share, narrow.narrow_share) == (1, 0)


def test_studies_of_the_same_answers_by_everyone_do_no_harm():
    for truth in (0.001, 0.999):
        for study in simulate(Design(raters=(2,), images=(4,), tpr=truth, tnr=truth, simulations=200)):
            assert study.width > 0.9
            assert study.superiority_power < 0.05
            assert study.coverage > 0.9


def test_the_width_of_kappas_interval_is_that_of_the_report():
    design = replace(SMALL, raters=(8,), images=(80,), kappa=True, fakes_share=0, simulations=100)
    (study,) = simulate(design)
    widths = kappa_widths(design)[0]
    assert (study.kappa_width, len(widths)) == (pytest.approx(widths.mean()), 50)
    draws = Draws.make(np.random.default_rng([design.seed, 50]), 1, 8, 80)
    real = draws.right(design.model, 80, 0)[0].sum(axis=0)
    low, high = fleiss_kappa(np.stack([8 - real, real], axis=1)).interval(0.95)
    assert widths[0] == pytest.approx(high - low)


def test_kappa_is_of_answers_and_not_of_who_is_right():
    design = replace(SMALL, raters=(8,), images=(80,), tpr=0.95, tnr=0.95, rater_sd=0, image_sd=0, kappa=True)
    assert simulate(design)[0].kappa_width == pytest.approx(0.17, abs=0.04)
    assert simulate(replace(design, kappa=False))[0].kappa_width is None


def test_kappa_that_no_study_defines_is_none():
    design = replace(SMALL, tpr=1 - 1e-9, tnr=1e-9, rater_sd=0, image_sd=0, kappa=True, simulations=100)
    assert {study.kappa_width for study in simulate(design)} == {None}
