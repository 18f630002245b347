"""Generators against shared reals: by hand, against the groups' rates, and degenerate studies."""

from dataclasses import asdict

import numpy as np
import pytest

from backend.analysis.groups.random_effects import random_effects_results
from backend.analysis.images.sources import NO_SOURCE, generator_results


def only(results, source, group="all"):
    (found,) = [r for r in results if (r.source, r.group) == (source, group)]
    return found


def by_rater(table, source, group, right):
    """Each rater's share of answers to one source that are ``right``, without the package's arrays."""
    shares = []
    for rater in table.raters:
        rows = [r for r in table.rows() if r.rater == rater and group in (r.group, "all")]
        answers = [r.answer for r in rows if r.source == source and r.answer]
        if answers:
            shares.append(answers.count(right) / len(answers))
    return np.array(shares)


@pytest.mark.parametrize("group", ["DLE", "ED", "all"])
@pytest.mark.parametrize("source", ["pgan", "dcgan", "lapgan"])
def test_rates_are_means_over_raters(three_generators, source, group):
    found = only(generator_results(three_generators), source, group)
    rows = [r for r in three_generators.rows() if r.source == source and group in (r.group, "all")]
    answers = [r.answer for r in rows if r.answer]
    assert (found.n, found.missing) == (len(answers), len(rows) - len(answers))
    assert (found.called_real, found.images, found.reals) == (answers.count("real"), 10, 20)
    fpr = by_rater(three_generators, source, group, "real")
    tpr = by_rater(three_generators, "real", group, "real")
    assert found.raters == len(fpr)
    assert found.fpr == pytest.approx(fpr.mean())
    assert found.tnr == pytest.approx(1 - fpr.mean())
    assert found.tpr == pytest.approx(tpr.mean())
    assert found.balanced_accuracy == pytest.approx(((tpr + 1 - fpr) / 2).mean())
    assert (found.tnr_ci_low, found.tnr_ci_high) == pytest.approx(
        (1 - found.fpr_ci_high, 1 - found.fpr_ci_low)
    )
    for name in ("fpr", "tnr", "tpr", "balanced_accuracy", "d_prime"):
        values = asdict(found)
        assert values[f"{name}_ci_low"] < values[name] < values[f"{name}_ci_high"]
        assert values[f"{name}_se"] > 0


def test_one_generator_has_the_groups_rates_and_intervals(table_of, three_generators):
    answers = three_generators.answers[:, np.argsort(three_generators.images)]
    letters = ["".join("FR."[code] for code in row) for row in answers]
    truths = ["FR"[code] for code in three_generators.truths[np.argsort(three_generators.images)]]
    sources = ["real" if truth == "R" else "pgan" for truth in truths]
    table = table_of(letters, truths, sources)
    found = asdict(only(generator_results(table), "pgan"))
    for row in random_effects_results(table):
        if row.group == "all" and row.measure in ("fpr", "tnr", "tpr", "balanced_accuracy"):
            assert found[row.measure] == pytest.approx(row.estimate)
            assert found[f"{row.measure}_se"] == pytest.approx(row.se)
            assert found[f"{row.measure}_ci_low"] == pytest.approx(row.ci_low)
            assert found[f"{row.measure}_ci_high"] == pytest.approx(row.ci_high)


def test_rows_go_by_group_and_then_by_name(three_generators):
    keys = [(r.group, r.source) for r in generator_results(three_generators)]
    assert keys == [(g, s) for g in ("DLE", "ED", "all") for s in ("dcgan", "lapgan", "pgan")]


def test_a_higher_level_is_wider(three_generators):
    narrow, wide = (only(generator_results(three_generators, level=p), "pgan") for p in (0.8, 0.99))
    assert wide.fpr_ci_low < narrow.fpr_ci_low < narrow.fpr_ci_high < wide.fpr_ci_high
    assert wide.d_prime_ci_low < narrow.d_prime_ci_low


def test_without_sources_all_fakes_are_one_row_that_says_so(paper):
    (dle, ed, everyone) = generator_results(paper)
    assert [r.source for r in (dle, ed, everyone)] == [None] * 3
    assert everyone.degenerate == NO_SOURCE
    assert (everyone.images, everyone.reals, everyone.missing) == (30, 50, 1)
    assert everyone.fpr == pytest.approx(by_rater_truth(paper).mean())


def by_rater_truth(table):
    fakes = table.answers[:, table.truths == 0]
    return np.array([(row == 1).sum() / (row >= 0).sum() for row in fakes])


def test_fakes_without_a_source_are_left_out(table_of):
    results = generator_results(table_of(["RFRF", "RRFF"], "RFFF", ["real", "pgan", "pgan", ""]))
    assert [r.source for r in results] == ["pgan", "pgan"]
    assert results[-1].n == 4


def test_a_study_of_reals_alone_has_no_generator(table_of):
    assert generator_results(table_of(["RF"], "RR", ["real", "real"])) == ()


@pytest.mark.parametrize(
    ("answers", "truths", "undefined", "reason"),
    [
        (["RRFF"], "RRFF", {"fpr_se", "tpr_se", "balanced_accuracy_se", "d_prime_se"}, "only one rater"),
        (["RF", "FF"], "FF", {"tpr", "balanced_accuracy", "d_prime"}, "no rater has the rate (tpr"),
        (["RRF", "RFF"], "RRF", {"fpr_se", "balanced_accuracy_se", "d_prime_se"}, "only one image"),
        (["RR..", "RF.."], "RRFF", {"fpr", "tnr", "balanced_accuracy", "d_prime"}, "no rater has the rate"),
        (["RRRR"] * 3, "RRFF", {"fpr_ci_low", "tpr_ci_low"}, "do not vary"),
    ],
)
def test_what_is_undefined_is_none_with_a_reason(table_of, answers, truths, undefined, reason):
    sources = ["real" if truth == "R" else "pgan" for truth in truths]
    found = generator_results(table_of(answers, truths, sources))[-1]
    values = asdict(found)
    assert {name for name in undefined if values[name] is None} == undefined
    assert reason in found.degenerate
    assert all(np.isfinite(value) for value in values.values() if isinstance(value, float))
