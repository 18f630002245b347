"""A study in which something of every kind happened."""

import pytest

from backend.studies import editing, rating
from tests.backend.conftest import ADMIN
from tests.support import consent


@pytest.fixture
def rated(world):
    """Two of its raters have answered, one has submitted."""
    options = {"confidence_levels": 5, "questions": [{"id": "years", "kind": "number"}]}
    with world.database.write() as session:
        editing.change_options(session, world.study.id, options, by=ADMIN)
    consent(world, "ED1", years="7,5")
    consent(world, "DLE1")
    with world.database.write() as session:
        for name in ("ED1", "DLE1"):
            for position in range(1, 8):
                answer = "real" if position % 3 else "fake"
                rating.answer_form(session, world.link[name], position, answer)
        rating.answer_form(session, world.link["ED1"], 2, "fake")
        rating.submit(session, world.link["ED1"], leave_unanswered=True)
    return world
