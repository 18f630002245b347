import pytest

from tests.analysis.figures.studies import study


@pytest.fixture(scope="session")
def full():
    """Everything that a study of six raters in three groups can record."""
    return study("full")


@pytest.fixture(scope="session")
def paper_rows():
    return study("paper")
