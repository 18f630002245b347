"""The rater's pages as plain forms, and what they refuse."""

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.database.tables import Rater, Rating
from backend.studies import invitations, lifecycle
from tests.backend.conftest import hidden

JSON = {"Accept": "application/json"}


@pytest.fixture
def base(world):
    return f"/r/{world.link['ED1']}"


@pytest.fixture
def started(browser, base):
    assert browser.post(f"{base}/start", data={"agree": "yes"}).status_code == 303
    return browser


def stored(world):
    with world.database.read() as session:
        return [row.answer for row in session.scalars(sa.select(Rating).order_by(Rating.id))]


def rate(client, base, position, answer, **more):
    page = client.get(f"{base}/rate/{position}").text
    form = {"answer": answer, "submission": hidden(page, "submission"), "shown_ms": hidden(page, "shown_ms")}
    return client.post(f"{base}/rate/{position}", data=form | more)


def test_welcome_says_what_it_is_how_long_and_what_is_recorded(browser, base):
    page = browser.get(base)
    assert page.status_code == 200
    for words in ("Skin", "8, one at a time", "about 1 minute<", "What is recorded", "I take part"):
        assert words in page.text


def test_opening_links_records_nothing(browser, world, base):
    for path in ("", "/rate/1", "/review", "/done"):
        assert browser.get(base + path).status_code in {200, 303}
    with world.database.read() as session:
        raters = session.scalars(sa.select(Rater)).all()
    assert all(rater.consented_at is None for rater in raters)


def test_without_consent_there_is_no_image_and_no_start(browser, world, base):
    assert browser.post(f"{base}/start", data={}).status_code == 409
    assert browser.get(f"{base}/rate/1").headers["location"] == base
    with world.database.read() as session:
        key = session.scalar(sa.text("SELECT key FROM presentations ORDER BY id LIMIT 1"))
    assert browser.get(f"{base}/images/{key}.png").status_code == 404


def test_rating_all_with_forms_reviewing_and_submitting(started, world, base):
    assert started.get(base).headers["location"] == f"{base}/rate/1?resume"
    for position in range(1, 9):
        target = rate(started, base, position, "real").headers["location"]
        assert target == (f"{base}/rate/{position + 1}" if position < 8 else f"{base}/review")
    assert rate(started, base, 3, "fake", back="review").headers["location"] == f"{base}/review"
    review = started.get(f"{base}/review").text
    assert "8 of 8 images answered" in review
    assert started.get(base).headers["location"] == f"{base}/review"
    assert started.post(f"{base}/submit").headers["location"] == f"{base}/done"
    assert "saved and closed" in started.get(f"{base}/done").text
    assert stored(world) == ["real"] * 8 + ["fake"]


def test_submitting_with_gaps_needs_the_tick(started, base):
    rate(started, base, 1, "real")
    assert "I submit with images unanswered" in started.get(f"{base}/review").text
    refused = started.post(f"{base}/submit")
    assert refused.status_code == 409
    assert "7 of your images" in refused.text
    assert started.post(f"{base}/submit", data={"leave_unanswered": "yes"}).status_code == 303


def test_after_submitting_answers_are_refused_with_an_explanation(started, world, base):
    rate(started, base, 1, "real")
    started.post(f"{base}/submit", data={"leave_unanswered": "yes"})
    refused = started.post(f"{base}/rate/2", data={"answer": "real", "submission": "x" * 10})
    assert refused.status_code == 409
    assert "submitted" in refused.text
    assert stored(world) == ["real"]
    for path in ("", "/rate/2", "/review"):
        assert started.get(base + path).headers["location"] in {base, f"{base}/done"}


def test_the_same_form_sent_twice_is_stored_once(started, world, base):
    form = {"answer": "fake", "submission": hidden(started.get(f"{base}/rate/1").text, "submission")}
    for _ in range(2):
        assert started.post(f"{base}/rate/1", data=form).status_code == 303
    assert stored(world) == ["fake"]


def test_a_refused_form_is_told_as_the_asker_can_use_it(started, base):
    form = {"answer": "?", "submission": "another-one"}
    page = started.post(f"{base}/rate/2", data=form)
    assert page.status_code == 422
    assert "<h1>" in page.text
    refused = started.post(f"{base}/rate/2", data=form, headers=JSON)
    assert refused.status_code == 422
    assert set(refused.json()) == {"error", "request_id"}


def test_wrong_and_revoked_links_get_the_same_page(browser, world):
    with world.database.write() as session:
        invitations.revoke(session, world.study.id, "ED2")
    pages = []
    for token in ("nonsense", world.link["ED2"]):
        page = browser.get(f"/r/{token}")
        assert page.status_code == 404
        pages.append(page.text.replace(page.headers["x-request-id"], "ID"))
    assert pages[0] == pages[1]
    assert "Please check that it is complete" in pages[0]


