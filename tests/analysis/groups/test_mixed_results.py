"""The mixed models and GEE of a study, as rows for the report."""

from dataclasses import astuple

import numpy as np
import pytest
from scipy.special import expit

from backend.analysis.groups.gee import gee_results
from backend.analysis.groups.mixed import fit_mixed
from backend.analysis.groups.mixed_models import study_models
from backend.analysis.groups.mixed_results import mixed_results
from backend.analysis.ratings import RatingRow, RatingsTable

MODELS = ("accuracy", "discrimination", "bias")


def table_of(answers, truth, groups):
    """A table from strings: for each rater r (real), f (fake), a dot for a blank, a space for nothing."""
    names = {"r": "real", "f": "fake", ".": None}
    return RatingsTable.from_rows(
        RatingRow(f"{group}{rater}", group, str(image), names[kind], names[answer])
        for rater, (group, row) in enumerate(zip(groups, answers, strict=True))
        for image, (kind, answer) in enumerate(zip(truth, row, strict=True))
        if answer != " "
    )


@pytest.fixture(scope="module")
def results(paper):
    return mixed_results(paper)


def model(results, name, group="all"):
    (found,) = [row for row in results.models if (row.model, row.group) == (name, group)]
    return found


def term(results, name, group="all"):
    (found,) = [row for row in results.terms if (row.model, row.group) == (name, group)]
    return found


def test_every_model_of_every_group_has_a_row(results):
    keys = [(row.model, row.group) for row in results.models]
    expected = [(name, group) for group in ("DLE", "ED", "all") for name in MODELS]
    assert keys == [*expected, ("group_difference", "all")]
    assert [(row.model, row.group) for row in results.terms] == keys
    names = ["intercept", "discrimination", "bias"] * 3
    assert [row.term for row in results.terms] == [*names, "ED - DLE"]
    assert all(row.degenerate is None for row in (*results.models, *results.terms))


def test_accuracy_is_the_fit_of_right_answers(paper, results):
    """From the rows of the table, without the package's own arrays."""
    rows = [row for row in paper.rows() if row.answer]
    y = [int(row.answer == row.truth) for row in rows]
    rater = [paper.raters.index(row.rater) for row in rows]
    image = [paper.images.index(row.image) for row in rows]
    fit = fit_mixed(y, np.ones(len(y)), rater, image)
    found, row = model(results, "accuracy"), term(results, "accuracy")
    assert (found.n, found.raters, found.images) == (636, 8, 80)
    assert (found.rater_sd, found.image_sd) == pytest.approx((fit.rater_sd, fit.image_sd), abs=1e-9)
    assert (found.loglik, found.aic) == pytest.approx((fit.loglik, fit.aic))
    assert (row.estimate, row.se, row.df) == pytest.approx((fit.coefficients[0], fit.se[0], 7))
    assert (row.ci_low, row.ci_high) == pytest.approx(fit.interval()[0])
    assert found.typical_accuracy == pytest.approx(expit(row.estimate))
    assert found.typical_accuracy_ci_low == pytest.approx(expit(row.ci_low))
    assert found.rater_sd_ci_low < found.rater_sd < found.rater_sd_ci_high


def test_the_marginal_accuracy_is_near_the_share_of_right_answers(paper, results):
    right = np.mean([row.answer == row.truth for row in paper.rows() if row.answer])
    found = model(results, "accuracy")
    assert found.marginal_accuracy == pytest.approx(right, abs=0.003)
    assert abs(found.typical_accuracy - 0.5) > abs(found.marginal_accuracy - 0.5)
    assert found.marginal_accuracy_ci_low < found.marginal_accuracy < found.marginal_accuracy_ci_high


def test_discrimination_and_bias_are_those_of_the_rates():
    """Without spread: the log odds ratio, and the mean of the two log-odds of the answer real."""
    half = ["rrrrf fffrr".replace(" ", ""), "rrfrr frffr".replace(" ", ""), "rrrfr ffrfr".replace(" ", "")]
    table = table_of(
        [*half, *(row[::-1].translate(str.maketrans("rf", "fr")) for row in half)],
        "r" * 5 + "f" * 5,
        "AAABBB",
    )
    results, answers = mixed_results(table), table.answers
    hit, false = answers[:, table.truths == 1].mean(), answers[:, table.truths == 0].mean()
    found, other = term(results, "discrimination"), term(results, "bias")
    assert model(results, "discrimination").rater_variance_zero
    log_odds = np.log([hit / (1 - hit), false / (1 - false)])
    assert found.estimate == pytest.approx(log_odds[0] - log_odds[1], rel=0.15)
    assert other.estimate == pytest.approx(log_odds.mean(), abs=1e-7)


def test_discrimination_is_twice_the_intercept_of_right_answers(paper, results):
    (study,) = [m for m in study_models(paper) if (m.model, m.group) == ("discrimination", "ED")]
    assert np.unique(study.X[:, 1]).tolist() == [-0.5, 0.5]
    fit, found = fit_mixed(study.y, study.X, study.rater, study.image), term(results, "discrimination", "ED")
    expected = [fit.coefficients[0], fit.se[0], *fit.interval()[0]]
    assert [found.estimate, found.se, found.ci_low, found.ci_high] == pytest.approx(2 * np.array(expected))
    assert (found.t, found.p_value) == pytest.approx((fit.t[0], fit.p_value[0]))


