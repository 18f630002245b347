import numpy as np
import pytest
from scipy.special import expit

from backend.analysis.ratings import RatingRow, RatingsTable

NAMES = ("fake", "real")


@pytest.fixture(scope="session")
def study():
    """A study drawn at random, of raters who learn by ``slope`` with ten images; columns can be left out."""

    def build(
        raters=6,
        images=40,
        *,
        seed=1,
        slope=0.0,
        missing=0.05,
        changed=0.1,
        without=(),
        one_order=False,
        groups=("DLE", "ED"),
    ):
        random = np.random.default_rng(seed)
        order = random.permutation(images) + 1
        rows = []
        for r in range(raters):
            places = order if one_order else random.permutation(images) + 1
            able = random.normal(0.4, 0.5)
            for i, place in enumerate(places.tolist()):
                right = random.random() < expit(able + slope * (place - images / 2) / 10)
                truth = i % 5 < 3
                final = truth if right else not truth
                first = final if random.random() > changed else not final
                given = random.random() >= missing
                columns = {
                    "position": place,
                    "first_answer": NAMES[first] if given else "",
                    "revisions": int(given and first != final),
                    "response_ms": random.lognormal(8.5 - 0.03 * place / 10, 0.5) if given else "",
                }
                kept = {name: value for name, value in columns.items() if name not in without}
                answer = NAMES[final] if given else ""
                rows.append(
                    RatingRow(f"r{r}", groups[r % len(groups)], f"i{i}", NAMES[truth], answer, **kept)
                )
        return RatingsTable.from_rows(rows)

    return build
