"""Answers and viewings as the script sends them: each once, in the order in which they were given."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from backend.database import ratings
from backend.database.tables import Presentation, Rater, Rating, Viewing
from backend.studies import editing, lifecycle, rating
from backend.studies.invitations import admit
from tests.support import consent


@pytest.fixture
def rater(browser, world):
    """A rater who has agreed, and what her script can do."""
    consent(world)
    return Script(browser, world, "ED1")


class Script:
    """What the script on a rater's pages sends."""

    def __init__(self, browser, world, name):
        self.browser, self.world, self.base = browser, world, f"/r/{world.link[name]}"
        with world.database.read() as session:
            rater_id = admit(session, world.link[name]).id
            query = sa.select(Presentation.key).where(Presentation.rater_id == rater_id)
            self.keys = session.scalars(query.order_by(Presentation.position)).all()
        self.sent = 0

    def entry(self, position, answer, **more):
        self.sent += 1
        return {"id": f"entry-{self.sent:06}", "image": self.keys[position - 1], "answer": answer} | more

    def viewing(self, position, visible_ms, **more):
        self.sent += 1
        key = self.keys[position - 1]
        return {"id": f"entry-{self.sent:06}", "image": key, "visible_ms": visible_ms} | more

    def post(self, answers=(), viewings=()):
        return self.browser.post(
            f"{self.base}/answers", json={"answers": list(answers), "viewings": list(viewings)}
        )

    def send(self, *answers, viewings=()):
        reply = self.post(answers, viewings)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def stored(self):
        with self.world.database.read() as session:
            query = sa.select(Rating.answer, Rating.confidence).order_by(Rating.answered_at, Rating.id)
            return [tuple(row) for row in session.execute(query)]


def options(world, **changes):
    with world.database.write() as session:
        editing.change_options(session, world.study.id, changes)


def test_what_is_acknowledged_is_stored_and_told_back(rater):
    one, two = rater.entry(1, "real"), rater.entry(2, "fake")
    reply = rater.send(one, two)
    assert sorted(reply["saved"]) == [one["id"], two["id"]]
    assert reply["refused"] == []
    assert reply["state"]["answers"][:3] == [["real", None], ["fake", None], [None, None]]
    assert (reply["state"]["open"], reply["state"]["submitted"]) == (True, False)
    assert rater.browser.get(f"{rater.base}/state").json() == reply["state"]


def test_sent_again_it_is_saved_again_and_stored_once(rater):
    entry = rater.entry(1, "real")
    rater.send(entry)
    rater.send(rater.entry(1, "fake"))
    assert rater.send(entry)["saved"] == [entry["id"]]
    assert [answer for answer, _ in rater.stored()] == ["real", "fake"]


def test_many_browsers_at_once_store_each_answer_once(rater):
    entries = [rater.entry(1 + number % 4, "real") for number in range(4)]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda number: rater.post([entries[number % 4]]).status_code, range(32)))
    assert replies == [200] * 32
    assert len(rater.stored()) == 4


def test_the_later_answer_in_time_holds_whichever_arrives_first(rater):
    rater.send(rater.entry(1, "fake", age_ms=0))
    with rater.world.database.write() as session:  # she agreed two hours ago
        session.execute(sa.update(Rater).values(consented_at=datetime.now(UTC) - timedelta(hours=2)))
    reply = rater.send(rater.entry(1, "real", age_ms=3_600_000))
    assert reply["state"]["answers"][0] == ["fake", None]
    assert [answer for answer, _ in rater.stored()] == ["real", "fake"]
    with rater.world.database.read() as session:
        (final, *_) = ratings.final_ratings(session, rater.world.study.id)
    assert (final.first_answer, final.answer, final.revisions) == ("real", "fake", 1)


def test_a_correction_counts_though_the_answer_it_corrects_was_long_on_the_way(rater):
    with rater.world.database.write() as session:
        session.execute(sa.update(Rater).values(consented_at=datetime.now(UTC) - timedelta(hours=2)))
    slip = rater.entry(1, "fake", age_ms=0)  # pressed first, and seconds on the way
    rater.send(slip)
    correction = rater.entry(1, "real", age_ms=5000, after=slip["id"])
    assert rater.send(correction)["state"]["answers"][0] == ["real", None]
    assert rater.send(slip, correction)["state"]["answers"][0] == ["real", None]
    assert [answer for answer, _ in rater.stored()] == ["fake", "real"]


def test_corrections_sent_together_are_taken_in_the_order_in_which_they_were_made(rater):
    first = rater.entry(1, "fake", age_ms=1000)
    second = rater.entry(1, "real", age_ms=3000, after=first["id"])  # her clock was set back in between
    third = rater.entry(1, "fake", age_ms=2000, after=second["id"])
    reply = rater.send(third, second, first)
    assert reply["state"]["answers"][0] == ["fake", None]
    assert [answer for answer, _ in rater.stored()] == ["fake", "real", "fake"]


