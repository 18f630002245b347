"""First against final answers: by hand, and degenerate studies."""

from dataclasses import asdict, replace
from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_1samp

from backend.analysis.course.answers import course_of
from backend.analysis.course.flows import revision_flows
from backend.analysis.course.revisions import NO_FIRST, group_revisions, rater_revisions
from backend.analysis.multiplicity import holm
from backend.analysis.ratings import RatingRow, RatingsError, RatingsTable


def of(table):
    course = course_of(table)
    return rater_revisions(table, course), group_revisions(table, course), revision_flows(table, course)


def test_every_rater_is_counted_as_by_hand(study):
    table = study()
    raters, _, _ = of(table)
    for found in raters:
        rows = [r for r in table.rows() if r.rater == found.rater and r.answer and r.first_answer]
        changes = [(r.first_answer == r.truth, r.answer == r.truth) for r in rows]
        assert found.n == len(rows)
        assert found.wrong_to_right == changes.count((False, True))
        assert found.right_to_wrong == changes.count((True, False))
        assert (
            found.changed == found.wrong_to_right + found.right_to_wrong == found.revised == found.revisions
        )
        assert found.real_to_fake == sum((r.first_answer, r.answer) == ("real", "fake") for r in rows)
        assert found.real_to_fake + found.fake_to_real == found.changed
        assert found.accuracy_first == pytest.approx(np.mean([first for first, _ in changes]))
        assert found.accuracy_final == pytest.approx(np.mean([final for _, final in changes]))
        assert found.accuracy_change == pytest.approx(found.accuracy_final - found.accuracy_first)
        assert found.accuracy_change_ci_low < found.accuracy_change < found.accuracy_change_ci_high
        exact = binomtest(found.wrong_to_right, found.changed)
        assert found.p_value == pytest.approx(exact.pvalue)
        assert (found.to_right_ci_low, found.to_right_ci_high) == pytest.approx(exact.proportion_ci())
    assert [r.p_holm for r in raters] == pytest.approx(holm([r.p_value for r in raters]))


@pytest.mark.parametrize("group", ["DLE", "ED", "all"])
def test_a_groups_raters_count_once_each(study, group):
    raters, groups, _ = of(study(missing=0.2))
    members = [r for r in raters if group in (r.group, "all")]
    (found,) = [g for g in groups if g.group == group]
    for name in ("n", "changed", "wrong_to_right", "right_to_wrong", "revised", "revisions", "real_to_fake"):
        assert getattr(found, name) == sum(getattr(r, name) for r in members)
    change = np.array([r.accuracy_change for r in members])
    assert found.raters == len(members)
    assert found.accuracy_first == pytest.approx(np.mean([r.accuracy_first for r in members]))
    assert found.accuracy_final == pytest.approx(np.mean([r.accuracy_final for r in members]))
    assert found.accuracy_change == pytest.approx(change.mean())
    sums = [abs(np.dot(signs, change)) for signs in product((1, -1), repeat=len(change))]
    assert found.p_raters == pytest.approx(np.mean(np.array(sums) >= abs(change.sum()) - 1e-9))
    assert found.p_raters_smallest == 2 ** (1 - len(change))
    assert found.p_raters_exact


def test_changes_that_images_do_not_share_are_tested_as_by_a_t_test_of_raters():
    random = np.random.default_rng(2)
    gains = [1, 2, 3, 4, 5, 6, 8, 9]
    rows = []
    for r, gain in enumerate(gains):
        for i, i_gains in enumerate(random.permutation(100) < gain * 5):
            rows.append(
                RatingRow(f"r{r}", "ED", f"i{i}", "real", "real", first_answer="fake" if i_gains else "real")
            )
    _, (found, _), _ = of(RatingsTable.from_rows(rows))
    expected = ttest_1samp(np.array(gains) * 0.05, 0)
    assert found.p_value == pytest.approx(expected.pvalue, rel=0.5)
    assert found.accuracy_change_ci_low == pytest.approx(expected.confidence_interval().low, abs=0.02)


def test_flows_add_up(study):
    table = study(missing=0.1)
    raters, groups, flows = of(table)
    assert len(flows) == 3 * 2 * 2 * 3
    for group in groups:
        mine = [flow for flow in flows if flow.group == group.group]
        assert sum(f.n for f in mine if f.final) == group.n
        assert sum(f.n for f in mine if f.final and f.final != f.first) == group.changed
        assert sum(f.n for f in mine if f.final == f.truth != f.first) == group.wrong_to_right
        assert sum(f.n for f in mine if (f.first, f.final) == ("real", "fake")) == group.real_to_fake
    assert sum(r.n for r in raters) == groups[-1].n


def changed(*answers):
    """One rater; an answer is (truth, first, final)."""
    return [
        RatingRow("A", "ED", f"i{i}", truth, final, first_answer=first)
        for i, (truth, first, final) in enumerate(answers)
    ]


def test_answers_taken_back_are_told_apart():
    rows = changed(("real", "real", ""), ("real", "fake", "real"), ("fake", "", "fake"), ("fake", "", ""))
    (found,), (group, _), flows = of(RatingsTable.from_rows(rows))
    assert (found.n, found.withdrawn, found.changed, found.wrong_to_right) == (1, 1, 1, 1)
    assert (found.revised, found.revisions) == (None, None)
    assert found.degenerate == "the number of revisions was not recorded"
    assert (group.withdrawn, group.p_value, group.p_raters) == (1, None, None)
    assert [f.n for f in flows if (f.group, f.first, f.final) == ("all", "real", "")] == [1, 0]


def test_answers_revised_to_the_same_answer_are_revised_and_not_changed():
    rows = [replace(row, revisions=2) for row in changed(("real", "real", "real"), ("fake", "real", "real"))]
    (found,), _, _ = of(RatingsTable.from_rows(rows))
    assert (found.revised, found.revisions, found.changed, found.p_value) == (2, 4, 0, 1)
    assert (found.to_right, found.to_right_ci_low) == (None, None)
    assert "no answer was changed" in found.degenerate


def test_without_first_answers_there_is_a_reason(paper):
    raters, groups, flows = of(paper)
    assert len(raters) == 8
    assert {row.degenerate for row in (*raters, *groups)} == {NO_FIRST}
    for row in (*raters, *groups):
        undefined = {name for name, value in asdict(row).items() if value is None} - {"degenerate"}
        assert {"accuracy_first", "accuracy_change", "accuracy_change_ci_low", "p_value"} <= undefined
    assert all(flow.n == 0 for flow in flows)


def test_nobody_changed_anything(study):
    _, groups, _ = of(study(changed=0))
    for found in groups:
        assert (found.changed, found.accuracy_change, found.p_value, found.p_raters) == (0, 0, None, 1)
        assert "no answer was changed" in found.degenerate


def test_first_answers_that_are_none_are_refused():
    with pytest.raises(RatingsError, match=r"first_answer.*'maybe'"):
        of(RatingsTable.from_rows(changed(("real", "maybe", "real"))))
