"""Generators compared: by hand, against every rearrangement, and degenerate studies."""

from dataclasses import asdict
from itertools import combinations, product

import numpy as np
import pytest

from backend.analysis.images.pairs import generator_pairs, generators_degenerate
from backend.analysis.multiplicity import holm


def only(results, a, b, group="all"):
    (found,) = [r for r in results if (r.source_a, r.source_b, r.group) == (a, b, group)]
    return found


def called(table, source):
    """The raters' answers to the images of one source: 1 real, 0 fake, NaN missing."""
    images = [table.images.index(r.image) for r in table.rows() if r.source == source]
    answers = table.answers[:, sorted(set(images))].astype(float)
    return np.where(answers < 0, np.nan, answers)


def test_the_difference_is_the_mean_of_the_raters_differences(three_generators):
    found = only(generator_pairs(three_generators), "dcgan", "pgan")
    a, b = called(three_generators, "dcgan"), called(three_generators, "pgan")
    differences = np.nanmean(a, axis=1) - np.nanmean(b, axis=1)
    assert found.difference == pytest.approx(differences.mean())
    assert found.difference == pytest.approx(found.fpr_a - found.fpr_b)
    assert (found.images_a, found.images_b, found.raters) == (10, 10, 8)
    sums = [abs(np.dot(signs, differences)) for signs in product((1, -1), repeat=8)]
    assert found.p_raters == pytest.approx(np.mean(np.array(sums) >= abs(differences.sum()) - 1e-9))
    assert found.p_raters_smallest == 1 / 128


def test_labels_are_exchanged_among_images(table_of):
    answers = ["RRRFFRFF", "RFRFFFRF", "RRFFF.FF"]
    table = table_of(answers, "F" * 8, ["a"] * 4 + ["b"] * 4)
    found = only(generator_pairs(table), "a", "b")
    score = np.nanmean(np.hstack([called(table, "a"), called(table, "b")]), axis=0)
    far = [
        abs(score[list(chosen)].mean() - np.delete(score, chosen).mean())
        >= abs(score[:4].mean() - score[4:].mean()) - 1e-9
        for chosen in combinations(range(8), 4)
    ]
    assert found.p_images == pytest.approx(np.mean(far))
    assert found.p_images_smallest == pytest.approx(2 / 70)
    assert (found.p_images_exact, found.p_raters_exact) == (True, True)


def test_the_standard_error_is_that_of_a_two_way_analysis_of_variance(table_of):
    random = np.random.default_rng(4)
    # Raters and images both differ much, so that no component of variance is estimated below 0.
    tilt = np.linspace(-0.4, 0.4, 6)[:, None] * np.repeat([1, -1], 12)
    letters = np.where(random.random((6, 24)) < tilt + random.random(24), "R", "F")
    table = table_of(["".join(row) for row in letters], "F" * 24, ["a"] * 12 + ["b"] * 12)
    found = only(generator_pairs(table), "a", "b")
    a, b = called(table, "a"), called(table, "b")
    variance = np.var(a.mean(axis=1) - b.mean(axis=1), ddof=1) / 6
    for part in (a, b):
        residual = part - part.mean(axis=1, keepdims=True) - part.mean(axis=0) + part.mean()
        error = (residual**2).sum() / (5 * 11)
        variance += (6 * np.var(part.mean(axis=0), ddof=1) - error) / (6 * 12)
    assert found.difference_se == pytest.approx(np.sqrt(variance))


def test_the_test_fits_the_interval(three_generators):
    for row in generator_pairs(three_generators):
        level = 1 - row.p_value
        again = only(generator_pairs(three_generators, level=level), row.source_a, row.source_b, row.group)
        nearer = min(abs(again.difference_ci_low), abs(again.difference_ci_high))
        assert nearer == pytest.approx(0, abs=1e-9)


def test_pairs_of_a_group_are_a_family(three_generators):
    rows = [r for r in generator_pairs(three_generators) if r.group == "DLE"]
    assert [(r.source_a, r.source_b) for r in rows] == [
        ("dcgan", "lapgan"),
        ("dcgan", "pgan"),
        ("lapgan", "pgan"),
    ]
    for name, adjusted in (
        ("p_value", "p_holm"),
        ("p_images", "p_images_holm"),
        ("p_raters", "p_raters_holm"),
    ):
        expected = holm([getattr(row, name) for row in rows])
        assert [getattr(row, adjusted) for row in rows] == pytest.approx(expected)


def test_a_clear_difference_is_found_and_none_where_there_is_none(table_of):
    clear = table_of(["R" * 10 + "F" * 9 + "R"] * 5 + ["R" * 9 + "F" * 11], "F" * 20, ["a"] * 10 + ["b"] * 10)
    found = only(generator_pairs(clear), "a", "b")
    assert max(found.p_value, found.p_images, found.p_raters) < 0.05
    alike = table_of(["RF" * 10, "FR" * 10], "F" * 20, ["a"] * 10 + ["b"] * 10)
    same = only(generator_pairs(alike), "a", "b")
    assert (same.difference, same.p_images, same.p_raters) == pytest.approx((0, 1, 1))


def test_raters_who_saw_one_generator_only_are_left_out(table_of):
    table = table_of(["RFRF", "FFRF", "RR  ", "..RR"], "FFFF", ["a", "a", "b", "b"])
    found = only(generator_pairs(table), "a", "b")
    assert (found.raters, found.fpr_a, found.fpr_b) == (2, 0.25, 0.5)


@pytest.mark.parametrize(
    ("answers", "sources", "reason"),
    [
        (["RFRF"], "aabb", "only one rater"),
        (["RFR", "FFR"], "aab", "only one image"),
        (["RF  ", "  RF"], "aabb", "no rater has the rate"),
        (["RRFF"] * 3, "aabb", "do not vary"),
    ],
)
def test_what_is_undefined_is_none_with_a_reason(table_of, answers, sources, reason):
    table = table_of(answers, "F" * len(sources), list(sources))
    found = only(generator_pairs(table), "a", "b")
    assert (found.p_value, found.p_holm, found.difference_ci_low) == (None, None, None)
    assert reason in found.degenerate
    assert all(np.isfinite(value) for value in asdict(found).values() if isinstance(value, float))
    assert (found.p_images is None) == (found.raters == 0)
    assert (found.p_raters is None) == (found.raters < 2)


def test_no_pairs_have_a_reason(table_of, paper, three_generators):
    assert generators_degenerate(three_generators) is None
    for table, reason in (
        (paper, "no source was recorded"),
        (table_of(["RF"], "RR"), "no fake was shown"),
        (table_of(["RF"], "RF", ["real", "pgan"]), "of one generator"),
    ):
        assert generator_pairs(table) == ()
        assert reason in generators_degenerate(table)
