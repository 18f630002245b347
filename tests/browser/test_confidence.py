"""Studies that ask how certain a rater is: in either order, and never a reason to lose the answer."""

import pytest
from playwright.sync_api import expect

from tests.browser.rating_page import at, enter, eventually, saved, watched
from tests.browser.records import answers


@pytest.fixture
def page(chromium, server):
    server.set_options(confidence_levels=5)
    with watched(chromium) as page:
        enter(page, server.links["ED1"])
        yield page


def level(page, number: int):
    return page.locator(f"input[name=confidence][value='{number}']")


def test_answer_and_confidence_in_either_order(page, server):
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Real")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#position")).to_have_text("1")
    page.keyboard.press("4")
    at(page, 2)
    page.keyboard.press("2")
    expect(level(page, 2)).to_be_checked()
    page.keyboard.press("f")
    at(page, 3)
    expect(level(page, 2)).not_to_be_checked()
    page.get_by_role("radio", name="1 guessing").click()
    page.get_by_role("button", name="Fake").click()
    at(page, 4)
    page.keyboard.press("7")  # not on this scale
    page.wait_for_timeout(100)
    saved(page)
    assert answers(server) == [(1, "real", 4), (2, "fake", 2), (3, "fake", 1)]


def test_fast_fingers_lose_no_level(page, server):
    for position in range(1, 6):
        at(page, position)
        page.keyboard.press("r")
        page.keyboard.press(str(position))
    at(page, 6)
    saved(page)
    assert answers(server) == [(position, "real", position) for position in range(1, 6)]


def test_going_on_without_a_confidence_gives_the_answer_without_one(page, server):
    page.keyboard.press("r")
    page.keyboard.press("ArrowRight")
    at(page, 2)
    page.keyboard.press("3")
    page.keyboard.press("ArrowRight")
    at(page, 3)
    page.keyboard.press("f")
    page.wait_for_timeout(100)
    page.goto(f"{server.address}/healthz")
    eventually(page, lambda: answers(server), [(1, "real", None), (3, "fake", None)])


def test_another_answer_asks_for_its_own_confidence(page, server):
    page.keyboard.press("r")
    page.keyboard.press("4")
    at(page, 2)
    page.keyboard.press("ArrowLeft")
    at(page, 1)
    expect(level(page, 4)).to_be_checked()
    page.keyboard.press("f")
    expect(level(page, 4)).not_to_be_checked()
    page.keyboard.press("u")  # not given yet: only the choice is taken back
    expect(page.get_by_role("button", name="Real")).to_have_attribute("aria-pressed", "true")
    expect(level(page, 4)).to_be_checked()
    page.keyboard.press("5")
    at(page, 2)
    saved(page)
    assert answers(server) == [(1, "real", 4), (1, "real", 5)]


def test_the_arrow_keys_go_over_the_levels_without_choosing_one(page, server):
    page.keyboard.press("r")
    level(page, 1).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(level(page, 3)).to_be_checked()
    page.wait_for_timeout(200)
    expect(page.locator("#position")).to_have_text("1")
    page.keyboard.press("Enter")
    at(page, 2)
    saved(page)
    assert answers(server) == [(1, "real", 3)]


def test_without_scripts_enter_among_the_levels_is_no_answer(chromium, server):
    server.set_options(confidence_levels=5)
    context = chromium.new_context()
    scripted = context.new_page()
    enter(scripted, server.links["ED2"])
    context.close()
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.links["ED2"])
    level(page, 3).check(force=True)
    page.keyboard.press("Enter")
    page.wait_for_url("**/rate/1?submission=*")
    assert answers(server, "ED2") == []
    level(page, 3).check(force=True)
    page.get_by_role("button", name="Fake").click()
    expect(page.locator("#position")).to_have_text("2")
    context.close()
    assert answers(server, "ED2") == [(1, "fake", 3)]


@pytest.mark.parametrize("revising", [True, False])
def test_a_second_tab_leaves_what_is_half_said_to_the_first(chromium, server, revising):
    server.set_options(confidence_levels=5, revising=revising)
    with watched(chromium) as page:
        enter(page, server.links["ED1"])
        page.keyboard.press("r")
        expect(page.get_by_role("button", name="Real")).to_have_attribute("aria-pressed", "true")
        page.wait_for_timeout(200)
        other = page.context.new_page()
        other.goto(server.links["ED1"])
        at(other, 1)
        expect(other.get_by_role("button", name="Real")).to_have_attribute("aria-pressed", "false")
        other.wait_for_timeout(300)
        assert answers(server) == []
        page.keyboard.press("4")
        at(page, 2)
        expect(other.locator("#answered")).to_have_text("1")
        saved(page)
        assert answers(server) == [(1, "real", 4)]


def test_without_revising_a_confidence_that_is_missing_can_still_be_given(chromium, server):
    server.set_options(confidence_levels=5, revising=False)
    with watched(chromium) as page:
        enter(page, server.links["ED1"])
        page.keyboard.press("r")
        page.wait_for_timeout(100)
        page.reload()
        expect(page.locator("#status")).to_have_text(
            "Your answer: real. You can still say how certain you are."
        )
        expect(level(page, 4)).to_have_attribute("aria-disabled", "false")
        page.keyboard.press("f")
        page.get_by_role("button", name="Fake").click(force=True)
        expect(page.get_by_role("button", name="Fake")).to_have_attribute("aria-pressed", "false")
        page.keyboard.press("4")
        at(page, 2)
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#status")).to_have_text("Your answer: real. This study takes no changes.")
        page.keyboard.press("5")
        saved(page)
        assert answers(server) == [(1, "real", None), (1, "real", 4)]
