"""What was true when a request came need not be true when it is its turn."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import sqlalchemy as sa

from backend.database.tables import Rater, Rating
from backend.studies import editing
from backend.studies.answers import Answer
from backend.studies.consent import begin, told
from backend.studies.invitations import invite
from backend.studies.rating import answer_form
from backend.studies.recording import Parcel, record
from tests.backend.test_recording import Script
from tests.support import consent


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_an_answer_that_waits_its_turn_is_held_against_the_options_of_that_moment(world, browser):
    consent(world)
    with world.database.write() as session:
        editing.change_options(session, world.study.id, {"confidence_levels": 5})
    answer = Answer(id="an-entry", image=Script(browser, world, "ED1").keys[0], answer="real", confidence=5)

    def send(begun):
        begun.set()
        with world.database.write() as session:
            return record(session, [Parcel(world.link["ED1"], [answer])])[0].refused

    with ThreadPoolExecutor(1) as pool:
        begun = Event()
        with world.database.write() as holding:
            holding.execute(sa.select(Rater).where(Rater.name == "ED1").with_for_update())
            waiting = pool.submit(send, begun)
            begun.wait(5)
            wait_for_the_lock(world)
            with world.database.write() as session:
                editing.change_options(session, world.study.id, {"confidence_levels": 0})
        assert "scale" in str(waiting.result(10)[0].reason)


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_who_begins_while_another_does_is_counted_after_her(world):
    """Or both could get the same order of the buttons."""
    consent(world, "DLE1")  # of another group: the text that they agree to is kept already
    with world.database.write() as session:
        invited = invite(session, world.study.id, world.study.groups[0], 2)
    with ThreadPoolExecutor(1) as pool:
        with world.database.write() as session:
            begin(session, invited[0].token, told(world.study, "en", str), form={})
            world.link[invited[1].name] = invited[1].token
            waiting = pool.submit(consent, world, invited[1].name)
            wait_for_the_lock(world)
        waiting.result(10)
    with world.database.read() as session:
        query = sa.select(Rater.first_choice).where(Rater.name.in_([one.name for one in invited]))
        assert sorted(session.scalars(query)) == ["fake", "real"]


def wait_for_the_lock(world):
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    for _ in range(500):
        with world.database.read() as session:
            if session.scalar(waiting):
                return
            session.execute(sa.text("SELECT pg_sleep(0.01)"))
    raise AssertionError("nobody waits")


def test_the_same_page_sent_again_with_another_confidence_is_a_revision(world):
    consent(world)
    with world.database.write() as session:
        editing.change_options(session, world.study.id, {"confidence_levels": 5})
    for confidence in (2, 2, 5, 5):
        with world.database.write() as session:
            answer_form(session, world.link["ED1"], 1, "real", submission="one-page", confidence=confidence)
    with world.database.read() as session:
        assert session.scalars(sa.select(Rating.confidence).order_by(Rating.id)).all() == [2, 5]