def test_a_better_group_has_a_log_odds_ratio_above_zero(results):
    found, groups = term(results, "group_difference"), model(results, "group_difference")
    assert found.estimate < 0
    assert term(results, "accuracy", "ED").estimate < term(results, "accuracy", "DLE").estimate
    assert found.df == 6
    assert groups.groups_lr_df == 1
    assert 0.5 < groups.groups_lr_p_value < groups.groups_f_p_value < 1
    assert groups.groups_lr_statistic == pytest.approx(found.t**2, rel=0.05)
    assert model(results, "accuracy").groups_lr_df is None


def test_a_zero_variance_says_so(results):
    found = model(results, "accuracy", "ED")
    assert (found.rater_variance_zero, found.rater_sd, found.rater_sd_ci_low) == (True, 0.0, 0.0)
    assert found.rater_variance_p_value == 1.0
    assert found.singular == "the rater variance is estimated as zero: raters differ no more than by chance"


def test_the_level_changes_intervals_alone(paper, results):
    narrow = mixed_results(paper, level=0.5)
    one, other = term(results, "bias"), term(narrow, "bias")
    assert one.estimate == other.estimate
    assert one.ci_low < other.ci_low < other.estimate < other.ci_high < one.ci_high
    assert model(narrow, "bias").rater_sd_ci_low > model(results, "bias").rater_sd_ci_low


def test_gee_agrees_with_the_mixed_models_where_both_ask_the_same(paper, results):
    """Averaged over the population, log-odds shrink by 1 / sqrt(1 + 0.346 variance)."""
    gee = gee_results(paper)
    assert len(gee) == 2 * len(results.terms)
    for row in results.terms:
        found = model(results, row.model, row.group)
        shrink = np.sqrt(1 + 0.346 * (found.rater_sd**2 + found.image_sd**2))
        for other in gee:
            if (other.model, other.group) == (row.model, row.group):
                assert other.degenerate is None
                assert other.term == row.term
                assert other.estimate == pytest.approx(row.estimate / shrink, abs=0.4 * row.se)
                assert other.ci_low < other.estimate < other.ci_high
                assert (other.n, other.clusters) == (found.n, getattr(found, f"{other.cluster}s"))


def reasons(table):
    results = mixed_results(table)
    for row in (*results.models, *results.terms, *gee_results(table)):
        assert all(value is None or isinstance(value, str) or np.isfinite(value) for value in astuple(row))
    return {(row.model, row.group): row.degenerate for row in results.models}


GOOD = ("rrfrfffr", "rfrrrffr", "frrrfrff", "rrrffffr")


def test_only_reals_have_an_accuracy_alone():
    found = reasons(table_of(GOOD, "rrrrrrrr", "AABB"))
    assert found["accuracy", "all"] is None
    assert found["discrimination", "all"] == found["bias", "all"] == "no answer to a fake image"


def test_one_rater_and_one_image():
    assert reasons(table_of(GOOD[:1], "rrrrffff", "A"))["accuracy", "all"].startswith("one rater only")
    assert reasons(table_of("rfrf", "r", "AABB"))["accuracy", "all"].startswith("one image only")


def test_a_group_of_one_stands_in_the_difference_alone():
    found = reasons(table_of(GOOD, "rrrrffff", "AAAB"))
    assert found["accuracy", "B"].startswith("one rater only")
    assert found["group_difference", "all"] is None
    pairs = reasons(table_of(GOOD, "rrrrffff", "ABCD"))
    assert pairs["group_difference", "all"].startswith("one rater in each group")


def test_everyone_always_right_or_always_real():
    found = reasons(table_of(["rrrrffff"] * 4, "rrrrffff", "AABB"))
    assert found["accuracy", "all"] == "every answer is right: the log-odds are infinite"
    assert (
        found["discrimination", "all"] == "every answer to a fake image is right: the log-odds are infinite"
    )
    found = reasons(table_of(["rrrrrrrr"] * 4, "rrrrffff", "AABB"))
    assert found["bias", "A"] == "every answer to a fake image is real: the log-odds are infinite"
    found = reasons(table_of([*GOOD[:2], "rrrrffff", "rrrrffff"], "rrrrffff", "AABB"))
    assert found["group_difference", "all"] == "every answer of group B is right: the log-odds are infinite"


def test_nobody_answered():
    found = reasons(table_of(["....", "...."], "rrff", "AB"))
    assert set(found.values()) == {"no answer"}


def test_a_group_without_answers_leaves_the_others():
    found = reasons(table_of([*GOOD, "........"], "rrrrffff", "AAAAB"))
    assert found["accuracy", "A"] is None
    assert found["accuracy", "B"] == "no answer"
    assert found["group_difference", "all"] == "no answer of group B"


def test_one_real_and_one_fake_leave_no_interval():
    table = table_of(["rf", "ff", "rr", "fr", "rf", "rf"], "rf", "AAABBB")
    found = term(mixed_results(table), "discrimination")
    assert found.estimate > 0
    assert (found.df, found.p_value, found.ci_low, found.ci_high) == (0, None, None, None)
    assert found.degenerate == "too few images for an interval"


def test_large_studies_are_left_to_the_library(paper):
    for row in (*mixed_results(paper, largest=600).models, *gee_results(paper, largest=600)):
        assert (row.degenerate is None) == (row.n <= 600)
        if row.n > 600:
            assert row.degenerate == "636 answers are more than the report fits (600)"


def test_the_models_leave_missing_answers_out(paper):
    answered = RatingsTable.from_rows(row for row in paper.rows() if row.answer)
    for one, other in zip(study_models(paper), study_models(answered), strict=True):
        assert np.array_equal(one.y, other.y)
        assert np.array_equal(one.X, other.X)
