import pytest

from backend.analysis.report.results import Results, analyze
from tests.analysis.studies import full_table


@pytest.fixture(scope="session")
def paper_results(paper) -> Results:
    return analyze(paper)


@pytest.fixture(scope="session")
def full_results() -> Results:
    """Of a study in which everything was recorded, with a margin."""
    return analyze(full_table(), margin=0.1)
