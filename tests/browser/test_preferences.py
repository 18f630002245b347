"""A rater's own settings and keys, and the two dialogs that show them."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.rating_page import at, enter, saved, watched
from tests.browser.records import answers
from tests.browser.serving import Studies

SMALLEST_TARGET = 44


@pytest.fixture
def invited(studies):
    return studies.invite()


@pytest.fixture
def page(chromium, invited):
    with watched(chromium) as page:
        enter(page, invited[1])
        yield page


def open_settings(page: Page) -> None:
    page.locator("#menu summary").click()
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()


def close(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)


def given(studies: Studies, invited: tuple[str, str]) -> list[str]:
    return [answer for _, answer, _ in answers(studies.server, invited[0])]


def remap(page: Page, action: str, key: str) -> None:
    """Press the button of an action (as it is called in the dialog), then a key."""
    if not page.locator(".key-settings details").evaluate("part => part.open"):
        page.get_by_text("Change the keys").click()
    page.get_by_role("button", name=f", {action}").click()
    page.keyboard.press(key)


def status(page: Page):
    return page.locator(".key-status")


def test_settings_hold_at_once_and_are_remembered(page, studies, invited):
    open_settings(page)
    page.get_by_label("Go to the next image").uncheck()
    page.get_by_label("Enlarged by a whole number").check()
    close(page)
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Real")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(200)
    expect(page.locator("#position")).to_have_text("1")
    size = page.locator("#picture").bounding_box()["width"]
    assert size % 16 == pytest.approx(0, abs=0.01)
    page.reload()
    at(page, 1)
    open_settings(page)
    expect(page.get_by_label("Go to the next image")).not_to_be_checked()
    expect(page.get_by_label("Enlarged by a whole number")).to_be_checked()
    page.get_by_label("Go to the next image").check()
    close(page)
    page.keyboard.press("f")
    at(page, 2)
    saved(page)
    assert given(studies, invited) == ["real", "fake"]


def test_another_tab_follows(page):
    other = page.context.new_page()
    other.goto(page.url)
    at(other, 1)
    open_settings(page)
    page.get_by_label("Single keys").uncheck()
    other.wait_for_function("!document.querySelector('[name=setting-shortcuts]').checked")
    other.keyboard.press("r")
    other.wait_for_timeout(300)
    expect(other.locator("#position")).to_have_text("1")


def test_an_action_gets_another_key(page, studies, invited):
    open_settings(page)
    remap(page, "Real", "j")
    expect(status(page)).to_have_text("Real: the key is now J.")
    expect(page.get_by_role("button", name="J, Real")).to_be_focused()
    close(page)
    page.wait_for_timeout(200)
    page.keyboard.press("r")
    page.wait_for_timeout(300)
    expect(page.locator("#position")).to_have_text("1")
    page.keyboard.press("j")
    at(page, 2)
    page.keyboard.press("?")
    expect(page.locator("#help [data-key=real]")).to_have_text("J")
    page.reload()
    at(page, 2)
    page.keyboard.press("j")
    at(page, 3)
    saved(page)
    assert given(studies, invited) == ["real", "real"]


def test_a_key_in_use_or_reserved_is_refused_with_a_sentence(page):
    open_settings(page)
    remap(page, "Fake", "r")
    expect(status(page)).to_have_text("R is in use for: Real. Press another key.")
    page.keyboard.press("3")
    expect(status(page)).to_contain_text("3 cannot be used")
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text("Enter cannot be used")
    page.keyboard.press("Shift")
    expect(status(page)).to_contain_text("Enter cannot be used")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="F, Fake")).to_be_focused()
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
    remap(page, "Fake", "Tab")
    expect(page.get_by_role("button", name="F, Fake")).not_to_be_focused()
    expect(page.get_by_text("Press a key", exact=True)).to_have_count(0)


def test_the_standard_keys_come_back(page):
    open_settings(page)
    remap(page, "Undo the last answer", "z")
    remap(page, "Real", "u")
    page.get_by_role("button", name="Standard keys").click()
    expect(page.get_by_role("button", name="R, Real")).to_be_visible()
    expect(page.get_by_role("button", name="U, Undo the last answer")).to_be_visible()


def test_with_the_shortcuts_off_only_arrows_act(page, studies, invited):
    open_settings(page)
    page.get_by_label("Single keys").uncheck()
    close(page)
    page.wait_for_timeout(200)
    before = page.locator("#picture").bounding_box()
    for key in ("r", "f", "u", "?", "+", "5", "Backspace"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    expect(page.locator("#position")).to_have_text("1")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.locator("#picture").bounding_box() == before
    page.keyboard.press("ArrowRight")
    at(page, 2)
    page.keyboard.press("ArrowLeft")
    at(page, 1)
    assert given(studies, invited) == []


def test_no_key_answers_behind_a_dialog(page, studies, invited):
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Help")).to_be_visible()
    for key in ("r", "f", "ArrowRight", "+"):
        page.keyboard.press(key)
    page.wait_for_timeout(200)
    close(page)
    expect(page.locator("#position")).to_have_text("1")
    assert given(studies, invited) == []


def test_the_focus_goes_into_a_dialog_and_back_to_what_opened_it(page):
    opener = page.get_by_role("button", name="Help")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Close the help")).to_be_focused()
    close(page)
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(opener).to_be_focused()
    page.get_by_role("button", name="Fake").focus()
    page.keyboard.press("?")
    close(page)
    expect(page.get_by_role("button", name="Fake")).to_be_focused()
    open_settings(page)
    close(page)
    # The menu in which the button stands has closed: its head is where she was.
    expect(page.locator("#menu summary")).to_be_focused()


def test_a_press_beside_the_dialog_closes_it(page):
    page.keyboard.press("?")
    page.mouse.click(5, 400)
    expect(page.locator("dialog[open]")).to_have_count(0)


KEYS = [
    ({"key": "R", "code": "KeyR", "shiftKey": True}, {"name": "real"}),
    ({"key": "к", "code": "KeyR"}, {"name": "real"}),
    ({"key": "Process", "code": "KeyF"}, {"name": "fake"}),
    ({"key": "f", "code": "KeyU"}, {"name": "fake"}),
    ({"key": "?", "code": "Minus", "shiftKey": True}, {"name": "help"}),
    ({"key": "=", "code": "Equal"}, {"name": "zoomIn"}),
    ({"key": "+", "code": "NumpadAdd"}, {"name": "zoomIn"}),
    ({"key": "é", "code": "Digit2"}, {"name": "confidence", "level": 2}),
    ({"key": "&", "code": "Digit1"}, {"name": "confidence", "level": 1}),
    ({"key": "!", "code": "Digit1", "shiftKey": True}, None),
    ({"key": "4", "code": "Numpad4"}, {"name": "confidence", "level": 4}),
    ({"key": "0", "code": "Digit0"}, {"name": "zoomReset"}),
    ({"key": "ArrowLeft", "code": "ArrowLeft", "shiftKey": True}, {"name": "pan", "dx": -1, "dy": 0}),
    ({"key": "Backspace", "code": "Backspace"}, {"name": "back"}),
    ({"key": "r", "code": "KeyR", "repeat": True}, None),
    ({"key": "r", "code": "KeyR", "ctrlKey": True}, None),
    ({"key": "r", "code": "KeyR", "metaKey": True}, None),
    ({"key": "x", "code": "KeyX"}, None),
    ({"key": "Shift", "code": "ShiftLeft", "shiftKey": True}, None),
]


def test_a_key_means_what_is_written_on_it_or_its_place(page):
    page.goto(page.url.split("/r/")[0] + "/static/v/icon.svg")
    page.route(
        "**/blank", lambda route: route.fulfill(body="<!doctype html><body>", content_type="text/html")
    )
    page.goto(page.url.replace("/static/v/icon.svg", "/blank"))
    heard = page.evaluate(
        """async presses => {
            const { actionOf } = await import("/static/v/js/keys.js");
            return presses.map(press => actionOf(Object.assign(
                new KeyboardEvent("keydown", { ...press, bubbles: true }))));
        }""",
        [press for press, _ in KEYS],
    )
    assert heard == [meaning for _, meaning in KEYS]


def test_what_was_stored_wrongly_is_the_standard_again(page):
    page.evaluate(
        """() => localStorage.setItem("dermvtt.preferences",
            JSON.stringify({scale: 7, advance: "no", keys: {real: "f", help: 3}}))"""
    )
    page.reload()
    at(page, 1)
    page.keyboard.press("r")
    at(page, 2)
    page.evaluate("localStorage.setItem('dermvtt.preferences', '{')")
    page.reload()
    at(page, 2)
    page.keyboard.press("f")
    at(page, 3)


def test_a_browser_that_keeps_nothing_still_takes_settings(page):
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied') } })"
    )
    page.reload()
    at(page, 1)
    open_settings(page)
    page.get_by_label("Go to the next image").uncheck()
    close(page)
    page.wait_for_timeout(200)
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Real")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(200)
    expect(page.locator("#position")).to_have_text("1")


def test_the_help_names_what_the_study_offers(page, studies):
    enter(page, studies.invite(zoom=False, revising=False, confidence_levels=4)[1])
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Help")
    expect(help_).to_contain_text("This study takes no changes")
    expect(help_).to_contain_text("How certain you are")
    for absent in ("Closer", "Undo", "look closer"):
        expect(help_).not_to_contain_text(absent)


@pytest.mark.parametrize("name", ["settings", "help"])
def test_dialogs_fit_every_screen(page, name):
    """320 x 256 CSS pixels are a screen of 1280 x 1024 at 400 %."""
    page.evaluate(f"document.getElementById('open-{name}').click()")
    if name == "settings":
        page.get_by_text("Change the keys").click()
    for width, height in [(360, 740), (320, 256), (820, 1180), (1440, 900)]:
        page.set_viewport_size({"width": width, "height": height})
        sheet = page.locator(f"#{name} .over-sheet")
        box = sheet.bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
        assert sheet.evaluate("one => one.scrollWidth <= one.clientWidth")
        for control in page.locator(f"#{name} :is(button, label, summary)").all():
            assert control.bounding_box()["height"] >= SMALLEST_TARGET - 0.01, control.inner_text()
        for done in page.locator(f"#{name} [data-close]").all():
            done.scroll_into_view_if_needed()
            expect(done).to_be_in_viewport()
