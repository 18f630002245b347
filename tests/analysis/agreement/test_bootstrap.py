"""The item bootstrap against resampling by hand, its seed, and degenerate studies."""

import numpy as np
import pytest

from backend.analysis.agreement import bootstrap_kappa, fleiss_kappa
from tests.analysis.agreement.tables import DIAGNOSES_COUNTS, GWET_COUNTS, correlated


@pytest.mark.parametrize("table", [GWET_COUNTS, DIAGNOSES_COUNTS, [[2, 1], [1, 1], [0, 3], [1, 0], [0, 1]]])
def test_it_is_distributed_as_kappa_over_items_drawn_one_by_one(table):
    table, random = np.array(table), np.random.default_rng(9)
    drawn = (fleiss_kappa(table[random.integers(0, len(table), len(table))]).value for _ in range(1500))
    by_hand = np.array([value for value in drawn if value is not None])
    found = bootstrap_kappa(table, seed=1)
    assert found.undefined / 10_000 == pytest.approx(1 - len(by_hand) / 1500, abs=0.03)
    quantiles = [0.1, 0.3, 0.5, 0.7, 0.9]
    spread = found.values.std()
    assert np.quantile(found.values, quantiles) == pytest.approx(
        np.quantile(by_hand, quantiles), abs=0.2 * spread
    )
    assert found.values.mean() == pytest.approx(by_hand.mean(), abs=0.1 * spread)


def test_its_standard_error_is_near_gwets():
    table = correlated(np.random.default_rng(2), 8, 200, 0.2, 0.6)
    assert bootstrap_kappa(table).se == pytest.approx(fleiss_kappa(table).se, rel=0.05)


def test_the_same_seed_gives_the_same_values_and_another_one_others():
    table = correlated(np.random.default_rng(2), 3, 20, 0.2, 0.6)
    one, same, other = (bootstrap_kappa(table, resamples=50, seed=seed) for seed in (1, 1, 2))
    assert (one.values == same.values).all()
    assert (one.values != other.values).any()
    assert fleiss_kappa(table).interval(0.9, "bootstrap", seed=1, resamples=50) == one.interval(0.9)


def test_its_interval_holds_the_middle_of_the_values():
    found = bootstrap_kappa(GWET_COUNTS)
    low, high = found.interval(0.8)
    assert np.mean((low <= found.values) & (found.values <= high)) == pytest.approx(0.8, abs=0.02)
    with pytest.raises(ValueError, match="between 0 and 1"):
        found.interval(0)


def test_resamples_without_a_kappa_are_counted():
    found = bootstrap_kappa([[2, 0], [1, 1], [1, 0]], resamples=2000)
    assert 0 < found.undefined < 2000
    assert len(found.values) == 2000 - found.undefined
    assert np.isfinite(found.values).all()


def test_a_table_without_a_kappa_has_no_values():
    found = bootstrap_kappa([[0, 3], [0, 2]], resamples=100)
    assert (len(found.values), found.undefined, found.se, found.interval()) == (0, 100, None, (None, None))
    assert "agreement by chance is 1" in found.degenerate


def test_one_image_gives_the_same_value_throughout():
    found = bootstrap_kappa([[1, 2]], resamples=10)
    assert found.values == pytest.approx(np.full(10, -0.5))
