"""The overview: what it shows and hides, changing answers by keys, and submitting when all has arrived."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from backend.database.tables import Rater
from tests.browser.rating_page import (
    at,
    enter,
    enter_having_answered,
    eventually,
    no_sideways_scrolling,
    overview_ready,
    rate,
    saved,
    watched,
)
from tests.browser.records import answers, viewings
from tests.browser.serving import Studies

TOTAL = 20
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def invited(studies):
    return studies.invite()


@pytest.fixture
def page(chromium, invited):
    """A rater who answered images 1 to 4 with real, fake, real, fake and saw image 5."""
    with watched(chromium) as page:
        enter_having_answered(page, invited[1], "rfrf")
        yield page


def overview(page: Page) -> None:
    page.get_by_role("link", name="Overview", exact=True).click()
    overview_ready(page)


def tile(page: Page, position: int):
    return page.locator(f"#image-{position} a")


def press(page: Page, position: int, *keys: str) -> None:
    """Keys on an image, which must be there as a rater sees it."""
    tile(page, position).focus()
    page.wait_for_function(
        """at => {
            const image = document.querySelector(`#image-${at} img`);
            return !image || (image.complete && image.naturalWidth > 0);
        }""",
        arg=position,
    )
    for key in keys:
        page.keyboard.press(key)


def shown(page: Page) -> list[int]:
    return [int(one.get_attribute("id")[6:]) for one in page.locator("#contact li:visible").all()]


def counts(page: Page) -> dict[str, int]:
    return {
        link.get_attribute("data-show"): int(link.locator(".count").inner_text())
        for link in page.locator(".filters a").all()
    }


def given(studies: Studies, invited: tuple[str, str], position: int) -> list[tuple]:
    """Answer and confidence of all ratings of an image, in order."""
    return [row[1:] for row in answers(studies.server, invited[0]) if row[0] == position]


def test_images_not_seen_yet_are_numbered_blanks(page):
    page.wait_for_load_state("networkidle")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    overview(page)
    states = [page.locator(f"#image-{at} .state").inner_text() for at in range(1, 7)]
    assert states == ["real", "fake", "real", "fake", "open", "open"]
    expect(page.locator("#contact img")).to_have_count(5)  # that image 5 was seen is told a moment later
    expect(page.locator("#image-6 .blank")).to_have_text("6")
    expect(tile(page, 6)).to_have_accessible_name("Image 6 open")
    assert sum("/images/" in url for url in asked) <= 5
    assert page.locator("#contact img").evaluate_all("all => all.every(one => one.alt === '')")


def test_filters_show_what_is_asked_and_count_it(page):
    overview(page)
    assert counts(page) == {"all": TOTAL, "unanswered": TOTAL - 4}
    page.get_by_role("link", name=re.compile("Unanswered")).click()
    assert shown(page) == list(range(5, TOTAL + 1))
    expect(page.get_by_role("link", name=re.compile("Unanswered"))).to_have_attribute("aria-current", "true")
    page.reload()
    assert shown(page) == list(range(5, TOTAL + 1))
    # What was answered here stays in hand until a filter is chosen again.
    press(page, 5, "r")
    expect(tile(page, 5)).to_be_focused()
    assert counts(page)["unanswered"] == TOTAL - 5
    page.get_by_role("link", name=re.compile("Unanswered")).click()
    assert shown(page) == list(range(6, TOTAL + 1))
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ihre Antworten")
    assert shown(page) == list(range(6, TOTAL + 1))
    weights = page.locator(".languages button").evaluate_all(
        "all => all.map(b => getComputedStyle(b).fontWeight)"
    )
    assert weights == ["400", "600"]


def test_back_from_an_image_the_filter_and_the_place_are_kept(page):
    overview(page)
    page.get_by_role("link", name=re.compile("Unanswered")).click()
    tile(page, 5).press("Enter")
    at(page, 5)
    page.keyboard.press("f")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your answers")
    expect(tile(page, 6)).to_be_focused()
    assert shown(page)[0] == 6


def test_one_key_changes_an_answer_in_place(page, studies, invited):
    overview(page)
    press(page, 1, "f")
    expect(page.locator("#image-1 .state")).to_have_text("fake")
    expect(page.locator("#said")).to_have_text("Image 1: fake.")
    page.keyboard.press("f")
    expect(page.locator("#image-5 img")).to_have_count(1)
    press(page, 5, "r")
    expect(page.locator("#answered")).to_have_text(f"5 of {TOTAL} images answered.")
    expect(page.locator("#leave")).to_contain_text(f"unanswered: {TOTAL - 5}")
    eventually(page, lambda: given(studies, invited, 5), [("real", None)])
    assert given(studies, invited, 1) == [("real", None), ("fake", None)]


def test_the_last_changes_are_taken_back_one_by_one(page, studies, invited):
    overview(page)
    press(page, 1, "f")
    press(page, 5, "r")
    page.keyboard.press("u")
    expect(page.locator("#image-5 .state")).to_have_text("open")
    page.keyboard.press("u")
    expect(tile(page, 1)).to_be_focused()
    expect(page.locator("#image-1 .state")).to_have_text("real")
    page.keyboard.press("u")
    expect(page.locator("#said")).to_have_text("There is nothing to undo.")
    expect(page.locator("#undo")).not_to_be_visible()
    eventually(page, lambda: given(studies, invited, 1), [("real", None), ("fake", None), ("real", None)])
    assert given(studies, invited, 5) == [("real", None), (None, None)]


def test_the_last_answer_is_undone_here_too_by_one_key_or_a_press(page, studies, invited):
    """After the last image, and after an image that was opened from here, this is the page that comes."""
    page.goto(f"{invited[1]}/rate/{TOTAL}")
    rate(page, "f", start=TOTAL)
    overview_ready(page)
    page.keyboard.press("u")
    expect(page.locator("#said")).to_have_text(f"Image {TOTAL}: no answer.")
    expect(tile(page, TOTAL)).to_be_focused()
    tile(page, 2).click()
    at(page, 2)
    page.reload()
    rate(page, "r", start=2)
    expect(page.locator("#image-2 .state")).to_have_text("real")
    page.reload()
    overview_ready(page)
    page.locator("#review #undo").click()
    expect(page.locator("#image-2 .state")).to_have_text("fake")
    expect(page.locator("#undo")).not_to_be_visible()
    last = [("fake", None), (None, None)]
    eventually(page, lambda: (given(studies, invited, 2)[1:], given(studies, invited, TOTAL)),
               ([("real", None), ("fake", None)], last))  # fmt: skip


def test_an_image_that_was_not_seen_is_not_answered_blind(page, studies, invited):
    overview(page)
    press(page, 9, "r")
    expect(page.locator("#said")).to_contain_text("Image 9 has to be seen first")
    expect(page.locator("#image-9 .state")).to_have_text("open")
    page.wait_for_timeout(300)
    assert given(studies, invited, 9) == []


def test_keys_do_nothing_without_an_image_in_focus_and_held_keys_never(page, studies, invited):
    overview(page)
    page.locator("body").press("f")
    tile(page, 1).focus()
    page.evaluate(
        """() => document.activeElement.dispatchEvent(new KeyboardEvent("keydown",
            {key: "f", code: "KeyF", repeat: true, bubbles: true}))"""
    )
    page.wait_for_timeout(300)
    assert [row[1] for row in answers(studies.server, invited[0])] == ["real", "fake", "real", "fake"]


def test_arrow_keys_walk_over_the_images(page):
    overview(page)
    tile(page, 1).focus()
    page.keyboard.press("ArrowRight")
    expect(tile(page, 2)).to_be_focused()
    row = page.evaluate(
        """() => [...document.querySelectorAll(".tile")].filter(
            (one, index, all) => one.offsetTop === all[0].offsetTop).length"""
    )
    page.keyboard.press("ArrowDown")
    expect(tile(page, 2 + row)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(tile(page, 1)).to_be_focused()


def test_unsure_answers_and_their_confidence(page, studies):
    invited = studies.invite(confidence_levels=5)
    enter(page, invited[1])
    for position, keys in enumerate(("r1", "f3", "r"), 1):
        at(page, position)
        page.wait_for_timeout(200)
        for key in keys:
            page.keyboard.press(key)
    page.keyboard.press("ArrowRight")
    at(page, 4)
    saved(page)
    overview(page)
    assert counts(page) == {"all": TOTAL, "unanswered": TOTAL - 3, "unsure": 2}
    page.get_by_role("link", name=re.compile("Unsure")).click()
    assert shown(page) == [1, 3]
    expect(page.locator("#image-1 .level")).to_have_text("1 of 5")
    press(page, 1, "f")
    expect(page.locator("#said")).to_have_text("Image 1: fake. How certain are you? Keys 1 to 5.")
    page.keyboard.press("4")
    page.keyboard.press("7")
    expect(page.locator("#said")).to_have_text("Image 1: fake, 4 of 5.")
    assert counts(page)["unsure"] == 1
    eventually(page, lambda: given(studies, invited, 1)[1:], [("fake", None), ("fake", 4)])


def test_a_study_without_revising_only_shows(page, studies):
    invited = studies.invite(revising=False)
    enter(page, invited[1])
    rate(page, "rr")
    at(page, 3)
    saved(page)
    overview(page)
    expect(page.locator("#hint")).to_be_hidden()
    press(page, 1, "f")
    expect(page.locator("#said")).to_have_text("This study takes no changes.")
    page.wait_for_timeout(300)
    assert given(studies, invited, 1) == [("real", None)]


def test_a_display_limit_is_not_undone_by_the_overview(page, studies):
    enter(page, studies.invite(display_limit_ms=60_000)[1])
    page.keyboard.press("r")
    at(page, 2)
    saved(page)
    overview(page)
    assert page.locator("#contact img").count() == 0
    press(page, 1, "f")
    expect(page.locator("#said")).to_contain_text("has to be seen first")


def test_offline_a_change_waits_and_submitting_waits_for_it(page, studies, invited):
    overview(page)
    page.context.set_offline(True)
    press(page, 1, "f")
    expect(page.locator("#saving")).to_have_text("Offline, waiting: 1")
    page.get_by_role("checkbox").check()
    button = page.get_by_role("button", name="Submit my answers")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.press("Enter")
    expect(page.locator("#submit-note")).to_contain_text("still being saved")
    expect(page).to_have_url(re.compile("/review"))
    page.context.set_offline(False)
    expect(page.locator("#saving")).to_have_text("Saved", timeout=15_000)
    expect(page.locator("#submit-note")).to_have_text("")
    button.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    assert given(studies, invited, 1) == [("real", None), ("fake", None)]


def test_what_waited_from_before_is_shown_and_sent_first(page, studies, invited):
    overview(page)
    page.route("**/answers", lambda route: route.abort())
    press(page, 2, "r")
    expect(page.locator("#saving")).to_have_text("Offline, waiting: 1")
    page.reload()
    expect(page.locator("#image-2 .state")).to_have_text("real")
    expect(page.get_by_role("button", name="Submit my answers")).to_have_attribute("aria-disabled", "true")
    page.unroute("**/answers")
    expect(page.locator("#saving")).to_have_text("Saved", timeout=15_000)
    assert given(studies, invited, 2) == [("fake", None), ("real", None)]


def test_another_tab_is_seen_here(page):
    other = page.context.new_page()
    other.goto(page.url)
    at(other, 5)
    overview(page)
    other.keyboard.press("f")
    expect(page.locator("#image-5 .state")).to_have_text("fake")
    expect(page.locator("#said")).to_have_text("Image 5 was answered elsewhere: fake.")
    expect(page.locator("#answered")).to_have_text(f"5 of {TOTAL} images answered.")


def test_submitted_elsewhere_ends_here(page, invited):
    overview(page)
    page.request.post(f"{invited[1]}/submit", form={"leave_unanswered": "yes"},
                      headers={"Origin": invited[1].split("/r/")[0]})  # fmt: skip
    press(page, 1, "f")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")


def test_a_study_that_closed_meanwhile_says_so(page, studies, invited):
    overview(page)
    # All is said that this page had to say: it does not learn of the end before the press.
    eventually(page, lambda: len(viewings(studies.server, invited[0])), 5)
    with studies.database.write() as session:
        session.scalars(select(Rater).where(Rater.name == invited[0])).one().study.state = "closed"
    press(page, 1, "f")
    expect(page.locator("#saving")).to_have_text("Not saved: 1")
    expect(page.locator("#said")).to_contain_text("Image 1: ")
    expect(page.locator("#submit-note")).to_contain_text("This study is closed")
    expect(page.get_by_role("button", name="Submit my answers")).to_have_attribute("aria-disabled", "true")
    press(page, 2, "r")
    expect(page.locator("#said")).to_contain_text("This study is closed")
    assert given(studies, invited, 1) == [("real", None)]


def test_an_answer_that_can_never_be_taken_gives_way_to_the_one_that_holds(page, studies, invited):
    overview(page)
    spoil = lambda route: route.continue_(post_data=route.request.post_data.replace('"fake"', '"perhaps"'))  # noqa: E731
    page.route("**/answers", spoil)
    press(page, 1, "f")
    expect(page.locator("#image-1 .state")).to_have_text("real")
    expect(page.locator("#said")).to_contain_text("Image 1: ")
    expect(page.locator("#saving")).to_have_text("Saved")
    assert given(studies, invited, 1) == [("real", None)]


def test_what_is_unanswered_must_be_ticked(page, studies, invited):
    overview(page)
    page.get_by_role("button", name="Submit my answers").click()
    expect(page).to_have_url(re.compile("/review"))
    page.get_by_label(f"I submit with images unanswered: {TOTAL - 4}").check()
    # The number she agreed to has changed: she is asked again.
    press(page, 5, "r")
    expect(page.get_by_role("checkbox")).not_to_be_checked()
    expect(page.locator("#saving")).to_have_text("Saved")
    page.get_by_label(f"I submit with images unanswered: {TOTAL - 5}").check()
    page.get_by_role("button", name="Submit my answers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")


def test_without_scripts_all_but_the_keys_works(chromium, studies):
    with watched(chromium, **PHONE, java_script_enabled=False) as page:
        page.goto(studies.invite()[1])
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Begin").tap()
        page.get_by_role("button", name="Real").tap()
        expect(page.locator("#position")).to_have_text("2")
        page.get_by_role("link", name="Overview", exact=True).tap()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your answers")
        no_sideways_scrolling(page)
        expect(page.locator("#hint")).to_be_hidden()
        page.get_by_role("link", name=re.compile("Unanswered")).tap()
        expect(page.locator("#image-1")).to_be_hidden()
        assert shown(page) == list(range(2, TOTAL + 1))
        tile(page, 3).tap()
        page.get_by_role("button", name="Fake").tap()
        expect(page.locator("#image-3 .state")).to_have_text("fake")
        page.get_by_role("checkbox").tap()
        page.get_by_role("button", name="Submit my answers").tap()
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")


def test_nothing_is_too_small_or_sticks_out(page):
    overview(page)
    for turn, (width, height) in enumerate([(320, 640), (360, 740), (820, 1180), (1440, 900)]):
        page.set_viewport_size({"width": width, "height": height})
        no_sideways_scrolling(page)
        for control in page.locator(".filters a, .jump a, #submit button, #leave, .tile").all()[:12]:
            box = control.bounding_box()
            assert min(box["width"], box["height"]) >= 44
        before = page.locator("#contact").bounding_box()
        press(page, 1, "fr"[turn % 2])
        page.evaluate("scrollTo(0, 0)")
        assert page.locator("#contact").bounding_box() == before
        assert page.locator("#undo").bounding_box()["height"] >= 44
        no_sideways_scrolling(page)
