"""Agreement of a study: the paper's Table 3, both conventions, every row, and studies that lack something."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.analysis.agreement import (
    agreement_results,
    category_kappa_results,
    fleiss_kappa,
    fleiss_kappa_fixed_raters,
    leave_one_out_results,
)
from backend.analysis.ratings import RatingRow, RatingsTable
from tests.analysis.agreement.tables import correlated

STATISTICS = [
    "fleiss_kappa",
    "percent_agreement",
    "gwet_ac1",
    "krippendorff_alpha",
    "conger_kappa",
    "light_kappa",
]
# Baur et al. (2018), Table 3, truncated to four decimals: rows real, fake, all.
TABLE_3 = {
    "DLE": (-0.0071, 0.0338, 0.0265),
    "ED": (0.1676, 0.0758, 0.1423),
    "all": (0.0338, 0.0586, 0.0579),
}
RATERS = {"DLE": 5, "ED": 3, "all": 8}
SUBSETS = ("real", "fake", "all")


def row(results, statistic, subset, group):
    (found,) = [r for r in results if (r.statistic, r.subset, r.group) == (statistic, subset, group)]
    return found


def ballots(table, subset, group):
    """Counts of fake and real, an image a row, without the package's own arrays."""
    rows = [r for r in table.rows() if subset in (r.truth, "all") and group in (r.group, "all")]
    votes = {r.image: [0, 0] for r in rows}
    for r in rows:
        if r.answer:
            votes[r.image][r.answer == "real"] += 1
    return list(votes.values())


@pytest.mark.parametrize("group", TABLE_3)
def test_table_3_of_the_paper_comes_out_by_its_convention(paper, group):
    results = agreement_results(paper, convention="paper")
    found = [row(results, "fleiss_kappa", subset, group) for subset in SUBSETS]
    assert [np.trunc(one.value * 1e4) / 1e4 for one in found] == list(TABLE_3[group])
    for one in found:
        assert (one.se is None) == (one.ci_low is None) == (one.ci_method is None) == (one.missing > 0)
        assert bool(one.degenerate) == (one.missing > 0)


@pytest.mark.parametrize("group", TABLE_3)
def test_the_papers_kappas_with_blanks_as_missing(paper, group):
    results = agreement_results(paper)
    images, blanks = {"real": 50, "fake": 30, "all": 80}, {"real": 3, "fake": 1, "all": 4}
    for subset, items in images.items():
        found = row(results, "fleiss_kappa", subset, group)
        counts = ballots(paper, subset, group)
        kappa = fleiss_kappa(counts)
        assert found.value == pytest.approx(kappa.value, abs=1e-14)
        assert (found.items, found.raters) == (items, RATERS[group])
        assert found.missing == (0 if group == "DLE" else blanks[subset])
        assert found.prevalence == pytest.approx(np.sum(counts, axis=0)[1] / np.sum(counts))
        assert (found.ci_low, found.ci_high) == pytest.approx(kappa.interval(0.95, "profile"), abs=1e-12)
        assert found.ci_method == "profile"


def test_the_digits_of_the_papers_kappas(paper):
    def kappas(group):
        return [row(agreement_results(paper), "fleiss_kappa", subset, group).value for subset in SUBSETS]

    assert [np.trunc(value * 1e4) / 1e4 for value in kappas("DLE")] == list(TABLE_3["DLE"])
    assert [round(value, 3) for value in kappas("ED")] == [0.236, 0.111, 0.199]


def test_the_convention_changes_fleiss_kappa_alone(paper):
    missing, as_paper = agreement_results(paper), agreement_results(paper, convention="paper")
    changed = {one.statistic for one, other in zip(missing, as_paper, strict=True) if one != other}
    assert changed == {"fleiss_kappa"}


def test_another_convention_is_refused(paper):
    with pytest.raises(ValueError, match="missing, paper"):
        agreement_results(paper, convention="error")
    with pytest.raises(ValueError, match="between 0 and 1"):
        agreement_results(paper, level=95)


def test_without_blanks_the_papers_formula_is_fleiss_kappa():
    table = correlated(np.random.default_rng(1), 4, 20, 0.3, 0.6)
    assert fleiss_kappa_fixed_raters(table, 4) == fleiss_kappa(table)


@pytest.mark.parametrize(
    ("counts", "raters", "reason"),
    [
        ([[0, 0]], 3, "no image was answered"),
        ([[1, 0], [0, 1]], 1, "only one rater"),
        ([[0, 2], [0, 3]], 3, "every rating is 'real'"),
        ([[0, 1], [1, 0]], 2, "by two raters"),
    ],
)
def test_an_undefined_kappa_of_the_paper_says_why(counts, raters, reason):
    found = fleiss_kappa_fixed_raters(counts, raters, categories=("fake", "real"))
    assert found.value is None
    assert reason in found.degenerate or raters == 1


