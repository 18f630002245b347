"""An admin goes through a study as a rater does, in the browser, and nothing of it is kept."""

import re

import pytest
from playwright.sync_api import expect

from backend.storage import ImageStore
from backend.studies.lifecycle import create_study
from backend.studies.mixes import import_mix
from backend.studies.options import StudyOptions, StudyTexts
from tests.backend.conftest import ADMIN, PASSWORD, add_admin
from tests.browser.rating_page import (
    answerable,
    at,
    no_sideways_scrolling,
    overview_ready,
    saved,
    watched,
)
from tests.support import everything

BANNER = "Preview: nothing is kept"


@pytest.fixture(scope="module")
def admin(studies):
    add_admin(studies)


@pytest.fixture
def draft(studies, make_mix, admin):
    """The address of a draft that has all that a study can have."""
    store = ImageStore(studies.server.settings.images_dir)
    practice = import_mix(studies.database, store, make_mix(1, 1, seed=11)).mix
    options = StudyOptions(confidence_levels=3, questions="years")
    texts = {"de": StudyTexts(title="Echt oder erzeugt?")}
    with studies.database.write() as session:
        study = create_study(
            session,
            [studies.mix_id],
            "Real or generated?",
            options=options,
            texts=texts,
            practice_mix_id=practice.id,
            draft=True,
        )
    return f"{studies.server.address}/admin/studies/{study.id}"


def log_in(page, address):
    page.goto(address)
    page.get_by_label("E-mail").fill(ADMIN)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Studies")).to_be_visible()


def practise(page):
    for number in (1, 2):
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Practice image {number} of 2")
        expect(page.get_by_text(BANNER)).to_be_visible()
        page.locator("button.answer").first.click()
        page.locator("#next").click()


def test_a_draft_is_gone_through_to_the_end_and_nothing_of_it_is_kept(chromium, studies, draft):
    with watched(chromium) as page:
        log_in(page, draft)
        page.goto(draft)
        before = everything(studies, {"admin_sessions"})
        page.get_by_role("link", name="Preview as a rater").click()
        expect(page.get_by_text(BANNER)).to_be_visible()
        page.get_by_role("button", name="Deutsch").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Echt oder erzeugt?")
        expect(page.get_by_text("Vorschau: nichts wird behalten")).to_be_visible()
        page.get_by_role("button", name="English").click()
        page.locator("input[name=q_years]").fill("12")
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Begin").click()
        practise(page)
        for position, keys in enumerate(("r1", "f3", "r2", "f1"), start=1):
            at(page, position)
            expect(page.get_by_text(BANNER)).to_be_in_viewport()
            for key in keys:
                page.keyboard.press(key)
        answerable(page, 5)
        saved(page)
        page.reload()  # what was answered is still known
        at(page, 5)
        expect(page.locator("#answered")).to_have_text("4")
        page.keyboard.press("ArrowLeft")
        at(page, 4)
        expect(page.get_by_role("button", name="Fake")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("r")  # a revision
        page.keyboard.press("2")
        answerable(page, 5)
        page.locator("#overview").click()
        overview_ready(page)
        expect(page.get_by_text("4 of 20 images answered")).to_be_visible()
        expect(page.locator("#image-4 .caption")).to_contain_text("real")
        page.set_viewport_size({"width": 360, "height": 740})
        no_sideways_scrolling(page)
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Submit my answers").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
        expect(page.get_by_text("4 of 20 images answered")).to_be_visible()
        page.get_by_role("link", name="End the preview").click()
        expect(page).to_have_url(re.compile(rf"{draft}$"))
        assert everything(studies, {"admin_sessions"}) == before


def test_texts_are_read_while_they_are_written(chromium, studies, draft):
    with watched(chromium) as page:
        log_in(page, draft)
        page.goto(f"{draft}/settings")
        expect(page.get_by_role("button", name="Preview the texts")).to_be_hidden()
        read = page.locator("#read_introduction_en")
        expect(read).to_be_hidden()
        page.get_by_label("Introduction", exact=True).first.fill("See **this**:\n\n- <b>one</b>")
        expect(read.locator("strong")).to_have_text("this")
        expect(read.locator("li")).to_have_text("<b>one</b>")
        page.get_by_label("Introduction", exact=True).first.fill("")
        expect(read).to_be_hidden()
