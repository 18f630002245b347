"""Fleiss' kappa and percent agreement against published examples, the definition, and degenerate studies."""

from itertools import combinations
from math import isclose

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.analysis.agreement.agreement import agreement_results, fleiss_kappa, percent_agreement
from backend.analysis.ratings import RatingRow, RatingsTable

# Fleiss (1971), Table 1: 30 patients, 6 psychiatrists each; depression, personality disorder, schizophrenia,
# neurosis, other.
DIAGNOSES = """00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"""
# Gwet (2014): 12 subjects, 4 raters, 5 categories, a dot for a missing rating.
GWET = "11.1 2232 3333 3333 2222 1234 4444 1121 2222 .555 ..11 ..3."


def counts_of(rows, categories):
    return np.array([[row.count(c) for c in categories] for row in rows])


GWET_COUNTS = counts_of(GWET.split(), "12345")


def test_fleiss_1971():
    counts = [[int(digit) for digit in row] for row in DIAGNOSES.split()]
    assert np.shape(counts) == (30, 5)
    kappa = fleiss_kappa(counts)
    assert kappa.value == pytest.approx(0.430, abs=5e-4)
    assert kappa.se == pytest.approx(0.0542, abs=5e-5)
    assert percent_agreement(counts).value == pytest.approx(0.5556, abs=5e-5)


def test_gwet_2014_with_missing_ratings():
    kappa, agreement = fleiss_kappa(GWET_COUNTS), percent_agreement(GWET_COUNTS)
    assert kappa.value == pytest.approx(0.76117, abs=5e-6)
    assert kappa.se == pytest.approx(0.15302, abs=5e-6)
    assert kappa.ci_low == pytest.approx(0.424, abs=5e-4)
    assert kappa.ci_high == 1.0
    assert agreement.value == pytest.approx(0.8181818, abs=5e-8)
    assert agreement.se == pytest.approx(0.1256090, abs=5e-8)
    assert agreement.ci_low == pytest.approx(0.542, abs=5e-4)


def test_the_interval_widens_with_its_level():
    wide, narrow = fleiss_kappa(GWET_COUNTS, level=0.99), fleiss_kappa(GWET_COUNTS, level=0.5)
    assert wide.ci_low < narrow.ci_low < narrow.value < narrow.ci_high < wide.ci_high


def pairwise_kappa(counts):
    """Kappa by its words: agreeing pairs seen, against agreement of two ratings drawn by chance."""
    ratings = [[c for c, n in enumerate(row) for _ in range(n)] for row in counts]
    seen = [[a == b for a, b in combinations(row, 2)] for row in ratings if len(row) > 1]
    observed = sum(sum(pairs) / len(pairs) for pairs in seen) / len(seen)
    rated = [row for row in ratings if row]
    chance = sum(
        (sum(row.count(c) / len(row) for row in rated) / len(rated)) ** 2 for c in range(len(counts[0]))
    )
    return observed, None if isclose(chance, 1) else (observed - chance) / (1 - chance)


tables_of_counts = st.integers(2, 4).flatmap(
    lambda q: st.lists(st.lists(st.integers(0, 4), min_size=q, max_size=q), min_size=1, max_size=12)
)


@given(tables_of_counts)
def test_both_follow_their_definition(counts):
    kappa, agreement = fleiss_kappa(counts), percent_agreement(counts)
    if max(map(sum, counts)) < 2:
        assert kappa.value is agreement.value is None
        return
    observed, expected = pairwise_kappa(counts)
    assert agreement.value == pytest.approx(observed)
    assert kappa.value is None if expected is None else kappa.value == pytest.approx(expected)
    for estimate in (kappa, agreement):
        numbers = (estimate.value, estimate.se, estimate.ci_low, estimate.ci_high)
        assert (None in numbers) == (estimate.degenerate is not None)
        assert all(n is None or np.isfinite(n) for n in numbers)
        if estimate.ci_low is not None:
            assert estimate.ci_low - 1e-12 <= estimate.value <= estimate.ci_high + 1e-12


@given(tables_of_counts, st.randoms(use_true_random=False))
def test_kappa_does_not_depend_on_the_order_of_images_or_categories(counts, random):
    columns = list(range(len(counts[0])))
    random.shuffle(columns)
    shuffled = [[row[c] for c in columns] for row in random.sample(counts, len(counts))]
    one, other = fleiss_kappa(counts), fleiss_kappa(shuffled)
    assert (one.value is None) == (other.value is None)
    if one.value is not None:
        assert other.value == pytest.approx(one.value)
        assert other.se == pytest.approx(one.se, abs=1e-9)