def test_a_correction_of_what_is_not_there_counts_by_its_time(rater):
    elsewhere = rater.entry(2, "real")
    circle, around = (
        rater.entry(3, "real", after="entry-000003"),
        rater.entry(3, "fake", after="entry-000002"),
    )
    lonely = rater.entry(1, "real", after="never-heard-of")
    misled = rater.entry(4, "fake", after=elsewhere["id"])
    entries = [elsewhere, circle, around, lonely, misled]
    assert sorted(rater.send(*entries)["saved"]) == sorted(entry["id"] for entry in entries)
    assert rater.send(entries[0] | {"id": "entry-000099", "answer": "fake", "after": "no"})["refused"]


def test_the_servers_clock_set_back_loses_no_plain_form(rater):
    page = f"{rater.base}/rate/1"
    for answer in ("fake", "real"):
        assert rater.browser.post(page, data={"answer": answer}).status_code == 303
        with rater.world.database.write() as session:  # as if the clock had been set back by an hour since
            session.execute(sa.update(Rating).values(answered_at=datetime.now(UTC) + timedelta(hours=1)))
    assert rater.browser.post(page, data={"answer": "fake"}).status_code == 303
    assert rater.browser.get(f"{rater.base}/state").json()["answers"][0] == ["fake", None]


def test_times_are_by_the_servers_clock_and_never_before_she_agreed(rater):
    rater.send(rater.entry(1, "real", age_ms=10 * 86_400_000), rater.entry(2, "real", age_ms=0))
    with rater.world.database.read() as session:
        agreed = session.scalar(sa.select(Rater.consented_at).where(Rater.name == "ED1"))
        rows = session.scalars(sa.select(Rating).order_by(Rating.answered_at)).all()
    assert rows[0].answered_at == agreed
    assert rows[0].received_at > agreed
    assert rows[1].answered_at == rows[1].received_at


def test_an_answer_can_be_withdrawn_and_given_again(rater):
    rater.send(rater.entry(1, "real"))
    assert rater.send(rater.entry(1, None))["state"]["answers"][0] == [None, None]
    assert rater.send(rater.entry(1, "fake"))["state"]["answers"][0] == ["fake", None]
    assert [answer for answer, _ in rater.stored()] == ["real", None, "fake"]


def test_withdrawing_nothing_stores_nothing(rater):
    assert rater.send(rater.entry(1, None))["refused"] == []
    assert rater.stored() == []


def test_confidence_is_kept_and_a_change_of_it_is_a_revision(rater):
    options(rater.world, confidence_levels=5)
    rater.send(rater.entry(1, "real", confidence=2))
    reply = rater.send(rater.entry(1, "real", confidence=5))
    assert reply["state"]["answers"][0] == ["real", 5]
    assert rater.stored() == [("real", 2), ("real", 5)]
    assert rater.send(rater.entry(2, "real", confidence=6))["refused"][0]["final"] is True


def test_where_revising_is_off_an_answer_stays(rater):
    options(rater.world, revising=False)
    first = rater.entry(1, "real")
    rater.send(first)
    for change in (rater.entry(1, "fake"), rater.entry(1, None)):
        reply = rater.send(change)
        assert reply["refused"][0] == {
            "id": change["id"],
            "error": "This study takes one answer an image, and you have given it. Nothing was changed.",
            "final": True,
        }
        assert reply["state"]["answers"][0] == ["real", None]
    assert rater.send(first, rater.entry(1, "real"))["refused"] == []
    assert len(rater.stored()) == 1


