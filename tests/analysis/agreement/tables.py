"""Published tables, and ways to draw and to count tables for the tests of this room."""

import numpy as np
from hypothesis import strategies as st

# Fleiss (1971), Table 1: 30 patients, 6 psychiatrists each; depression, personality disorder, schizophrenia,
# neurosis, other.
DIAGNOSES = """00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"""
# Gwet (2014): 12 subjects, 4 raters, 5 categories, a dot for a missing rating.
GWET = "11.1 2232 3333 3333 2222 1234 4444 1121 2222 .555 ..11 ..3."


def counts_of(rows, categories):
    return np.array([[row.count(c) for c in categories] for row in rows])


DIAGNOSES_COUNTS = np.array([[int(digit) for digit in row] for row in DIAGNOSES.split()])
# As the R package irr has them: six columns, the categories of a patient in ascending order.
DIAGNOSES_RATINGS = np.array([np.repeat(np.arange(5), row) for row in DIAGNOSES_COUNTS]).T
GWET_COUNTS = counts_of(GWET.split(), "12345")
GWET_RATINGS = np.array([[-1 if c == "." else int(c) - 1 for c in row] for row in GWET.split()]).T

tables_of_counts = st.integers(2, 4).flatmap(
    lambda q: st.lists(st.lists(st.integers(0, 4), min_size=q, max_size=q), min_size=1, max_size=12)
)
"""Counts (items, categories), with items that nobody rated and lone ratings among them."""

binary_counts = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12)

matrices_of_ratings = st.tuples(st.integers(1, 5), st.integers(1, 8), st.integers(0, 2)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(-1, shape[2]), min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)
"""Ratings (raters, items) of up to three categories, -1 for a missing one."""


def correlated(random, raters, items, kappa, share):
    """Counts (items, 2) from a beta-binomial distribution; a binomial one for kappa 0."""
    spread = (1 - kappa) / kappa if kappa else None
    p = random.beta(share * spread, (1 - share) * spread, items) if kappa else np.full(items, share)
    real = random.binomial(raters, p)
    return np.stack([raters - real, real], axis=1)


def numbers(estimate, level=0.95, **method):
    return (estimate.value, estimate.se, *estimate.interval(level, **method))


def assert_honest(estimate):
    """What is undefined has a reason, what is defined is finite, and the interval holds the value."""
    low, high = estimate.interval()
    for number in (estimate.value, estimate.se, low, high):
        assert number is None or np.isfinite(number)
    assert (low is None) == (high is None)
    if None in (estimate.value, estimate.se, low):
        assert estimate.degenerate
    if low is not None:
        assert low - 1e-12 <= estimate.value <= high + 1e-12
        assert low < high <= 1
