"""The mixed model on published data, against what lme4 and MixedModels.jl give for them."""

from math import comb, log

import numpy as np
import pytest

from backend.analysis.groups.mixed import fit_mixed
from backend.analysis.groups.mixed_compare import drop_terms, drop_variance

# Lesnoff et al. (2004), Prev. Vet. Med. 64:115: new cases of a cattle disease / animals at risk in 15 herds
# (a row each) and up to four periods; `cbpp` of R's lme4.
CBPP = """2/14 3/12 4/9 0/5, 3/22 1/18 1/21, 8/22 2/16 0/16 2/20, 2/10 0/10 2/9 0/6, 5/18 0/25 0/24 1/4,
3/17 0/17 0/18 1/20, 8/16 1/10 3/9 0/5, 12/34, 2/9 0/6 0/8 0/6, 1/22 1/22 0/18 2/22, 0/25 5/27 3/22 1/22,
2/10 1/8 0/6 0/5, 1/21 2/24 0/19 0/23, 11/19 0/2 0/3 0/2, 1/19 1/15 1/15 0/15"""

# McCullagh & Nelder (1989), Generalized Linear Models, section 14.5: 20 female (a row each) and 20 male
# salamanders, each female with six males; three experiments, taken as of 60 females and 60 males. The first
# ten of either sex are rough butts (R), the others whitesides (W).
MALES = """1 14 5 11 4 15, 5 15 3 13 1 12, 2 11 1 14 3 13, 4 12 2 15 5 14, 3 13 4 12 2 11, 19 9 20 7 16 8,
18 8 19 9 17 6, 16 6 17 10 20 9, 20 7 18 6 19 10, 17 10 16 8 18 7, 9 19 7 20 10 18, 7 16 9 17 6 20,
8 17 6 19 7 16, 10 20 8 18 9 19, 6 18 10 16 8 17, 15 2 13 4 12 1, 14 1 15 2 11 5, 11 4 12 5 15 3,
13 3 11 1 14 4, 12 5 14 3 13 2"""
MATINGS = (
    """111011 111111 101111 111011 111111 111011 000100 010011 001111 001010
    011101 000100 000001 011101 010000 001000 111011 101010 111110 100110""",
    """101010 111001 011111 100000 101000 111000 110101 100010 111101 001110
    010001 010001 010101 001101 000000 101111 101000 000000 111111 101110""",
    """111011 000100 111011 101100 011010 011111 010000 111110 001011 011111
    000101 010101 101001 111000 011101 001000 101000 001010 100010 001010""",
)


@pytest.fixture(scope="module")
def cbpp():
    """The fit, and the logarithm of the binomial coefficients, which Bernoulli rows lack."""
    y, herd, period, constant = [], [], [], 0.0
    for code, cells in enumerate(CBPP.split(",")):
        for when, cell in enumerate(cells.split()):
            cases, size = map(int, cell.split("/"))
            y += [1] * cases + [0] * (size - cases)
            herd += [code] * size
            period += [when] * size
            constant += log(comb(size, cases))
    assert (len(y), sum(y)) == (842, 99)
    X = np.column_stack([np.ones(842), *(np.equal(period, when) for when in (1, 2, 3))])
    return fit_mixed(y, X, herd, None, ["one", "period2", "period3", "period4"]), constant


@pytest.fixture(scope="module")
def salamanders():
    male = np.array([[int(m) for m in row.split()] for row in MALES.split(",")]).ravel()
    female = np.repeat(np.arange(1, 21), 6)
    y = np.array([int(c) for matings in MATINGS for c in "".join(matings.split())])
    f, m = np.tile(female > 10, 3), np.tile(male > 10, 3)
    X = np.column_stack([~f & ~m, ~f & m, f & ~m, f & m])
    experiment = np.repeat([0, 20, 40], 120)
    return fit_mixed(
        y, X, np.tile(female, 3) + experiment, np.tile(male, 3) + experiment, ["RR", "RW", "WR", "WW"]
    )


def test_cbpp_is_that_of_mixedmodels_jl(cbpp):
    fit, constant = cbpp
    assert fit.coefficients == pytest.approx([-1.39853, -0.992335, -1.12867, -1.58031], abs=6e-6)
    assert fit.rater_sd == pytest.approx(0.642036, abs=5e-4)
    assert fit.loglik + constant == pytest.approx(-92.02628, abs=5e-6)
    assert fit.aic - 2 * constant == pytest.approx(194.1, abs=0.05)
    assert fit.converged


def test_cbpp_is_that_of_glmer(cbpp):
    """What lme4's help prints, whose search stops a little short of the maximum (deviance 184.0531)."""
    fit, constant = cbpp
    assert fit.coefficients == pytest.approx([-1.3983, -0.9919, -1.1282, -1.5797], abs=1e-3)
    assert fit.se == pytest.approx([0.2312, 0.3032, 0.3228, 0.4220], abs=6e-3)
    assert fit.rater_sd == pytest.approx(0.6421, abs=5e-4)
    assert 184.0525 < fit.deviance - 2 * constant < 184.0531
    assert (fit.raters, fit.images, fit.image_sd, fit.image_modes) == (15, 0, None, None)


def test_salamanders_are_those_of_glmer(salamanders):
    """Crossed effects: glmer(Mate ~ -1 + Cross + (1 | Female) + (1 | Male)), as printed."""
    fit = salamanders
    assert (fit.n, fit.raters, fit.images) == (360, 60, 60)
    assert fit.coefficients == pytest.approx([1.0082, 0.3062, -1.8960, 0.9904], abs=6e-5)
    assert fit.se == pytest.approx([0.3937, 0.3747, 0.4460, 0.3912], abs=1e-4)
    assert (fit.rater_sd**2, fit.image_sd**2) == pytest.approx((1.174, 1.041), abs=6e-4)
    assert fit.loglik == pytest.approx(-209.2766, abs=5e-5)
    assert fit.aic == pytest.approx(430.6, abs=0.05)
    correlation = fit.covariance[:4, :4] / np.outer(fit.se, fit.se)
    assert correlation[0, 1:3] == pytest.approx([0.280, 0.112], abs=1e-3)
    assert correlation[1, 2] == pytest.approx(-0.019, abs=1e-3)


def test_salamanders_differ_and_crosses_matter(salamanders):
    for factor in ("rater", "image"):
        test = drop_variance(salamanders, factor)
        assert test.p_value < 1e-3
        assert test.statistic > 10
    assert drop_terms(salamanders, ["WR"]).p_value < 1e-5
