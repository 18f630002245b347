"""One link open twice, in tabs or on devices: the later answer in time wins, and the other place is told."""

import pytest
from playwright.sync_api import expect

from tests.browser.rating_page import at, enter, eventually, overview_ready, rate, saved, waiting, watched
from tests.browser.records import answers, current, stored


@pytest.fixture
def page(chromium, server):
    with watched(chromium) as page:
        enter(page, server.links["ED1"])
        yield page


def look_again(page) -> None:
    """What a browser reports when a tab comes to the front again (a headless one has all tabs in front)."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_two_tabs_know_of_each_other_at_once(page, server):
    other = page.context.new_page()
    other.goto(server.links["ED1"])
    at(other, 1)
    page.bring_to_front()
    page.keyboard.press("r")
    at(page, 2)
    expect(other.locator("#status")).to_have_text("Image 1 was answered elsewhere: real.")
    expect(other.get_by_role("button", name="Real")).to_have_attribute("aria-pressed", "true")
    expect(other.locator("#answered")).to_have_text("1")
    other.keyboard.press("f")
    at(other, 2)
    expect(page.locator("#status")).to_have_text("Image 1 was answered elsewhere: fake.")
    rate(page, "rr", start=2)
    saved(page)
    saved(other)
    all_four = [(1, "real", None), (1, "fake", None), (2, "real", None), (3, "real", None)]
    eventually(page, lambda: answers(server), all_four)
    assert current(server) == {1: "fake", 2: "real", 3: "real"}


def test_two_tabs_offline_send_everything_once(page, server):
    other = page.context.new_page()
    other.goto(server.links["ED1"])
    at(other, 1)
    page.wait_for_load_state("networkidle")
    other.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    rate(page, "rr")
    other.keyboard.press("ArrowRight")
    other.keyboard.press("ArrowRight")
    rate(other, "ff", start=3)
    at(other, 5)
    waiting(page, 2)
    waiting(other, 2)
    page.context.set_offline(False)
    saved(page)
    saved(other)
    assert sorted(answers(server)) == [
        (1, "real", None),
        (2, "real", None),
        (3, "fake", None),
        (4, "fake", None),
    ]


def test_what_a_closed_tab_left_is_sent_by_the_next_page(page, server):
    other = page.context.new_page()
    other.goto(server.links["ED1"])
    other.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    rate(other, "r")
    at(other, 2)
    other.close()
    assert stored(server) == []
    page.context.set_offline(False)
    page.reload()
    saved(page)
    eventually(page, lambda: stored(server), ["real"])


def test_an_earlier_answer_that_arrives_later_does_not_win(chromium, server):
    with watched(chromium) as tablet, watched(chromium) as phone:
        enter(tablet, server.links["ED1"])
        phone.goto(server.links["ED1"])
        at(phone, 1)
        tablet.wait_for_load_state("networkidle")
        tablet.context.set_offline(True)
        rate(tablet, "rr")
        waiting(tablet, 2)
        phone.wait_for_timeout(300)
        phone.keyboard.press("f")
        at(phone, 2)
        saved(phone)
        tablet.context.set_offline(False)
        saved(tablet)
        expect(tablet.locator("#status")).to_have_text("Image 1 was answered elsewhere: fake.")
        look_again(phone)
        expect(phone.locator("#status")).to_have_text("Image 2 was answered elsewhere: real.")
        expect(phone.get_by_role("button", name="Real")).to_have_attribute("aria-pressed", "true")
        assert sorted(stored(server)) == ["fake", "real", "real"]
        assert current(server) == {1: "fake", 2: "real"}


def test_submitted_on_another_device(chromium, server):
    with watched(chromium) as tablet, watched(chromium) as phone:
        enter(tablet, server.links["ED1"])
        phone.goto(server.links["ED1"])
        at(phone, 1)
        tablet.goto(f"{server.links['ED1']}/review")
        overview_ready(tablet)
        tablet.get_by_role("checkbox").check()
        tablet.get_by_role("button", name="Submit my answers").click()
        tablet.wait_for_url("**/done")
        look_again(phone)
        phone.wait_for_url("**/done")
