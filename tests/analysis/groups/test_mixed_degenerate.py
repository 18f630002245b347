"""Mixed models that cannot be fitted say why; nothing crashes, warns, or gives an infinite number."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.analysis.groups.mixed import fit_mixed
from backend.analysis.groups.mixed_compare import drop_terms, drop_variance

RATER, IMAGE = np.indices((4, 6)).reshape(2, -1)
MIXED = np.array([[1, 1, 0, 1, 1, 1], [1, 0, 0, 1, 0, 0], [0, 1, 0, 1, 1, 1], [1, 0, 1, 0, 0, 0]]).ravel()
ONES = np.ones(24)


def nothing(fit):
    """Whether the fit holds no estimate at all."""
    empty = (fit.coefficients, fit.se, fit.rater_sd, fit.image_sd, fit.loglik, fit.converged, fit.t)
    intervals = [
        limits for method in ("calibrated", "profile", "t", "wald") for limits in fit.interval(method=method)
    ]
    intervals += [fit.sd_interval("rater"), fit.sd_interval("image")]
    return all(value is None for value in (*empty, *fit.p_value)) and set(intervals) == {(None, None)}


@pytest.mark.parametrize(
    ("y", "X", "rater", "image", "reason"),
    [
        (MIXED * 0 - 1, ONES, RATER, IMAGE, "no answer"),
        (MIXED * 0 + 1, ONES, RATER, IMAGE, "every response is 1: its log-odds are infinite"),
        (MIXED * 0, ONES, RATER, IMAGE, "every response is 0: its log-odds are infinite"),
        (MIXED, ONES, RATER * 0, IMAGE, "one rater only: the spread between raters cannot be told"),
        (MIXED, ONES, RATER, IMAGE * 0 + 5, "one image only: the spread between images cannot be told"),
        (MIXED, ONES, RATER, np.arange(24), "no image has two answers"),
        (MIXED, ONES, RATER, RATER + 3, "each rater has one image and each image one rater"),
        (RATER % 2, ONES, RATER, IMAGE, "each rater's responses are all alike"),
        (IMAGE % 2, ONES, RATER, IMAGE, "each image's responses are all alike"),
        (MIXED, np.column_stack([ONES, ONES]), RATER, IMAGE, "the terms are collinear: x0, x1"),
        (MIXED, np.column_stack([ONES, MIXED]), RATER, IMAGE, "separation: infinite coefficients of x0, x1"),
        (
            np.where(RATER < 2, MIXED, 1),
            np.column_stack([ONES, RATER >= 2]),
            RATER,
            IMAGE,
            "separation: infinite coefficients of x1",
        ),
    ],
)
def test_no_estimate_has_a_reason(y, X, rater, image, reason):
    fit = fit_mixed(y, X, rater, image)
    assert nothing(fit)
    assert reason in fit.degenerate
    assert drop_terms(fit, ["x0"]).degenerate == drop_variance(fit, "rater").degenerate == fit.degenerate


def test_too_many_levels_are_refused():
    many = np.arange(6000)
    fit = fit_mixed(many % 2, np.ones(12000)[:6000], many // 2, (many // 2 * 7 + many) % 3000)
    assert "too many: the fit would take minutes" in fit.degenerate


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": MIXED + 1}, "y must be a sequence of 1, 0 and -1"),
        ({"X": np.ones(5)}, "X must be a finite table"),
        ({"X": ONES * np.inf}, "X must be a finite table"),
        ({"rater": RATER[:5]}, "must have a code for each"),
        ({"rater": None, "image": None}, "needs raters or images"),
        ({"terms": ["a", "b"]}, "2 terms are named, but X has 1"),
    ],
)
def test_what_does_not_fit_is_an_error(change, message):
    with pytest.raises(ValueError, match=message):
        fit_mixed(**{"y": MIXED, "X": ONES, "rater": RATER, "image": IMAGE, **change})


def test_unknown_methods_factors_and_terms_are_errors():
    fit = fit_mixed(MIXED, ONES, RATER, IMAGE)
    with pytest.raises(ValueError, match="method must be"):
        fit.interval(method="exact")
    with pytest.raises(ValueError, match="method must be"):
        fit.p_values("z")
    with pytest.raises(ValueError, match="factor must be"):
        fit.sd_interval("group")
    with pytest.raises(ValueError, match="terms to drop"):
        drop_terms(fit, ["x7"])
    with pytest.raises(ValueError, match="no image variance"):
        drop_variance(fit_mixed(MIXED, ONES, RATER, None), "image")


def test_as_many_groups_as_raters_leave_no_degrees_of_freedom():
    fit = fit_mixed(MIXED, np.column_stack([ONES, *(code == RATER for code in (1, 2, 3))]), RATER, IMAGE)
    assert fit.df.tolist() == [0] * 4
    assert fit.interval()[1] == (None, None)
    assert fit.p_value == (None,) * 4
    assert fit.interval(method="wald")[1][0] < fit.coefficients[1]
    assert drop_terms(fit, ["x1", "x2", "x3"]).f_p_value is None


def test_a_rater_or_image_without_answers_does_not_count():
    y = np.where((RATER == 1) | (IMAGE == 2), -1, MIXED)
    fit = fit_mixed(y, ONES, RATER, IMAGE)
    assert (fit.n, fit.raters, fit.images) == (15, 3, 5)
    assert fit.rater_modes.code.tolist() == [0, 2, 3]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda raters: st.lists(
            st.lists(st.sampled_from([-1, 0, 0, 1, 1]), min_size=raters, max_size=raters),
            min_size=1,
            max_size=9,
        )
    )
)
def test_any_table_gives_finite_estimates_or_a_reason(answers):
    table = np.array(answers)
    image, rater = np.indices(table.shape).reshape(2, -1)
    fit = fit_mixed(table.ravel(), np.ones(table.size), rater, image)
    if fit.degenerate:
        assert nothing(fit)
        return
    assert np.isfinite([*fit.coefficients, *fit.se, fit.rater_sd, fit.image_sd, fit.loglik]).all()
    assert fit.converged
    assert min(fit.rater_sd, fit.image_sd) >= 0
    low, high = fit.sd_interval("image")
    assert 0 <= low <= fit.image_sd + 1e-9
    assert high is None or high > fit.image_sd
    assert 0 < drop_variance(fit, "rater").p_value <= 1