def test_the_standard_error_is_that_of_simulated_studies():
    random = np.random.default_rng(1)

    def study():
        real = random.beta(1, 1, size=80)
        votes = random.binomial(5, real)
        return fleiss_kappa(np.stack([5 - votes, votes], axis=1))

    found = [study() for _ in range(400)]
    assert np.std([one.value for one in found]) == pytest.approx(np.mean([one.se for one in found]), rel=0.1)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (np.zeros((0, 2)), "no image was answered"),
        ([[0, 0]], "no image was answered"),
        ([[1, 0], [0, 1]], "no image was answered by two raters"),
        ([[0, 3], [0, 2]], "every rating is 'real'"),
    ],
)
def test_an_undefined_kappa_says_why(counts, reason):
    kappa = fleiss_kappa(counts, categories=("fake", "real"))
    assert (kappa.value, kappa.se, kappa.ci_low, kappa.ci_high) == (None, None, None, None)
    assert reason in kappa.degenerate


def test_one_image_has_a_value_without_a_standard_error():
    kappa = fleiss_kappa([[1, 2]])
    assert kappa.value == pytest.approx(-0.5)
    assert (kappa.se, kappa.ci_low, kappa.ci_high) == (None, None, None)
    assert kappa.degenerate == "one image only: its standard error is undefined"


def test_the_interval_holds_a_kappa_below_minus_one():
    kappa = fleiss_kappa([[1, 1], *[[1, 0]] * 9])
    assert kappa.value < -1
    assert kappa.ci_low <= kappa.value <= kappa.ci_high


@pytest.mark.parametrize("counts", [[1, 2], [[1, -1]]])
def test_what_is_no_table_of_counts_is_refused(counts):
    with pytest.raises(ValueError, match="images x categories"):
        fleiss_kappa(counts)


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


# Baur et al. (2018), Table 3, truncated to four decimals: rows real, fake, all.
TABLE_3 = {
    "DLE": (-0.0071, 0.0338, 0.0265),
    "ED": (0.1676, 0.0758, 0.1423),
    "all": (0.0338, 0.0586, 0.0579),
}
RATERS = {"DLE": 5, "ED": 3, "all": 8}


@pytest.mark.parametrize("group", TABLE_3)
def test_table_3_of_the_paper_takes_every_image_as_fully_rated(paper, group):
    """The committed table is the paper's: blanks put into Fleiss' formula for a fixed number of raters."""
    n = RATERS[group]
    for subset, expected in zip(("real", "fake", "all"), TABLE_3[group], strict=True):
        counts = np.array(ballots(paper, subset, group))
        observed = ((counts**2).sum(axis=1) - n).mean() / (n * (n - 1))
        chance = ((counts.sum(axis=0) / (len(counts) * n)) ** 2).sum()
        assert np.trunc((observed - chance) / (1 - chance) * 1e4) / 1e4 == expected


@pytest.mark.parametrize("group", TABLE_3)
def test_the_papers_kappas_with_blanks_as_missing(paper, group):
    results = agreement_results(paper)
    images, blanks = {"real": 50, "fake": 30, "all": 80}, {"real": 3, "fake": 1, "all": 4}
    for subset, items in images.items():
        found = row(results, "fleiss_kappa", subset, group)
        assert found.value == pytest.approx(pairwise_kappa(ballots(paper, subset, group))[1])
        assert (found.items, found.raters) == (items, RATERS[group])
        assert found.missing == (0 if group == "DLE" else blanks[subset])
        assert found.ci_low < found.value < found.ci_high


def test_the_digits_of_the_papers_kappas(paper):
    def kappas(group):
        results = agreement_results(paper)
        return [row(results, "fleiss_kappa", subset, group).value for subset in ("real", "fake", "all")]

    assert [np.trunc(value * 1e4) / 1e4 for value in kappas("DLE")] == list(TABLE_3["DLE"])
    assert [round(value, 3) for value in kappas("ED")] == [0.236, 0.111, 0.199]


def test_every_statistic_subset_and_group_has_a_row(paper):
    keys = [(r.statistic, r.subset, r.group) for r in agreement_results(paper)]
    assert len(set(keys)) == len(keys) == 2 * 3 * 3


def test_blanks_and_absent_rows_are_both_left_out_of_agreement(paper):
    answered = RatingsTable.from_rows(r for r in paper.rows() if r.answer)
    for with_blanks, without in zip(agreement_results(paper), agreement_results(answered), strict=True):
        assert with_blanks.value == without.value
        assert without.missing == 0


def test_raters_who_never_answered_do_not_count():
    rows = [RatingRow("A", "ED", str(i), "real", "real") for i in range(3)]
    rows += [RatingRow("B", "ED", str(i), "real", None) for i in range(3)]
    found = row(agreement_results(RatingsTable.from_rows(rows)), "percent_agreement", "all", "ED")
    assert (found.value, found.raters, found.items, found.missing) == (None, 1, 3, 3)
    assert found.degenerate == "only one rater answered"
    absent = row(agreement_results(RatingsTable.from_rows(rows)), "fleiss_kappa", "fake", "all")
    assert (absent.value, absent.raters, absent.items) == (None, 0, 0)
    assert absent.degenerate == "no image was answered"
