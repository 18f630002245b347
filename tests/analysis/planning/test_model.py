"""The crossed model: its marginal accuracy, and the studies that are drawn from it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from backend.analysis.planning.model import CrossedModel, Draws, intercept, marginal


@pytest.mark.parametrize("sd", [0.1, 0.5, 1, 2, 3])
@pytest.mark.parametrize("mu", [-2, 0.3, 4])
def test_the_quadrature_is_the_integral(mu, sd):
    expected, _ = quad(lambda z: expit(mu + sd * z) * norm.pdf(z), -12, 12, epsabs=1e-12, limit=200)
    assert float(marginal(mu, sd)) == pytest.approx(expected, abs=1e-8)


@given(st.floats(0.01, 0.99), st.floats(0, 3))
def test_the_intercept_gives_its_accuracy_back(accuracy, sd):
    assert float(marginal(intercept(accuracy, sd), sd)) == pytest.approx(accuracy, abs=1e-10)


def test_one_half_needs_no_intercept():
    assert intercept(0.5, 2.0) == 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        intercept(1.0, 0.5)


def drawn(model, studies=400, raters=20, reals=30, fakes=20, seed=1):
    draws = Draws.make(np.random.default_rng(seed), studies, raters, reals + fakes)
    return draws.right(model, reals, fakes)


def test_reals_and_fakes_have_their_own_accuracies():
    right = drawn(CrossedModel(0.8, 0.4, 0.4, 0.7), studies=1000)
    assert right.shape == (1000, 20, 50)
    assert right[..., :30].mean() == pytest.approx(0.8, abs=0.01)
    assert right[..., 30:].mean() == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize(("rater_sd", "image_sd"), [(0, 0), (0.6, 0), (0, 0.6), (0.5, 0.9)])
def test_answers_hang_together_by_rater_and_by_image_as_the_model_says(rater_sd, image_sd):
    right = drawn(CrossedModel(0.65, 0.65, rater_sd, image_sd), studies=2000).astype(float)
    mu, sd = intercept(0.65, np.hypot(rater_sd, image_sd)), np.hypot(rater_sd, image_sd)
    by_rater = np.mean(right[:, :, 0] * right[:, :, 1])
    by_image = np.mean(right[:, :-1] * right[:, 1:])
    neither = np.mean(right[:, 0, 0] * right[:, 1, 1])
    for found, shared in ((by_rater, rater_sd), (by_image, image_sd)):
        rest = np.sqrt(sd**2 - shared**2)
        expected, _ = quad(lambda z, s=shared, r=rest: marginal(mu + s * z, r) ** 2 * norm.pdf(z), -9, 9)
        assert found == pytest.approx(expected, abs=0.01)
    assert neither == pytest.approx(0.65**2, abs=0.04)


def test_a_smaller_study_is_part_of_the_larger_one():
    draws = Draws.make(np.random.default_rng(2), 10, 5, 12)
    part = Draws(draws.rater[:, :3], draws.image[..., :7], draws.toss[:, :3, :7])
    model = CrossedModel(0.6, 0.6, 0.3, 0.5)
    assert np.array_equal(part.right(model, 7, 0), draws.right(model, 12, 0)[:, :3, :7])
