"""The rating page in the hands of a rater: impatient fingers, second thoughts, the browser's own buttons."""

import pytest
from playwright.sync_api import expect

from tests.browser.rating_page import at, enter, eventually, rate, saved, watched
from tests.browser.records import answers, stored


@pytest.fixture
def page(chromium, server):
    with watched(chromium) as page:
        enter(page, server.links["ED1"])
        yield page


def test_a_keyboard_without_latin_letters_answers_by_the_place_of_the_key(page, server):
    page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'к', code: 'KeyR'}))")
    at(page, 2)
    eventually(page, lambda: stored(server), ["real"])


def test_impatient_fingers_answer_once(page, server):
    page.get_by_role("button", name="Real").dblclick()
    at(page, 2)
    saved(page)
    assert stored(server) == ["real"]


def test_a_press_right_after_the_image_came_is_meant_for_the_one_before(page, server):
    # Two presses 40 ms after the image was painted, one long after it.
    press = """async () => {
        const shown = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        const press = key => document.dispatchEvent(new KeyboardEvent('keydown', {key}));
        const before = document.getElementById('picture');
        press('r');
        while (document.getElementById('picture') === before) await new Promise(done => setTimeout(done));
        await shown();
        await new Promise(done => setTimeout(done, 40));
        press('f');
        press('f');
    }"""
    page.evaluate(press)
    at(page, 2)
    page.wait_for_timeout(200)
    expect(page.locator("#position")).to_have_text("2")
    page.keyboard.press("r")
    at(page, 3)
    saved(page)
    assert stored(server) == ["real", "real"]


@pytest.mark.parametrize("focused", [False, True])
def test_a_held_key_is_one_answer(page, server, focused):
    key = "r"
    if focused:
        page.get_by_role("button", name="Real").focus()
        key = "Enter"
    page.keyboard.down(key)
    at(page, 2)
    for _ in range(5):
        page.keyboard.down(key)  # what the system repeats while a key is held
        page.wait_for_timeout(50)
    page.keyboard.up(key)
    saved(page)
    expect(page.locator("#position")).to_have_text("2")
    assert stored(server) == ["real"]


def test_the_browsers_own_buttons_go_back_and_forth(page):
    rate(page, "rr")
    at(page, 3)
    page.go_back()
    at(page, 2)
    expect(page.get_by_role("button", name="Real")).to_have_attribute("aria-pressed", "true")
    page.go_forward()
    at(page, 3)
    page.go_back()
    at(page, 2)
    page.reload()
    at(page, 2)
    expect(page.get_by_role("button", name="Real")).to_have_attribute("aria-pressed", "true")


def test_going_back_while_an_answer_is_on_its_way_mixes_nothing_up(page, server):
    rate(page, "r")
    at(page, 2)
    page.route("**/answers", lambda route: (page.wait_for_timeout(1200), route.continue_()))
    page.get_by_role("button", name="Fake").click()
    at(page, 3)
    page.go_back()
    page.go_back()
    at(page, 1)
    expect(page.locator("#answered")).to_have_text("2")
    expect(page.get_by_role("button", name="Real")).to_have_attribute("aria-pressed", "true")
    eventually(page, lambda: stored(server), ["real", "fake"])
    expect(page.locator("#position")).to_have_text("1")


def test_a_second_thought_is_a_new_rating_and_the_same_answer_is_none(page, server):
    rate(page, "rf")
    at(page, 3)
    page.keyboard.press("Backspace")
    at(page, 2)
    expect(page.locator("#status")).to_have_text("Your answer: fake.")
    page.keyboard.press("f")
    at(page, 3)
    page.keyboard.press("ArrowLeft")
    at(page, 2)
    page.keyboard.press("r")
    at(page, 3)
    saved(page)
    assert answers(server) == [(1, "real", None), (2, "fake", None), (2, "real", None)]


def test_undo_restores_what_held_before_also_nothing(page, server):
    rate(page, "rf")
    at(page, 3)
    page.keyboard.press("ArrowLeft")
    at(page, 2)
    page.keyboard.press("r")
    at(page, 3)
    page.reload()
    at(page, 3)
    page.keyboard.press("u")
    at(page, 2)
    expect(page.locator("#status")).to_contain_text("undone")
    expect(page.get_by_role("button", name="Fake")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Fake")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#answered")).to_have_text("1")
    page.keyboard.press("u")
    at(page, 1)
    expect(page.locator("#answered")).to_have_text("0")
    expect(page.locator("#undo")).not_to_be_visible()
    page.keyboard.press("u")
    saved(page)
    assert stored(server) == ["real", "fake", "real", "fake", None, None]


