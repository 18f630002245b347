"""axe-core finds nothing on any of a rater's pages: both surrounds, both languages, desktop and phone; nor on
those where admins log in, manage accounts and read the log.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pyotp import TOTP

from backend import accounts
from backend.database.tables import Admin
from backend.storage import ImageStore
from backend.studies.invitations import invite
from backend.studies.lifecycle import create_study, set_state
from backend.studies.mixes import import_mix
from backend.studies.options import StudyOptions, StudyTexts
from tests.browser.rating_page import at, no_sideways_scrolling
from tests.browser.serving import Studies, serving

SCREENS = {
    "desktop": {"viewport": {"width": 1280, "height": 860}},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
}
PASSWORD = "a password of my own"
EVERYTHING = {
    "confidence_levels": 5,
    "ask_group": True,
    "show_results": True,
    "questions": [{"id": "years", "kind": "number", "required": True}, {"id": "field"}],
}
TEXTS = StudyTexts(
    introduction="**Look** at *each*.\n\n## How\n\n- one `code`\n- [two](https://example.org)\n\n> Said.",
    consent="I agree to:\n\n1. this\n2. [that](https://example.org)",
    thanks="Thanks! [More](https://example.org)\n\n- one",
)
FEWEST = ["image-alt", "color-contrast", "target-size", "html-has-lang", "label", "button-name"]
"""Rules that must have had something to check: a run that checked nothing finds nothing too."""


@dataclass
class Demanding:
    """A server of studies with everything that a page can show."""

    studies: Studies
    practice_id: int

    def invite(self, session) -> tuple[int, str]:
        study = create_study(
            session,
            [self.studies.mix_id],
            "Real or generated?",
            seed="seed",
            options=StudyOptions(**EVERYTHING),
            texts={"en": TEXTS},
            practice_mix_id=self.practice_id,
        )
        token = invite(session, study.id, "")[0].token
        return study.id, f"{self.studies.server.address}/r/{token}"


@pytest.fixture(scope="module")
def demanding(tmp_path_factory, blank_sqlite, make_mix) -> Iterator[Demanding]:
    with serving(tmp_path_factory.mktemp("axe"), blank_sqlite, make_mix(4, 4, side=256)) as studies:
        store = ImageStore(studies.server.settings.images_dir)
        practice = import_mix(studies.database, store, make_mix(1, 1, seed=7, side=256)).mix
        yield Demanding(studies, practice.id)


def check(page: Page, where: str, seen: set[str]) -> None:
    """Nothing to complain of, and nothing wider than the screen."""
    # Off in axe-core as it comes: WCAG 2.2, 2.5.8.
    rules = {"target-size": {"enabled": True}}
    results = Axe().run(page, options={"resultTypes": ["violations", "passes"], "rules": rules}).response
    problems = [
        f"{where}: {rule['id']} at {node['target']}: {node['failureSummary']}"
        for rule in results["violations"]
        for node in rule["nodes"]
    ]
    assert problems == []
    seen |= {rule["id"] for rule in results["passes"]}
    no_sideways_scrolling(page)


# Each surround with each language and with each screen.
@pytest.mark.parametrize(
    ("screen", "surround", "language"),
    [
        ("desktop", "dark", "en"),
        ("desktop", "light", "de"),
        ("phone", "dark", "de"),
        ("phone", "light", "en"),
    ],
)
def test_axe_finds_nothing_on_any_page(chromium: Browser, demanding, screen, surround, language):
    with demanding.studies.database.write() as session:
        study_id, link = demanding.invite(session)
    context = chromium.new_context(**SCREENS[screen], locale=language, reduced_motion="reduce")
    context.add_cookies([{"name": "surround", "value": surround, "url": demanding.studies.server.address}])
    page, seen = context.new_page(), set()
    walk(page, link, language, lambda where: check(page, where, seen))
    with demanding.studies.database.write() as session:
        set_state(session, study_id, "closed")
    page.goto(link)
    expect(page.locator("table.confusion")).to_be_visible()
    check(page, "own results", seen)
    page.goto(f"{demanding.studies.server.address}/r/nobody")
    check(page, "unknown link", seen)
    assert set(FEWEST) <= seen
    context.close()


def test_axe_finds_nothing_on_the_pages_of_accounts_and_the_log(chromium: Browser, demanding):
    with demanding.studies.database.write() as session:
        session.execute(sa.delete(Admin))
        first = accounts.first_link(session)
    address, seen = f"{demanding.studies.server.address}/admin", set()
    context = chromium.new_context(**SCREENS["phone"], reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/first/{first}")
    check(page, "first account", seen)
    page.locator("input[name=email]").fill("owner@example.org")
    for name in ("password", "again"):
        page.locator(f"input[name={name}]").fill(PASSWORD)
    page.locator("button").click()
    page.goto(f"{address}/accounts")
    page.locator("form.row input[name=email]").fill("colleague@example.org")
    page.locator("form.row button").click()
    expect(page.locator(".links code")).to_be_visible()
    check(page, "accounts", seen)
    page.goto(f"{address}/account")
    page.locator("form[action$='/begin'] button").click()
    expect(page.locator("img.qr")).to_be_visible()
    check(page, "a second factor", seen)
    page.locator("input[name=code]").fill(TOTP(page.locator("code.wrap").inner_text()).now())
    page.locator("form[action$='/confirm'] button").click()
    expect(page.locator(".recovery li")).to_have_count(10)
    check(page, "recovery codes", seen)
    page.goto(f"{address}/log")
    check(page, "log", seen)
    context.clear_cookies()
    page.goto(f"{address}/login")
    check(page, "log-in", seen)
    page.locator("input[name=email]").fill("owner@example.org")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button").click()
    expect(page.locator("input[name=code]")).to_be_visible()
    check(page, "a code", seen)
    assert set(FEWEST) <= seen
    context.close()


def choices_apart(page: Page) -> None:
    measure = "all => all.map(one => one.getBoundingClientRect()).map(box => [box.left, box.right])"
    (start, end), (other_start, other_end) = page.locator("button.answer").evaluate_all(measure)
    assert end - start == pytest.approx(other_end - other_start, abs=1)
    assert 0 <= start < end < other_start < other_end <= page.viewport_size["width"]


def walk(page: Page, link: str, language: str, look) -> None:
    """A rater's whole way, looked at wherever something new is on the screen."""
    page.goto(f"{link}/privacy")
    look("data protection")
    page.goto(link)
    assert page.locator("html").get_attribute("lang") == language
    look("welcome")
    page.locator("select[name=group]").select_option("ED")
    page.locator("input[name=q_years]").fill("12")
    page.locator("input[name=agree]").check()
    page.locator("button[type=submit]").click()
    for number in (1, 2):
        look(f"practice {number}")
        choices_apart(page)
        page.locator("button.answer").first.click()
        expect(page.locator("#next")).to_be_visible()
        look(f"practice {number}, told")
        page.locator("#next").click()
    at(page, 1)
    look("rate, nothing answered")
    for opener, dialog in (("#open-help", "help"), ("#open-settings", "settings")):
        if not page.locator(opener).is_visible():
            page.locator("#menu > summary, #open-menu").first.click()
        page.locator(opener).click()
        expect(page.locator(f"dialog#{dialog}")).to_be_visible()
        look(dialog)
        page.keyboard.press("Escape")
    page.locator("button.answer").first.click()
    look("rate, a draft")
    page.keyboard.press("2")
    at(page, 2)
    page.context.set_offline(True)
    page.keyboard.press("r")
    page.keyboard.press("4")
    at(page, 3)
    expect(page.locator("#saved")).to_have_attribute("data-state", "offline", timeout=15_000)
    look("rate, offline")
    page.context.set_offline(False)
    page.goto(f"{link}/review")
    look("review")
    page.goto(f"{link}/review?show=unsure")
    look("review of what is unsure")
    page.locator("input[name=leave_unanswered]").check()
    page.locator("form[action$='/submit'] button").click()
    expect(page).to_have_url(f"{link}/done")
    look("done")