def test_more_ratings_than_raters_are_refused():
    with pytest.raises(ValueError, match="3 ratings of 2 raters"):
        fleiss_kappa_fixed_raters([[1, 2]], 2)


def test_every_statistic_subset_and_group_has_a_row_in_order(paper):
    keys = [(r.statistic, r.subset, r.group) for r in agreement_results(paper)]
    assert keys == [(s, sub, g) for s in STATISTICS for sub in SUBSETS for g in ("DLE", "ED", "all")]


def test_blanks_and_absent_rows_are_both_left_out_of_agreement(paper):
    answered = RatingsTable.from_rows(r for r in paper.rows() if r.answer)
    for with_blanks, without in zip(agreement_results(paper), agreement_results(answered), strict=True):
        assert with_blanks.value == without.value
        assert without.missing == 0


def test_raters_who_never_answered_do_not_count():
    rows = [RatingRow("A", "ED", str(i), "real", "real") for i in range(3)]
    rows += [RatingRow("B", "ED", str(i), "real", None) for i in range(3)]
    for convention in ("missing", "paper"):
        results = agreement_results(RatingsTable.from_rows(rows), convention=convention)
        for statistic in STATISTICS:
            found = row(results, statistic, "all", "ED")
            assert (found.value, found.raters, found.items, found.missing) == (None, 1, 3, 3)
            assert found.degenerate == "only one rater answered"
            absent = row(results, statistic, "fake", "all")
            assert (absent.value, absent.raters, absent.items, absent.prevalence) == (None, 0, 0, None)
            assert absent.degenerate == "no image was answered"


def test_everyone_the_same_answer_leaves_the_kappas_undefined():
    rows = [RatingRow(rater, "ED", str(i), "fake", "real") for rater in "ABC" for i in range(4)]
    results = agreement_results(RatingsTable.from_rows(rows))
    values = {s: row(results, s, "all", "all").value for s in STATISTICS}
    assert values == {**dict.fromkeys(STATISTICS), "percent_agreement": 1.0, "gwet_ac1": 1.0}
    assert all(row(results, s, "all", "all").degenerate for s in STATISTICS)
    assert row(results, "gwet_ac1", "all", "all").prevalence == 1.0


def study(ratings):
    return RatingsTable.from_rows(
        RatingRow(rater, "ED" if rater < "C" else "DLE", str(image), "real" if image < 3 else "fake", answer)
        for rater, image, answer in ratings
    )


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from("ABCD"), st.integers(0, 5), st.sampled_from(["real", "fake", ""])),
        unique_by=lambda rating: rating[:2],
        min_size=1,
    ),
    st.sampled_from(["missing", "paper"]),
)
def test_no_study_crashes_or_leaves_a_gap_unexplained(ratings, convention):
    table = study(ratings)
    for found in agreement_results(table, convention=convention):
        numbers = (found.value, found.se, found.ci_low, found.ci_high)
        assert all(one is None or np.isfinite(one) for one in numbers)
        assert None not in numbers or found.degenerate
        assert (found.ci_method is None) == (found.ci_low is None)
        if found.ci_low is not None:
            assert found.ci_low - 1e-12 <= found.value <= found.ci_high + 1e-12
    for found in (*category_kappa_results(table), *leave_one_out_results(table)):
        assert found.value is not None or found.degenerate


def test_category_rows_repeat_kappa_for_both_answers(paper):
    results, found = agreement_results(paper), category_kappa_results(paper)
    assert len(found) == 2 * 3 * 3
    for one in found:
        whole = row(results, "fleiss_kappa", one.subset, one.group)
        assert (one.value, one.se, one.ci_low, one.ci_high) == pytest.approx(
            (whole.value, whole.se, whole.ci_low, whole.ci_high), abs=1e-8
        )
        assert one.share == pytest.approx(
            whole.prevalence if one.category == "real" else 1 - whole.prevalence
        )
        assert one.null_se > 0


def test_leave_one_out_rows_name_the_rater(paper):
    found = leave_one_out_results(paper)
    assert len(found) == 3 * (5 + 3 + 8)
    one = next(r for r in found if (r.rater, r.subset, r.group) == ("DLE1", "all", "all"))
    rest = RatingsTable.from_rows(r for r in paper.rows() if r.rater != "DLE1")
    expected = row(agreement_results(rest), "fleiss_kappa", "all", "all")
    whole = row(agreement_results(paper), "fleiss_kappa", "all", "all")
    assert (one.value, one.se) == (expected.value, expected.se)
    assert one.change == pytest.approx(expected.value - whole.value, abs=1e-14)
    assert one.rater_group == "DLE"
    of_eds = [(r.rater, r.rater_group) for r in found if (r.subset, r.group) == ("fake", "ED")]
    assert of_eds == [("ED1", "ED"), ("ED2", "ED"), ("ED3", "ED")]
