from pathlib import Path

import pytest

from backend.analysis.ratings import RatingsTable, read_ratings

PAPER = Path(__file__).parents[2] / "docs" / "paper" / "baur2018_ratings.csv"


@pytest.fixture(scope="session")
def paper_csv() -> Path:
    """A rating matrix with the paper's Tables 2 and 3."""
    return PAPER


@pytest.fixture(scope="session")
def paper(paper_csv) -> RatingsTable:
    return read_ratings(paper_csv)
