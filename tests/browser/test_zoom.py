"""Looking closer: wheel, pinch, double tap, drag and keys, and that none of them does anything else."""

import math

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARGUMENTS, executable
from tests.browser.rating_page import DESKTOP, at, enter, watched
from tests.browser.records import answers

TOUCH = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def boxes(page: Page) -> tuple[dict, dict]:
    return page.locator("#picture").bounding_box(), page.locator(".stage").bounding_box()


def middle(box: dict) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def part(box: dict, x: float, y: float) -> tuple[float, float]:
    """Which part of the picture is at a point of the window, from 0 to 1 across and down."""
    return (x - box["x"]) / box["width"], (y - box["y"]) / box["height"]


def stays_in_the_stage(page: Page) -> None:
    """Where the picture is larger than the stage it fills it, where it is smaller it stands in its middle."""
    picture, stage = boxes(page)
    for start, size in (("x", "width"), ("y", "height")):
        before = picture[start] - stage[start]
        after = stage[start] + stage[size] - picture[start] - picture[size]
        if picture[size] > stage[size]:
            assert before <= 0.5
            assert after <= 0.5
        else:
            assert before == pytest.approx(after, abs=1.5)


def turn_wheel(page: Page, x: float, y: float, times: int) -> None:
    """Turn the wheel towards oneself and wait until the browser has handed the turns over."""
    page.mouse.move(x, y)
    page.evaluate("window.turned = 0; addEventListener('wheel', () => (window.turned += 1), {passive: true})")
    for _ in range(times):
        page.mouse.wheel(0, -120)
    page.wait_for_function("times => window.turned >= times", arg=times)


