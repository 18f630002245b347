"""The rating page under what happens in a clinic: no network, a dead server, impatient fingers."""

import sqlite3

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import launch
from tests.browser.test_study import at, begin


def stored(server) -> list[str]:
    path = server.settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as database:
        rows = [row[0] for row in database.execute("SELECT answer FROM ratings ORDER BY id")]
    database.close()
    return rows


@pytest.fixture
def page(chromium, server):
    context = chromium.new_context(viewport={"width": 1180, "height": 820})
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Content Security" in line.text else None)
    begin(page, server.links["ED1"])
    yield page
    context.close()
    assert problems == []


def test_an_answer_given_without_network_is_kept_and_sent_when_it_is_back(page, server):
    page.context.set_offline(True)
    page.get_by_role("button", name="Real").click()
    expect(page.locator("#status")).to_contain_text("Not saved yet")
    expect(page.locator("#position")).to_have_text("1")
    page.context.set_offline(False)
    at(page, 2)
    assert stored(server) == ["real"]


def test_a_server_that_is_killed_loses_and_doubles_nothing(page, server, tmp_path):
    for position in range(1, 6):
        at(page, position)
        page.get_by_role("button", name="Real").click()
    at(page, 6)
    server.stop(kill=True)
    page.get_by_role("button", name="Fake").click()
    expect(page.locator("#status")).to_contain_text("Not saved yet")
    port = int(server.address.rsplit(":", 1)[1])
    server.process, _ = launch(server.settings, tmp_path / "again.log", port)
    at(page, 7)
    assert stored(server) == ["real"] * 5 + ["fake"]


def test_a_line_that_hangs_is_told_and_not_left_by_accident(page):
    held, asked = [], []
    page.route("**/rate/1", lambda route: held.append(route))  # noqa: PLW0108 - Playwright refuses a bound method of a list
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.keyboard.press("f")
    expect(page.locator("#status")).to_have_text("Saving…")
    page.get_by_role("link", name="Overview").click()
    expect(page.locator("#position")).to_have_text("1")
    assert asked == ["beforeunload"]
    held[0].continue_()
    at(page, 2)


def test_a_keyboard_without_latin_letters_answers_by_the_place_of_the_key(page, server):
    page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'к', code: 'KeyR'}))")
    at(page, 2)
    assert stored(server) == ["real"]


def test_impatient_fingers_answer_once(page, server):
    page.get_by_role("button", name="Real").dblclick()
    at(page, 2)
    assert stored(server) == ["real"]


def test_a_held_key_is_one_answer(page, server):
    page.keyboard.down("r")
    at(page, 2)
    for _ in range(5):
        page.keyboard.down("r")  # what the system repeats while a key is held
        page.wait_for_timeout(30)
    page.keyboard.up("r")
    assert stored(server) == ["real"]


def test_the_browsers_own_back_button_shows_the_image_before(page):
    for position in (1, 2):
        at(page, position)
        page.keyboard.press("r")
    at(page, 3)
    page.go_back()
    at(page, 2)
    expect(page.get_by_role("button", name="Real")).to_have_attribute("aria-pressed", "true")
    page.go_forward()
    at(page, 3)
    page.reload()
    at(page, 3)


def test_going_back_while_an_answer_is_on_its_way_mixes_nothing_up(page, server):
    at(page, 1)
    page.keyboard.press("r")
    at(page, 2)
    page.route("**/rate/2", lambda route: (page.wait_for_timeout(1200), route.continue_()))
    page.get_by_role("button", name="Fake").click()
    page.go_back()
    at(page, 1)
    expect(page.locator("#answered")).to_have_text("2", timeout=10_000)
    expect(page.locator("#position")).to_have_text("1")
    expect(page.get_by_role("button", name="Real")).to_have_attribute("aria-pressed", "true")
    assert stored(server) == ["real", "fake"]


def test_nothing_moves_when_the_image_changes(page):
    boxes = []
    for position in range(1, 6):
        at(page, position)
        boxes.append([page.locator(one).bounding_box() for one in ("#picture", "#answers", ".bar")])
        page.keyboard.press("f")
    at(page, 6)
    assert all(one == boxes[0] for one in boxes)


def test_the_two_choices_are_equal(page):
    real, fake = (page.get_by_role("button", name=name) for name in ("Real", "Fake"))
    looks = (
        "b => { const s = getComputedStyle(b); return [s.color, s.backgroundColor, s.fontSize, s.border] }"
    )
    assert real.evaluate(looks) == fake.evaluate(looks)
    real_box, fake_box = real.bounding_box(), fake.bounding_box()
    assert abs(real_box["width"] - fake_box["width"]) < 0.5
    assert real_box["height"] == fake_box["height"] >= 44


@pytest.mark.parametrize("size", [(360, 640), (820, 1180), (1920, 1080)])
def test_image_and_choices_fit_on_the_screen(page, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    picture, answers = page.locator("#picture").bounding_box(), page.locator("#answers").bounding_box()
    assert picture["width"] == pytest.approx(picture["height"], abs=0.5)
    assert picture["width"] >= 0.5 * min(size)
    assert answers["y"] >= picture["y"] + picture["height"]
    assert answers["y"] + answers["height"] <= size[1]


def test_the_surround_changes_without_a_page_load_and_stays(page, server):
    page.get_by_role("button", name="Light surround").click()
    expect(page.locator("body")).to_have_class("rating light")
    page.reload()
    expect(page.locator("body")).to_have_class("rating light")
    page.get_by_role("button", name="Dark surround").click()
    expect(page.locator("body")).to_have_class("rating dark")