def test_the_filmstrip_shows_no_image_before_its_turn(page):
    rate(page, "rf")
    at(page, 3)
    strip = page.get_by_role("navigation", name="All images").get_by_role("link")
    expect(strip).to_have_count(80)
    expect(page.locator("#filmstrip img")).to_have_count(3)
    expect(strip.nth(0)).to_have_accessible_name("Image 1, real")
    expect(strip.nth(1)).to_have_accessible_name("Image 2, fake")
    expect(strip.nth(2)).to_have_accessible_name("Image 3, open")
    expect(strip.nth(2)).to_have_attribute("aria-current", "true")
    strip.nth(1).click()
    at(page, 2)
    strip.nth(1).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    at(page, 4)
    expect(page.locator("#filmstrip img")).to_have_count(4)
    saved(page)
    page.reload()
    at(page, 4)
    expect(page.locator("#filmstrip img")).to_have_count(4)


def test_the_overview_opens_when_all_is_saved(page, server):
    rate(page, "rrf")
    at(page, 4)
    page.get_by_role("link", name="Overview").click()
    page.wait_for_url("**/review")
    assert stored(server) == ["real", "real", "fake"]
    page.locator("#image-2 a").click()
    at(page, 2)
    page.keyboard.press("f")
    page.wait_for_url("**/review#image-2")
    assert stored(server) == ["real", "real", "fake", "fake"]


def test_without_moving_on_an_answer_stays_in_sight(page, server):
    page.evaluate("localStorage.setItem('dermvtt.preferences', JSON.stringify({advance: false}))")
    page.reload()
    at(page, 1)
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Real")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#status")).to_have_text("Your answer: real.")
    page.keyboard.press("f")
    eventually(page, lambda: stored(server), ["real", "fake"])
    expect(page.locator("#position")).to_have_text("1")


def test_a_closed_study_is_told_and_keeps_what_waits(chromium, server):
    with watched(chromium) as page:
        enter(page, server.links["ED1"])
        page.route("**/answers", lambda route: route.abort())
        rate(page, "r")
        at(page, 2)
        server.set_study(state="closed")
        page.unroute("**/answers")
        expect(page.locator("#status")).to_have_text(
            "This study is closed: no more answers are taken.", timeout=15_000
        )
        expect(page.get_by_role("button", name="Real")).to_have_attribute("aria-disabled", "true")
        expect(page.locator("#saved")).to_have_text("Not saved: 1")
        page.keyboard.press("f")
        assert stored(server) == []
        server.set_study(state="open")
        page.reload()
        eventually(page, lambda: stored(server), ["real"])


def test_where_the_server_takes_nothing_any_more_it_says_so_and_tries_again(page, server):
    ended = {"error": "This link leads to no study."}
    page.route("**/answers", lambda route: route.fulfill(status=404, json=ended))
    rate(page, "r")
    expect(page.locator("#saved")).to_have_text("Not saved: 1")
    expect(page.locator("#status")).to_have_text("This link leads to no study.")
    page.unroute("**/answers")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    saved(page)
    assert stored(server) == ["real"]


def test_without_revising_an_answer_stays(chromium, server):
    server.set_options(revising=False)
    with watched(chromium) as page:
        enter(page, server.links["ED1"])
        rate(page, "r")
        at(page, 2)
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#position")).to_have_text("1")
        expect(page.locator("#status")).to_have_text("Your answer: real. This study takes no changes.")
        page.wait_for_timeout(400)
        expect(page.get_by_role("button", name="Fake")).to_have_attribute("aria-disabled", "true")
        page.keyboard.press("f")
        page.keyboard.press("u")
        page.get_by_role("button", name="Fake").click(force=True)
        expect(page.locator("#position")).to_have_text("1")
        expect(page.locator("#undo")).to_have_count(0)
        saved(page)
        assert stored(server) == ["real"]