class Fingers:
    """Real touches, as the browser gets them from the screen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)

    def send(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.send("touchStart", start)
        for step in range(1, 11):
            self.send("touchMove", tuple(a + (b - a) * step / 10 for a, b in zip(start, end, strict=True)))
        self.send("touchEnd")

    def pinch(self, centre: tuple[float, float], start: float, end: float) -> None:
        """Two fingers, as far apart as told, one above the other."""
        x, y = centre
        self.send("touchStart", (x, y - start / 2), (x, y + start / 2))
        for step in range(1, 11):
            half = (start + (end - start) * step / 10) / 2
            self.send("touchMove", (x, y - half), (x, y + half))
        self.send("touchEnd")

    def double_tap(self, x: float, y: float) -> None:
        for _ in range(2):
            self.page.touchscreen.tap(x, y)


@pytest.fixture
def page(chromium, studies):
    with watched(chromium) as page:
        enter(page, studies.invite()[1])
        yield page


@pytest.fixture
def invited(studies):
    return studies.invite()


@pytest.fixture
def phone(chromium, invited):
    with watched(chromium, **TOUCH) as page:
        enter(page, invited[1])
        yield page


def unmoved(page: Page) -> None:
    """The page itself was neither scrolled nor enlarged."""
    view = page.evaluate("[visualViewport.scale, visualViewport.offsetTop, scrollX, scrollY]")
    assert view == [1, 0, 0, 0]


def test_the_wheel_enlarges_what_is_under_the_pointer(page):
    before, _ = boxes(page)
    x, y = before["x"] + before["width"] * 0.5, before["y"] + before["height"] * 0.6
    turn_wheel(page, x, y, times=4)
    grown, stage = boxes(page)
    assert grown["width"] == pytest.approx(before["width"] * math.exp(0.96), rel=0.01)
    assert part(grown, x, y) == pytest.approx((0.5, 0.6), abs=0.01)
    # The picture now fills the stage: any place of it can be looked at.
    x, y = stage["x"] + stage["width"] * 0.2, stage["y"] + stage["height"] * 0.7
    there = part(grown, x, y)
    turn_wheel(page, x, y, times=2)
    assert part(boxes(page)[0], x, y) == pytest.approx(there, abs=0.01)
    stays_in_the_stage(page)
    unmoved(page)


def test_from_the_whole_image_to_eight_times_and_back(page):
    before, _ = boxes(page)
    for _ in range(10):
        page.keyboard.press("+")
    assert boxes(page)[0]["width"] == pytest.approx(8 * before["width"], rel=0.001)
    stays_in_the_stage(page)
    for _ in range(10):
        page.keyboard.press("-")
    assert boxes(page)[0] == before


def test_the_picture_cannot_be_dragged_out_of_the_stage(page):
    before, stage = boxes(page)
    x, y = middle(before)
    page.mouse.dblclick(x, y)
    assert boxes(page)[0]["width"] == pytest.approx(3 * before["width"], rel=0.001)
    for to in ((stage["x"] - 500, y), (x, stage["y"] + 3000), (stage["x"] + 3000, stage["y"] - 3000)):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(*to, steps=4)
        page.mouse.up()
        stays_in_the_stage(page)
    page.mouse.dblclick(x, y)
    assert boxes(page)[0] == before
    assert page.evaluate("String(getSelection())") == ""


def test_the_mouse_drags_the_enlarged_image_and_only_that(page):
    before, _ = boxes(page)
    x, y = middle(before)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=4)
    page.mouse.up()
    assert boxes(page)[0] == before
    for _ in range(4):
        page.keyboard.press("+")
    grown, _ = boxes(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y - 40, steps=6)
    page.mouse.up()
    moved, _ = boxes(page)
    assert moved["x"] - grown["x"] == pytest.approx(-60, abs=12)
    assert moved["y"] - grown["y"] == pytest.approx(-40, abs=12)


def test_keys_enlarge_move_and_go_back_to_the_whole(page):
    before, _ = boxes(page)
    for _ in range(4):
        page.keyboard.press("+")
    grown, stage = boxes(page)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    moved, _ = boxes(page)
    assert grown["x"] - moved["x"] == pytest.approx(stage["width"] / 4, abs=1)
    assert grown["y"] - moved["y"] == pytest.approx(stage["height"] / 4, abs=1)
    page.keyboard.press("0")
    assert boxes(page)[0] == before
    page.keyboard.press("+")
    page.keyboard.press("Escape")
    assert boxes(page)[0] == before
    expect(page.locator("#position")).to_have_text("1")


def test_the_next_image_is_whole_again(page):
    before, _ = boxes(page)
    page.keyboard.press("+")
    page.keyboard.press("r")
    at(page, 2)
    assert boxes(page)[0] == before


def test_two_fingers_enlarge_the_image_and_not_the_page(phone, studies, invited):
    fingers = Fingers(phone)
    before, _ = boxes(phone)
    centre = middle(before)
    fingers.pinch(centre, 80, 200)
    grown, _ = boxes(phone)
    assert grown["width"] == pytest.approx(2.5 * before["width"], rel=0.1)
    assert part(grown, *centre) == pytest.approx((0.5, 0.5), abs=0.05)
    stays_in_the_stage(phone)
    fingers.drag(centre, (centre[0] - 80, centre[1] - 60))
    moved, _ = boxes(phone)
    assert moved["x"] - grown["x"] == pytest.approx(-80, abs=20)
    assert moved["y"] - grown["y"] == pytest.approx(-60, abs=20)
    fingers.pinch(centre, 240, 20)
    assert boxes(phone)[0] == before
    unmoved(phone)
    expect(phone.locator("#position")).to_have_text("1")
    assert answers(studies.server, invited[0]) == []


def test_one_finger_on_the_stage_scrolls_nothing(phone):
    before, stage = boxes(phone)
    x, y = middle(stage)
    Fingers(phone).drag((x, y), (x, y - 200))
    assert boxes(phone)[0] == before
    unmoved(phone)


def test_a_double_tap_looks_closer_and_answers_nothing(phone, studies, invited):
    before, _ = boxes(phone)
    x, y = before["x"] + before["width"] * 0.25, before["y"] + before["height"] * 0.25
    fingers = Fingers(phone)
    fingers.double_tap(x, y)
    grown, _ = boxes(phone)
    assert grown["width"] == pytest.approx(3 * before["width"], rel=0.001)
    assert part(grown, x, y) == pytest.approx((0.25, 0.25), abs=0.03)
    phone.wait_for_timeout(400)
    fingers.double_tap(x, y)
    assert boxes(phone)[0] == before
    unmoved(phone)
    expect(phone.locator("#position")).to_have_text("1")
    assert answers(studies.server, invited[0]) == []


def test_two_slow_taps_and_taps_apart_are_no_double_tap(phone):
    before, _ = boxes(phone)
    x, y = middle(before)
    phone.touchscreen.tap(x, y)
    phone.wait_for_timeout(450)
    phone.touchscreen.tap(x, y)
    phone.wait_for_timeout(450)
    phone.touchscreen.tap(x - 60, y)
    phone.touchscreen.tap(x + 60, y)
    assert boxes(phone)[0] == before


def test_a_turned_tablet_keeps_the_stage_filled(page):
    before, stage = boxes(page)
    page.mouse.dblclick(stage["x"] + 5, stage["y"] + 5)
    page.set_viewport_size({"width": 820, "height": 1180})
    page.wait_for_timeout(200)
    stays_in_the_stage(page)
    page.set_viewport_size(DESKTOP["viewport"])
    page.keyboard.press("0")
    assert boxes(page)[0] == before


def test_who_hears_the_page_notices_nothing(page):
    heard = page.locator("body").aria_snapshot()
    focus = page.evaluate("document.activeElement.tagName")
    page.keyboard.press("+")
    page.mouse.dblclick(*middle(boxes(page)[1]))
    assert page.locator("body").aria_snapshot() == heard
    assert page.evaluate("document.activeElement.tagName") == focus
    assert (
        page.locator(".stage").evaluate("stage => stage.matches('[tabindex], [role], [aria-live]')") is False
    )


def test_the_browsers_own_keys_stay_the_browsers(page):
    before, _ = boxes(page)
    answered = page.evaluate(
        """() => ["+", "-", "0", "r"].map(key => document.body.dispatchEvent(
            new KeyboardEvent("keydown", {key, ctrlKey: true, bubbles: true, cancelable: true})))"""
    )
    assert answered == [True] * 4
    assert boxes(page)[0] == before


def test_two_buttons_do_it_for_who_cannot_drag_or_pinch(page, studies):
    enter(page, studies.invite()[1])
    before, _ = boxes(page)
    for _ in range(2):
        page.get_by_role("button", name="Closer").click()
    assert boxes(page)[0]["width"] == pytest.approx(1.5**2 * before["width"], rel=0.001)
    stays_in_the_stage(page)
    for _ in range(2):
        page.get_by_role("button", name="Farther").click()
    assert boxes(page)[0] == before
    expect(page.locator("#position")).to_have_text("1")


def test_a_study_without_zoom_leaves_the_image_as_it_is(page, studies):
    enter(page, studies.invite(zoom=False)[1])
    expect(page.get_by_role("button", name="Closer")).to_have_count(0)
    before, _ = boxes(page)
    x, y = middle(before)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -360)
    page.mouse.dblclick(x, y)
    page.keyboard.press("+")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_timeout(100)
    assert boxes(page)[0] == before
    expect(page.locator("#position")).to_have_text("1")


def test_on_plain_http_all_of_it_works(chromium, studies):
    """A clinic's server without a certificate: the browser offers less to such pages."""
    rules = [*ARGUMENTS, "--host-resolver-rules=MAP clinic.test 127.0.0.1"]
    browser = chromium.browser_type.launch(executable_path=executable(), args=rules)
    page = browser.new_page(**DESKTOP)
    page.goto(studies.invite()[1].replace("127.0.0.1", "clinic.test"))
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Begin").click()
    at(page, 1)
    assert page.evaluate("isSecureContext") is False
    before, _ = boxes(page)
    page.mouse.dblclick(*middle(before))
    assert boxes(page)[0]["width"] == pytest.approx(3 * before["width"], rel=0.001)
    page.keyboard.press("r")
    at(page, 2)
    browser.close()
