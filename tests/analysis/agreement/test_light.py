"""Light's kappa against statsmodels' Cohen's, its definition, the jackknife, and in degenerate studies."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given

from backend.analysis.agreement import conger_kappa, light, light_kappa
from tests.analysis.agreement.tables import GWET_RATINGS, assert_honest, matrices_of_ratings, numbers


def cohen(first, second):
    """Cohen's kappa over the common items; ``None`` where it is undefined."""
    both = [(a, b) for a, b in zip(first, second, strict=True) if a >= 0 and b >= 0]
    if not both or len({x for pair in both for x in pair}) == 1:
        return None
    observed = sum(a == b for a, b in both) / len(both)
    chance = sum(
        sum(a == k for a, _ in both) * sum(b == k for _, b in both) / len(both) ** 2 for k in range(5)
    )
    return (observed - chance) / (1 - chance)


def test_it_is_the_mean_of_statsmodels_cohens_kappas():
    from statsmodels.stats.inter_rater import cohens_kappa, to_table

    random = np.random.default_rng(3)
    truth = random.integers(0, 3, 50)
    ratings = np.where(random.random((4, 50)) < 0.4, random.integers(0, 3, (4, 50)), truth)
    expected = [cohens_kappa(to_table(ratings[[g, h]].T)[0]).kappa for g, h in combinations(range(4), 2)]
    kappa = light_kappa(ratings)
    assert kappa.value == pytest.approx(np.mean(expected), abs=1e-13)
    assert (kappa.pairs, kappa.undefined_pairs, kappa.degenerate) == (6, 0, None)


def test_gwet_2014_with_missing_ratings():
    expected = [cohen(g, h) for g, h in combinations(GWET_RATINGS.tolist(), 2)]
    assert light_kappa(GWET_RATINGS).value == pytest.approx(np.mean(expected), abs=1e-14)


@given(matrices_of_ratings)
def test_it_follows_its_definition(ratings):
    kappa = light_kappa(ratings)
    assert_honest(kappa)
    answering = [row for row in ratings if max(row) >= 0]
    found = [cohen(g, h) for g, h in combinations(answering, 2)]
    defined = [one for one in found if one is not None]
    if not defined:
        assert kappa.value is None
        return
    assert kappa.value == pytest.approx(sum(defined) / len(defined), abs=1e-10)
    assert (kappa.pairs, kappa.undefined_pairs) == (len(defined), len(found) - len(defined))


def test_for_two_raters_it_is_congers_with_its_standard_error():
    random = np.random.default_rng(2)
    ratings = np.where(
        random.random((2, 70)) < 0.5, random.integers(0, 3, 70), random.integers(0, 3, (2, 70))
    )
    assert numbers(light_kappa(ratings)) == pytest.approx(numbers(conger_kappa(ratings)), abs=1e-13)


def test_its_standard_error_is_that_of_the_jackknife():
    random = np.random.default_rng(4)
    truth = random.random(300) < 0.6
    bias = np.array([0.1, 0.3, 0.5, 0.4])[:, None]
    ratings = np.where(random.random((4, 300)) < bias, random.integers(-1, 2, (4, 300)), truth)
    left = np.array([light_kappa(np.delete(ratings, i, axis=1)).value for i in range(300)])
    jackknife = np.sqrt(299 / 300 * ((left - left.mean()) ** 2).sum())
    assert light_kappa(ratings).se == pytest.approx(jackknife, rel=0.02)


def test_pairs_without_a_kappa_are_left_out_and_told():
    ratings = [[1, 0, 1, 1], [1, 0, 0, 1], [1, 1, -1, 1], [-1, 1, -1, 1]]
    kappa = light_kappa(ratings)
    assert (kappa.pairs, kappa.undefined_pairs) == (5, 1)
    assert kappa.degenerate == "1 of 6 pairs of raters have no kappa and are left out"
    assert kappa.se is not None


@pytest.mark.parametrize(
    ("ratings", "reason"),
    [
        (np.zeros((3, 0), dtype=int), "no image was answered"),
        ([[1, 0], [-1, -1]], "only one rater answered"),
        ([[1, -1], [-1, 0]], "no image was answered by two raters"),
        ([[1, 1], [1, 1]], "no two raters have answers in common that differ: kappa is undefined"),
    ],
)
def test_an_undefined_kappa_says_why(ratings, reason):
    kappa = light_kappa(ratings)
    assert numbers(kappa) == (None, None, None, None)
    assert kappa.degenerate == reason


def test_perfect_agreement_says_why_it_has_no_interval():
    kappa = light_kappa([[1, 0, 1], [1, 0, 1]])
    assert numbers(kappa) == (1.0, 0.0, None, None)
    assert kappa.degenerate == "all images agree alike: the standard error is 0 and gives no interval"


def test_one_image_has_a_value_alone():
    kappa = light_kappa([[1], [0], [0]])
    assert kappa.value == 0.0
    assert kappa.degenerate == (
        "one image only: its standard error is undefined; "
        "1 of 3 pairs of raters have no kappa and are left out"
    )


@pytest.mark.parametrize("at_once", [1, 7, 15, 100])
def test_raters_in_blocks_give_what_all_at_once_give(monkeypatch, at_once):
    ratings = np.random.default_rng(5).integers(-1, 3, (7, 40))
    whole = light_kappa(ratings)
    monkeypatch.setattr(light, "PAIRS_AT_ONCE", at_once)
    assert light_kappa(ratings).value == pytest.approx(whole.value, abs=1e-14)
    assert light_kappa(ratings).se == pytest.approx(whole.se, abs=1e-14)
    assert light_kappa(ratings).pairs == 21


def test_too_many_raters_are_told():
    kappa = light_kappa(np.tile([[0, 1], [1, 0], [1, 1]], (1667, 1)))
    assert numbers(kappa) == (None, None, None, None)
    assert kappa.degenerate == "more than 5,000 raters: their pairs are too many to average"
