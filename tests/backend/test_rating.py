"""The rules of rating: append-only, sent twice is stored once, closed is closed."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import sqlalchemy as sa

from backend.database import ratings
from backend.database.tables import Rater, Rating
from backend.studies import invitations, lifecycle, rating
from backend.studies.refusals import Conflict, Invalid, Unknown
from tests.support import consent


def answer(world, name, position, given, submission="", **more):
    submission = submission or f"{name}-{position}-{given}-{len(history(world))}".ljust(8, "x")
    with world.database.write() as session:
        rating.answer_form(session, world.link[name], position, given, submission=submission, **more)


def history(world):
    with world.database.read() as session:
        query = sa.select(Rating.presentation_id, Rating.answer).order_by(Rating.id)
        return [tuple(row) for row in session.execute(query)]


def answers(world, name="ED1"):
    with world.database.read() as session:
        rater = invitations.admit(session, world.link[name])
        return [step.answer for step in ratings.steps(session, rater.id)]


def test_an_answer_and_its_revision_are_two_rows(world):
    consent(world)
    answer(world, "ED1", 1, "real")
    answer(world, "ED1", 1, "fake")
    assert [given for _, given in history(world)] == ["real", "fake"]
    assert answers(world)[0] == "fake"


def test_the_same_submission_is_stored_once_also_after_a_revision(world):
    consent(world)
    answer(world, "ED1", 1, "real", submission="aaaaaaaa")
    answer(world, "ED1", 1, "fake", submission="bbbbbbbb")
    answer(world, "ED1", 1, "real", submission="aaaaaaaa")  # sent late, from a queue
    assert answers(world)[0] == "fake"
    assert len(history(world)) == 2


def test_another_answer_from_the_same_page_is_a_revision(world):
    consent(world)
    answer(world, "ED1", 1, "real", submission="the-same")
    answer(world, "ED1", 1, "fake", submission="the-same")
    assert [given for _, given in history(world)] == ["real", "fake"]


def test_no_answer_is_stored_after_the_study_was_closed_or_the_link_revoked(world):
    consent(world)
    for end in (
        lambda session: lifecycle.set_state(session, world.study.id, "closed"),
        lambda session: invitations.revoke(session, world.study.id, "ED1"),
    ):
        admitted, ended = Event(), Event()

        def slow_answer(admitted=admitted, ended=ended):
            with world.database.write() as session:
                invitations.admit(session, world.link["ED1"], lock=True)
                admitted.set()
                return ended.wait(1.0)  # in vain: who ends waits for this transaction

        with ThreadPoolExecutor(1) as pool:
            answering = pool.submit(slow_answer)
            admitted.wait(5)
            with world.database.write() as session:
                end(session)
            ended.set()
            assert answering.result() is False


def test_the_answer_that_already_holds_adds_nothing(world):
    consent(world)
    answer(world, "ED1", 1, "real")
    answer(world, "ED1", 1, "real")
    assert len(history(world)) == 1


def test_many_at_once_store_one_rating_for_each_submission(world):
    consent(world)

    def send(number):
        answer(world, "ED1", 1 + number % 4, "real", submission=f"submission{number % 4}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(32)))
    assert len(history(world)) == 4


def test_raters_do_not_touch_each_other(world):
    consent(world)
    consent(world, "DLE1")
    answer(world, "ED1", 1, "real")
    assert answers(world, "DLE1") == [None] * 8


def test_without_consent_there_is_no_answer(world):
    with pytest.raises(Conflict, match="agree"):
        answer(world, "ED1", 1, "real")
    assert history(world) == []


def test_consent_is_stored_once_with_its_text(world):
    consent(world)
    consent(world)
    with world.database.read() as session:
        rater = session.scalar(sa.select(Rater).where(Rater.name == "ED1"))
        other = session.scalar(sa.select(Rater).where(Rater.name == "ED2"))
    assert rater.consented_at is not None
    assert len(rater.consent_version) == 64
    assert other.consented_at is None


def test_after_submitting_nothing_changes_but_a_lost_acknowledgement_is_given_again(world):
    consent(world)
    answer(world, "ED1", 1, "real", submission="the-first")
    with world.database.write() as session:
        rating.submit(session, world.link["ED1"], leave_unanswered=True)
    with pytest.raises(Conflict, match="submitted"):
        answer(world, "ED1", 2, "real")
    answer(world, "ED1", 1, "real", submission="the-first")
    assert len(history(world)) == 1


def test_unanswered_images_are_left_only_on_purpose(world):
    consent(world)
    with world.database.write() as session, pytest.raises(Conflict, match="8 of your images"):
        rating.submit(session, world.link["ED1"])
    for position in range(1, 9):
        answer(world, "ED1", position, "fake")
    with world.database.write() as session:
        assert rating.submit(session, world.link["ED1"]).submitted_at is not None


def test_a_closed_study_takes_no_answers_until_it_is_open_again(world):
    consent(world)
    set_state(world, "closed")
    with pytest.raises(Conflict, match="closed"):
        answer(world, "ED1", 1, "real")
    set_state(world, "open")
    answer(world, "ED1", 1, "real")
    assert len(history(world)) == 1


def set_state(world, state):
    with world.database.write() as session:
        lifecycle.set_state(session, world.study.id, state)


@pytest.mark.parametrize("position", [0, 9, -1, 10**9])
def test_a_position_that_is_not_there_is_unknown(world, position):
    consent(world)
    with pytest.raises(Unknown):
        answer(world, "ED1", position, "real")


@pytest.mark.parametrize(
    "bad",
    [
        {"given": "maybe"},
        {"given": ""},
        {"submission": "short"},
        {"submission": "x" * 37},
        {"submission": "eight chars"},
        {"response_ms": -5},
        {"response_ms": 1e12},
        {"response_ms": float("nan")},
        {"response_ms": float("inf")},
        {"confidence": 1},  # the study has no scale
        {"confidence": 10**9},
    ],
)
def test_values_that_cannot_be_are_refused(world, bad):
    consent(world)
    values = {"given": "real"} | bad
    with pytest.raises(Invalid):
        answer(world, "ED1", 1, values.pop("given"), **values)
    assert history(world) == []


def test_response_times_say_whose_clock_they_are_by(world):
    consent(world)
    now_ms = rating.datetime.now(rating.UTC).timestamp() * 1000
    answer(world, "ED1", 1, "real", response_ms=812.5, shown_ms=now_ms)
    answer(world, "ED1", 2, "real", shown_ms=now_ms - 2000)
    answer(world, "ED1", 3, "real", shown_ms=now_ms + 3_600_000)  # a clock that was set back
    answer(world, "ED1", 4, "real", shown_ms=now_ms - 1e12)  # a page that was left open
    with world.database.read() as session:
        rows = list(session.execute(sa.select(Rating.response_ms, Rating.response_clock).order_by(Rating.id)))
    assert tuple(rows[0]) == (812.5, "browser")
    assert rows[1][1] == "server"
    assert 2000 <= rows[1][0] < 60_000
    assert [tuple(row) for row in rows[2:]] == [(None, None)] * 2


def resume(world):
    with world.database.read() as session:
        return rating.resume_position(session, invitations.admit(session, world.link["ED1"]))


def test_a_rater_goes_on_where_she_was(world):
    consent(world)
    assert resume(world) == 1
    answer(world, "ED1", 1, "real")
    answer(world, "ED1", 4, "real")
    assert resume(world) == 5
    for position in range(5, 9):
        answer(world, "ED1", position, "real")
    assert resume(world) == 2  # what she skipped
    for position in (2, 3):
        answer(world, "ED1", position, "real")
    assert resume(world) is None
