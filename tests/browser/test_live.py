"""The overview of a study that is being rated, as its admin sees it."""

import pytest
from playwright.sync_api import expect

from backend import accounts
from backend.studies.invitations import admit
from tests.browser.rating_page import enter, rate, watched

ADMIN, PASSWORD = "watcher@example.org", "a password of my own"


@pytest.fixture(scope="module")
def session(studies):
    with studies.database.write() as session:
        once = accounts.create_admin(session, ADMIN)
    accounts.change_password(studies.database, ADMIN, once, PASSWORD, hours=1)
    return accounts.log_in(studies.database, ADMIN, PASSWORD, hours=1).token


def test_answers_appear_while_the_page_is_open(chromium, studies, session):
    name, link = studies.invite()
    with studies.database.read() as opened:
        study_id = admit(opened, link.rsplit("/", 1)[1]).study_id
    with watched(chromium) as page, watched(chromium) as rater:
        cookie = {"name": "dermvtt_session", "value": session, "url": f"{studies.server.address}/admin"}
        page.context.add_cookies([cookie])
        # First the server is being replaced: who answers in its place says so, once and again.
        replies = iter([503, 502])
        page.route("**/live", lambda route: answer(route, next(replies, None)))
        page.clock.install()
        page.goto(f"{studies.server.address}/admin/studies/{study_id}")
        expect(page.locator("#line")).to_have_text("The server cannot be reached; trying again")
        while page.locator("#line").inner_text() != "Live":
            page.clock.run_for(1000)
        assert next(replies, None) is None
        expect(page.locator("#board")).to_contain_text("0 of 20")
        enter(rater, link)
        rate(rater, "rfr")
        expect(page.locator("#board tr", has_text=name)).to_contain_text("3 of 20")
        expect(page.locator("#board tr", has_text=name)).to_contain_text("rating")


def test_a_double_click_invites_once(chromium, studies, session):
    _, link = studies.invite()
    with studies.database.read() as opened:
        study_id = admit(opened, link.rsplit("/", 1)[1]).study_id
    with watched(chromium) as page:
        cookie = {"name": "dermvtt_session", "value": session, "url": f"{studies.server.address}/admin"}
        page.context.add_cookies([cookie])
        page.goto(f"{studies.server.address}/admin/studies/{study_id}/raters")
        raters = page.get_by_label("New link for").count()
        page.get_by_label("How many").fill("3")
        page.get_by_role("button", name="Invite", exact=True).dblclick()
        expect(page.locator(".links .qr")).to_have_count(3)
        expect(page.get_by_label("New link for")).to_have_count(raters + 3)


def answer(route, status):
    route.fulfill(status=status) if status else route.continue_()
