"""The overview of a study that is being rated, as its admin sees it."""

import pytest
from playwright.sync_api import expect

from backend import accounts
from backend.studies.invitations import admit
from tests.browser.rating_page import enter, rate, watched

ADMIN, PASSWORD = "watcher@example.org", "a password of my own"


@pytest.fixture
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
        page.goto(f"{studies.server.address}/admin/studies/{study_id}")
        expect(page.locator("#line")).to_have_text("Live")
        expect(page.locator("#board")).to_contain_text("0 of 20")
        enter(rater, link)
        rate(rater, "rfr")
        expect(page.locator("#board tr", has_text=name)).to_contain_text("3 of 20")
        expect(page.locator("#board tr", has_text=name)).to_contain_text("rating")
