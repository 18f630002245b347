import numpy as np
import pytest

from backend.analysis.ratings import RatingRow, RatingsTable

SOURCES = ("pgan", "dcgan", "lapgan")
LETTERS = {"R": "real", "F": "fake", ".": ""}


@pytest.fixture(scope="session")
def table_of():
    """Answers as letters, a text a rater: R real, F fake, a dot missing, a blank not shown."""

    def build(answers, truths, sources=None, diagnoses=None, groups=None):
        sources, diagnoses = sources or [""] * len(truths), diagnoses or [""] * len(truths)
        return RatingsTable.from_rows(
            RatingRow(
                f"r{r}",
                (groups or {}).get(r, "ED"),
                f"i{i}",
                LETTERS[truths[i]],
                LETTERS[letter],
                source=sources[i],
                diagnosis=diagnoses[i],
            )
            for r, letters in enumerate(answers)
            for i, letter in enumerate(letters)
            if letter != " "
        )

    return build


@pytest.fixture(scope="session")
def three_generators(table_of):
    """8 raters in two groups, 20 reals and 10 fakes each of three generators, some answers missing."""
    random = np.random.default_rng(7)
    truths = "R" * 20 + "F" * 30
    sources = ["real"] * 20 + [SOURCES[i % 3] for i in range(30)]
    chance = np.array([0.7] * 20 + [(0.7, 0.4, 0.3)[i % 3] for i in range(30)])
    letters = np.where(random.random((8, 50)) < chance, "R", "F")
    letters[random.random((8, 50)) < 0.03] = "."
    return table_of(["".join(row) for row in letters], truths, sources, groups={0: "DLE", 1: "DLE", 2: "DLE"})