@pytest.mark.parametrize(
    "path", ["/rate/0", "/rate/9", "/rate/x", "/rate/99999999999999999999", "/nowhere", "/images/%00.png"]
)
def test_places_that_are_not_there_are_a_friendly_404(started, base, path):
    page = started.get(base + path)
    assert page.status_code == 404
    assert "Traceback" not in page.text
    assert page.headers["x-request-id"] in page.text


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"answer": ""},
        {"answer": "maybe", "submission": "x" * 10},
        {"answer": "real", "submission": "x"},
        {"answer": "real", "submission": "x" * 10, "response_ms": "-5"},
        {"answer": "real", "submission": "x" * 10, "response_ms": "soon"},
        {"answer": "real", "submission": "x" * 10, "response_ms": "nan"},
        {"answer": "real\x00", "submission": "x" * 10},
    ],
)
def test_rubbish_is_refused_and_changes_nothing(started, world, base, form):
    reply = started.post(f"{base}/rate/1", data=form)
    assert reply.status_code == 422
    assert stored(world) == []


@pytest.mark.parametrize("position", ["0", "9", "4000000000", "99999999999999999999", "x"])
def test_answers_for_images_that_are_not_there_are_404(started, world, base, position):
    form = {"answer": "real", "submission": "x" * 10}
    assert started.post(f"{base}/rate/{position}", data=form).status_code == 404
    assert stored(world) == []


def test_a_huge_body_is_refused_unread(started, world, base):
    reply = started.post(
        f"{base}/rate/1", data={"answer": "real", "submission": "x" * 10, "z": "z" * 2_000_000}
    )
    assert reply.status_code == 413
    assert stored(world) == []


def test_a_closed_study_says_so(started, world, base):
    rate(started, base, 1, "real")
    with world.database.write() as session:
        lifecycle.set_state(session, world.study.id, "closed")
    assert started.get(f"{base}/rate/2").headers["location"] == base
    page = started.get(base)
    assert page.status_code == 409
    assert "closed" in page.text


def test_the_surround_is_remembered(started, base):
    assert 'class="rating dark"' in started.get(f"{base}/rate/1").text
    chosen = started.post(f"{base}/surround", data={"surround": "light", "return_to": "rate/1"})
    assert chosen.headers["location"] == f"{base}/rate/1"
    assert 'class="rating light"' in started.get(f"{base}/rate/1").text


@pytest.mark.parametrize("place", ["rate/3?back=review", "review?show=unanswered", "rate/3", "done"])
def test_a_choice_of_language_leads_back_to_the_same_place(started, base, place):
    chosen = started.post(f"{base}/language", data={"language": "de", "return_to": place})
    assert chosen.headers["location"] == f"{base}/{place}"
    if "?" in place:
        assert f'name="return_to" value="{place}"' in started.get(f"{base}/{place}").text


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "rate/../../admin", "review?show=//evil"]
)
def test_no_form_sends_a_rater_elsewhere(started, base, target):
    chosen = started.post(f"{base}/surround", data={"surround": "light", "return_to": target})
    assert chosen.headers["location"] == base


@pytest.mark.parametrize("drawn", [True, False])
def test_pages_of_drawn_images_say_so_and_others_do_not(build_world, drawn):
    world = build_world(drawn=drawn)
    base = f"/r/{world.link['ED1']}"
    with TestClient(create_app(world.settings)) as client:
        pages = [
            client.get(base),
            client.post(f"{base}/start", data={"agree": "1"}),
            client.get(f"{base}/review"),
        ]
        pages.append(client.post(f"{base}/submit"))  # refused: nothing is answered
        client.post(f"{base}/submit", data={"leave_unanswered": "1"})
        pages.append(client.get(f"{base}/done"))
    assert [page.status_code for page in pages] == [200, 200, 200, 409, 200]
    for page in pages:
        assert ("computer-drawn phantoms, not photographs" in page.text) is drawn


def test_an_unexpected_error_shows_a_request_id_and_nothing_else(started, world, base, caplog):
    with world.database.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE ratings"))
    page = started.get(f"{base}/rate/1")
    assert page.status_code == 500
    identity = page.headers["x-request-id"]
    assert identity in page.text
    for inside in ("Traceback", "ratings", "sqlalchemy", "SELECT"):
        assert inside not in page.text
    assert any(record.getMessage() == "unexpected error" and record.exc_info for record in caplog.records)
