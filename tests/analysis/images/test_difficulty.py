"""How often images are taken for real, against counts by hand, scipy, and degenerate studies."""

import pytest
from scipy.stats import binomtest

from backend.analysis.images.difficulty import easiest, hardest, image_results


def only(results, image, group="all"):
    (found,) = [r for r in results if (r.image, r.group) == (image, group)]
    return found


def by_hand(table, image, group):
    rows = [r for r in table.rows() if r.image == image and group in (r.group, "all")]
    answers = [r.answer for r in rows if r.answer]
    wrong = sum(answer != rows[0].truth for answer in answers) if rows else 0
    return len(answers), len(rows) - len(answers), answers.count("real"), wrong


@pytest.mark.parametrize("group", ["DLE", "ED", "all"])
def test_every_image_is_counted_as_by_hand(paper, group):
    for found in [r for r in image_results(paper) if r.group == group]:
        n, missing, called_real, wrong = by_hand(paper, found.image, group)
        assert (found.n, found.missing, found.called_real) == (n, missing, called_real)
        assert found.share_real == pytest.approx(called_real / n)
        assert found.error_rate == pytest.approx(wrong / n)
        for low, high, method in (
            (found.ci_low, found.ci_high, "wilson"),
            (found.exact_low, found.exact_high, "exact"),
        ):
            expected = binomtest(called_real, n).proportion_ci(method=method)
            assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_interval_of_a_row_takes_level_and_method(paper):
    found = image_results(paper, level=0.9)[0]
    assert found.interval(0.9) == pytest.approx((found.ci_low, found.ci_high))
    assert found.interval(0.9, "clopper-pearson") == pytest.approx((found.exact_low, found.exact_high))


def test_rows_go_by_group_and_name_and_ranks_by_difficulty(paper):
    results = image_results(paper)
    assert [r.group for r in results[::80]] == ["DLE", "ED", "all"]
    assert [r.image for r in results[160:]] == list(paper.images)
    ranked = sorted(results[160:], key=lambda r: r.rank)
    assert [r.rank for r in ranked] == list(range(1, 81))
    assert [r.error_rate for r in ranked] == sorted((r.error_rate for r in ranked), reverse=True)


def test_at_equal_rates_more_answers_come_first_and_then_the_name(table_of):
    # i0 is wrong once of one, i1 and i2 twice of two, i3 never of two, i4 never of one, i5 never of two.
    table = table_of(["FFRFRF", ".FRF.F"], "RRFFRF")
    results = image_results(table)
    assert [r.image for r in hardest(results, 3)] == ["i1", "i2", "i0"]
    assert [r.image for r in easiest(results, 3)] == ["i3", "i5", "i4"]
    assert [r.image for r in hardest(results, 9, truth="fake")] == ["i2", "i3", "i5"]
    assert [r.image for r in easiest(results, 1, truth="real", group="ED")] == ["i4"]
    assert hardest(results, 0) == easiest(results, -1) == ()


def test_an_image_that_nobody_answered_has_a_reason_and_no_rank(table_of):
    results = image_results(table_of([".R", ".F"], "RF"))
    found = only(results, "i0")
    assert (found.n, found.missing, found.called_real) == (0, 2, 0)
    assert (found.share_real, found.ci_low, found.exact_high, found.error_rate, found.rank) == (None,) * 5
    assert found.degenerate == "no rater answered the image: its share and rank are undefined"
    assert found.interval() == (None, None)
    assert [r.image for r in hardest(results, 5)] == ["i1"]


def test_an_image_never_shown_to_a_group_is_not_missing_there(table_of):
    results = image_results(table_of(["R ", "FF"], "RF", groups={0: "DLE"}))
    assert (only(results, "i1", "DLE").n, only(results, "i1", "DLE").missing) == (0, 0)
    assert only(results, "i1", "all").n == 1


def test_source_and_diagnosis_stand_beside_the_image_where_they_are_known(table_of):
    results = image_results(table_of(["RR"], "RF", sources=["real", "pgan"], diagnoses=["nevus", ""]))
    assert [(r.source, r.diagnosis) for r in results[-2:]] == [("real", "nevus"), ("pgan", None)]
