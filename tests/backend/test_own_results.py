"""Her own results: after the study has closed, if it allows it, and then nobody rates it any more."""

import pytest
import sqlalchemy as sa

from backend.database.tables import Event, Image, Presentation
from backend.studies import editing, lifecycle, rating
from backend.studies.invitations import admit
from backend.studies.refusals import Conflict
from tests.support import consent


@pytest.fixture
def rated(world):
    """A rater who took everything for real and has submitted."""
    consent(world)
    with world.database.write() as session:
        for position in range(1, 9):
            rating.answer_form(session, world.link["ED1"], position, "real")
        rating.submit(session, world.link["ED1"])
    return f"/r/{world.link['ED1']}"


def change(world, **changes):
    with world.database.write() as session:
        editing.change_options(session, world.study.id, changes)


def set_state(world, state):
    with world.database.write() as session:
        lifecycle.set_state(session, world.study.id, state, by="admin@example.org")


def fakes(world):
    with world.database.read() as session:
        rater_id = admit(session, world.link["ED1"]).id
        query = sa.select(Presentation.key).join(Image, Image.id == Presentation.image_id)
        query = query.where(Presentation.rater_id == rater_id, Image.truth == "fake")
        return set(session.scalars(query))


def test_nothing_is_told_before_the_study_has_closed(browser, world, rated):
    change(world, show_results=True)
    page = browser.get(f"{rated}/done").text
    assert "When the study has closed" in page
    assert "How you did" not in page
    assert not [key for key in fakes(world) if key in page]


def test_nothing_is_told_where_the_study_does_not_allow_it(browser, world, rated):
    set_state(world, "closed")
    page = browser.get(f"{rated}/done").text
    assert "Thank you" in page
    assert "How you did" not in page


def test_after_closing_she_sees_what_fooled_her(browser, world, rated):
    change(world, show_results=True)
    set_state(world, "closed")
    page = browser.get(f"{rated}/done").text
    assert "5 of your 8 answers were right" in page
    assert "Fakes that you took for real" in page
    assert "Real images that you took for fake" not in page
    assert all(key in page for key in fakes(world))
    assert browser.get(rated).headers["location"] == f"{rated}/done"


def test_who_has_not_submitted_sees_hers_too_and_who_answered_nothing_sees_thanks(browser, world, rated):
    consent(world, "ED2")
    consent(world, "DLE1")
    with world.database.write() as session:
        rating.answer_form(session, world.link["ED2"], 1, "real")
    change(world, show_results=True)
    set_state(world, "closed")
    assert "of your 1 answers" in browser.get(f"/r/{world.link['ED2']}/done").text
    nothing = browser.get(f"/r/{world.link['DLE1']}/done")
    assert nothing.status_code == 200
    assert "How you did" not in nothing.text
    assert "When the study has closed" not in nothing.text


def test_a_study_that_told_the_truth_takes_no_more_answers(world, rated):
    change(world, show_results=True)
    set_state(world, "closed")
    change(world, show_results=False)  # too late: they may have looked
    with pytest.raises(Conflict, match="has shown"):
        set_state(world, "open")
    with world.database.write() as session, pytest.raises(Conflict, match="has shown"):
        rating.reopen(session, world.study.id, "ED1")
    with world.database.read() as session:
        kinds = session.scalars(sa.select(Event.kind).order_by(Event.id)).all()
    assert kinds[-4:] == ["options changed", "closed", "results released", "options changed"]


def test_allowing_it_after_closing_counts_as_telling(world, rated):
    set_state(world, "closed")
    change(world, show_results=True)
    with pytest.raises(Conflict, match="has shown"):
        set_state(world, "open")


def test_a_rater_is_reopened_by_an_admin_only_and_it_is_recorded(world, rated):
    with world.database.write() as session, pytest.raises(Conflict, match="submitted"):
        rating.answer_form(session, world.link["ED1"], 1, "fake")
    with world.database.write() as session:
        rating.reopen(session, world.study.id, "ED1", by="admin@example.org")
    with world.database.write() as session:
        rating.answer_form(session, world.link["ED1"], 1, "fake")
    with world.database.write() as session, pytest.raises(Conflict, match="has not submitted"):
        rating.reopen(session, world.study.id, "ED1", by="admin@example.org")
    with world.database.read() as session:
        event = session.scalars(sa.select(Event).where(Event.kind == "reopened")).one()
    assert event.by == "admin@example.org"
    assert "submitted_at" in event.details
