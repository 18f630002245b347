"""McNemar's exact test and Bonett and Price's interval against statsmodels, a formula, and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar

from backend.analysis.course.changes import mcnemar_exact, paired_change

counts = st.integers(0, 60)


@given(counts, counts)
def test_mcnemar_against_statsmodels(gained, lost):
    expected = mcnemar([[7, gained], [lost, 3]], exact=True).pvalue
    assert float(mcnemar_exact(gained, lost)) == pytest.approx(min(expected, 1))


def test_mcnemar_takes_arrays():
    assert mcnemar_exact([9, 0, 5], [1, 0, 5]) == pytest.approx([22 / 1024, 1, 1])


def test_the_interval_of_a_change_by_its_formula():
    up, down = 13 / 102, 5 / 102
    half = 1.959964 * np.sqrt((up + down - (up - down) ** 2) / 102)
    assert paired_change(12, 4, 100) == pytest.approx((up - down - half, up - down + half), abs=1e-6)


def test_the_interval_of_a_change_keeps_its_level():
    random = np.random.default_rng(1)
    drawn = random.multinomial(80, [0.1, 0.04, 0.86], size=2000)
    limits = [paired_change(gained, lost, 80) for gained, lost, _ in drawn.tolist()]
    assert np.mean([low <= 0.06 <= high for low, high in limits]) == pytest.approx(0.95, abs=0.02)


@given(counts, counts, counts)
def test_the_interval_stays_where_a_change_can_be(gained, lost, same):
    low, high = paired_change(gained, lost, gained + lost + same, 0.999)
    assert -1 <= low <= high <= 1