def test_where_revising_is_off_a_missing_confidence_can_still_be_given_once(rater):
    options(rater.world, revising=False, confidence_levels=5)
    rater.send(rater.entry(1, "real"))
    refused = lambda change: len(rater.send(change)["refused"])  # noqa: E731
    assert refused(rater.entry(1, "fake", confidence=4)) == 1
    assert refused(rater.entry(1, "real", confidence=4)) == 0
    assert refused(rater.entry(1, "real", confidence=5)) == 1
    assert refused(rater.entry(1, "real")) == 1
    assert rater.stored() == [("real", None), ("real", 4)]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"response_ms": -5}, "response time"),
        ({"response_ms": 1e12}, "response time"),
        ({"response_ms": "fast"}, "response time"),
        ({"hidden_ms": -1}, "response time"),
        ({"age_ms": -1}, "time that came"),
        ({"age_ms": 1e15}, "time that came"),
        ({"answer": "maybe"}, "'real' or 'fake'"),
        ({"answer": ["real"]}, "'real' or 'fake'"),
        ({"image": "0" * 32}, "no such image"),
        ({"image": "x"}, "no such image"),
        ({"image": None}, "no such image"),
        ({"confidence": 1}, "level of the study's scale"),
        ({"confidence": "high"}, "level of the study's scale"),
        ({"confidence": True}, "level of the study's scale"),
        ({"id": "short"}, "usable id"),
        ({"id": "x" * 37}, "usable id"),
        ({"id": 7}, "usable id"),
    ],
)
def test_one_bad_entry_is_refused_logged_and_holds_up_no_other(rater, caplog, bad, words):
    caplog.set_level("WARNING", logger="dermvtt.rating")
    good = rater.entry(2, "fake", response_ms=812.5, hidden_ms=3.0)
    reply = rater.send(rater.entry(1, "real") | bad, good)
    assert reply["saved"] == [good["id"]]
    assert words in reply["refused"][0]["error"]
    assert reply["refused"][0]["final"] is True
    assert len(rater.stored()) == 1
    assert any(words in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("rubbish", [None, 1, "x", [], {}, {"id": {}}, {"answer": "real"}])
def test_an_entry_that_is_none_is_refused(rater, rubbish):
    reply = rater.send(rubbish, rater.entry(1, "real"))
    assert len(reply["refused"]) == len(reply["saved"]) == 1


NO_BATCHES = [
    *(b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"answers": 1}', b'{"answers": {}}', b'{"answers": [NaN]}x'),
    b"[" * 100_000,
    b'{"answers": [' + b"{}," * 100 + b"{}]}",
]


@pytest.mark.parametrize("body", NO_BATCHES, ids=range(len(NO_BATCHES)))
def test_a_body_that_is_no_batch_is_refused_whole(rater, body):
    reply = rater.browser.post(
        f"{rater.base}/answers", content=body, headers={"Content-Type": "application/json"}
    )
    assert reply.status_code in {400, 422}, reply.text
    assert "error" in reply.json()
    assert rater.stored() == []


def test_ten_megabytes_of_confidence_are_not_read(rater):
    reply = rater.post([rater.entry(1, "real", confidence="9" * 10_000_000)])
    assert reply.status_code == 413
    assert "too large" in reply.json()["error"]


def test_an_image_of_another_rater_is_unknown(rater, browser):
    consent(rater.world, "ED2")
    other = Script(browser, rater.world, "ED2")
    reply = rater.send(other.entry(1, "real"))
    assert "no such image" in reply["refused"][0]["error"]
    assert rater.stored() == []


def test_a_closed_study_refuses_for_the_time_being(rater):
    late = rater.entry(1, "real")
    for state in ("closed", "open"):
        with rater.world.database.write() as session:
            lifecycle.set_state(session, rater.world.study.id, state)
        reply = rater.send(late)
        if state == "closed":
            assert (reply["refused"][0]["final"], reply["state"]["open"]) == (False, False)
            assert rater.stored() == []
    assert reply["saved"] == [late["id"]]


def test_after_submitting_answers_wait_until_an_admin_reopens(rater):
    with rater.world.database.write() as session:
        rating.submit(session, rater.world.link["ED1"], leave_unanswered=True)
    late = rater.entry(1, "real")
    reply = rater.send(late, viewings=[rater.viewing(1, 900)])
    assert (reply["refused"][0]["final"], reply["state"]["submitted"]) == (False, True)
    assert len(reply["saved"]) == 1  # the viewing: nothing of a rating changes by it
    with rater.world.database.write() as session:
        rating.reopen(session, rater.world.study.id, "ED1", by="admin@example.org")
    assert rater.send(late)["saved"] == [late["id"]]


def test_without_consent_nothing_is_taken(browser, world):
    script = Script(browser, world, "ED1")
    assert script.post([script.entry(1, "real")]).status_code == 409
    assert script.post().status_code == 404
    assert browser.get(f"{script.base}/state").status_code == 404
    assert browser.post("/r/nobody/answers", json={}).status_code == 404
    assert script.stored() == []


def test_viewings_are_kept_apart_and_mark_an_image_as_seen(rater):
    viewing = rater.viewing(3, 4321.5, hidden_ms=100.0, age_ms=5000)
    for _ in range(2):
        assert rater.send(viewings=[viewing])["saved"] == [viewing["id"]]
    assert rater.send(viewings=[rater.viewing(3, -1)])["refused"][0]["final"] is True
    with rater.world.database.read() as session:
        row = session.scalars(sa.select(Viewing)).one()
        rater_id = admit(session, rater.world.link["ED1"]).id
        seen = [step.position for step in ratings.steps(session, rater_id) if step.seen]
    assert (row.visible_ms, row.hidden_ms, seen) == (4321.5, 100.0, [3])
    assert row.began_at < row.received_at


def test_a_script_gone_wild_is_stopped(rater, monkeypatch):
    monkeypatch.setattr("backend.studies.recording.MOST_RATINGS", 3)
    for answer in ("real", "fake", "real"):
        rater.send(rater.entry(1, answer))
    assert "too many times" in rater.send(rater.entry(1, "fake"))["refused"][0]["error"]
