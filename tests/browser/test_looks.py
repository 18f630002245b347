"""How the rating page stands on the screen: nothing moves, the choices are equal, all fits."""

import pytest
from playwright.sync_api import expect

from tests.browser.rating_page import at, enter, no_sideways_scrolling, rate, waiting, watched
from tests.browser.records import rows

FIRST_VIEW_BYTES = 60_000
SHIFTS = """() => { window.shifts = []; new PerformanceObserver(list => {
    for (const entry of list.getEntries())
        for (const {node} of entry.sources) window.shifts.push(node?.id || node?.className || node?.nodeName);
}).observe({type: 'layout-shift', buffered: true}) }"""


@pytest.fixture
def page(chromium, server):
    with watched(chromium) as page:
        enter(page, server.links["ED1"])
        yield page


@pytest.mark.parametrize(
    ("size", "levels"), [((360, 740), 0), ((360, 740), 7), ((820, 1180), 7), ((1440, 900), 0)]
)
def test_nothing_moves_whatever_happens(chromium, server, size, levels):
    server.set_options(confidence_levels=levels)
    parts = ("#picture", "#answers", ".bar", ".words", "#progress", ".tools")
    with watched(chromium, viewport={"width": size[0], "height": size[1]}) as page:
        enter(page, server.links["ED1"])
        page.evaluate(SHIFTS)
        page.wait_for_load_state("networkidle")
        boxes = []
        for position in range(1, 5):
            at(page, position)
            boxes.append([page.locator(one).bounding_box() for one in parts])
            page.keyboard.press("f")
            if levels:
                page.keyboard.press("2")
        at(page, 5)
        page.context.set_offline(True)
        page.keyboard.press("r")
        if levels:
            page.keyboard.press("2")
        waiting(page, 1)
        page.keyboard.press("ArrowLeft")
        at(page, 5)
        boxes.append([page.locator(one).bounding_box() for one in parts])
        assert all(one == boxes[0] for one in boxes)
        assert page.evaluate("window.shifts") == []


LOOKS = """b => { const s = getComputedStyle(b);
    return [s.color, s.backgroundColor, s.fontSize, s.border, s.filter, s.boxShadow, s.opacity] }"""


def test_the_two_choices_are_equal_also_under_a_finger_and_a_mouse_that_rest(chromium, server):
    with watched(chromium, has_touch=True) as page:
        enter(page, server.links["ED1"])
        real, fake = (page.get_by_role("button", name=name) for name in ("Real", "Fake"))
        for position, press in enumerate((lambda: None, real.tap, fake.click), start=1):
            press()
            at(page, position)
            page.wait_for_timeout(600)  # whatever fades has faded
            assert real.evaluate(LOOKS) == fake.evaluate(LOOKS)
        real_box, fake_box = real.bounding_box(), fake.bounding_box()
        assert abs(real_box["width"] - fake_box["width"]) < 0.5
        assert real_box["height"] == fake_box["height"] >= 44
        assert real_box["y"] == fake_box["y"]


def test_the_choices_stand_in_the_raters_own_order(chromium, server):
    orders = {}
    for name, link in server.links.items():
        with watched(chromium) as page:
            enter(page, link)
            orders[name] = page.locator(".answer").evaluate_all("all => all.map(button => button.value)")
            page.keyboard.press("f")
            at(page, 2)
            assert page.locator(".answer").evaluate_all("all => all.map(one => one.value)") == orders[name]
    firsts = dict(rows(server, "SELECT name, first_choice FROM raters WHERE study_id = ?", server.study_id))
    assert {name: order[0] for name, order in orders.items()} == firsts
    assert {tuple(order) for order in orders.values()} == {("real", "fake"), ("fake", "real")}


SIZES = [(320, 568), (360, 640), (360, 740), (568, 320), (640, 360), (640, 400), (683, 384), (740, 360)]
SIZES += [(820, 1180), (1024, 640), (1366, 657), (1440, 900), (1920, 1080)]
LEAST = {(640, 360): 290, (683, 384): 330, (740, 360): 330, (1024, 640): 600, (1366, 657): 620}
"""Where there is little height the image has it: phones held across, windows at 200 %, a clinic's laptop."""


@pytest.mark.parametrize(("levels", "language"), [(0, "de"), (6, "en"), (7, "de"), (9, "en")])
def test_image_and_choices_fit_on_the_screen(chromium, server, levels, language):
    server.set_options(confidence_levels=levels)
    with watched(chromium, locale=language) as page:
        enter(page, server.links["ED1"])
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            fits(page, width, height)
            assert page.locator("#picture").bounding_box()["width"] >= LEAST.get((width, height), 0)
            cut = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.outerHTML)"
            assert page.locator(".bar h1, .far, .scale, .scale span, .answer").evaluate_all(cut) == []
            assert page.locator("#filmstrip").is_visible() or levels or height < 304


def fits(page, width, height):
    picture, answers = page.locator("#picture").bounding_box(), page.locator("#answers").bounding_box()
    assert picture["width"] == pytest.approx(picture["height"], abs=0.5)
    assert picture["width"] >= 0.5 * min(width, height)
    beside = picture["x"] + picture["width"] <= answers["x"]
    assert beside or answers["y"] >= picture["y"] + picture["height"]
    assert answers["y"] + answers["height"] <= height
    targets = page.locator("#rate :is(a, button:not(.unseen), summary, label):visible")
    measure = "all => all.map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"
    sizes = targets.evaluate_all(measure)
    assert len(sizes) > 6
    assert min(wide for wide, _ in sizes) >= 44
    assert min(high for _, high in sizes) >= 44


def test_enlarged_text_needs_no_sideways_scrolling(page):
    """A window of 1280 x 1024 at 400 % is 320 x 256 to the page."""
    for position, (width, height) in enumerate([(320, 256), (320, 568), (640, 512)], start=1):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Real").click()
        at(page, position + 1)
    page.set_viewport_size({"width": 360, "height": 740})
    fonts = page.context.new_cdp_session(page)
    fonts.send("Page.enable")
    fonts.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    page.wait_for_function("getComputedStyle(document.documentElement).fontSize === '36px'")
    no_sideways_scrolling(page)
    assert page.locator(".answer").evaluate_all("all => all.every(one => one.scrollWidth <= one.clientWidth)")


def test_whole_pixels_where_the_rater_wants_them(page):
    side = page.locator("#picture").bounding_box()["width"]
    page.evaluate("localStorage.setItem('dermvtt.preferences', JSON.stringify({scale: 'integer'}))")
    page.reload()
    at(page, 1)
    width = page.locator("#picture").bounding_box()["width"]
    assert width % 16 == 0
    assert side - 16 < width <= side
    assert page.locator("#picture").evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"


def test_the_surround_changes_without_a_page_load_and_stays(page, server):
    page.get_by_text("Menu").click()
    page.get_by_role("button", name="Light surround").click()
    expect(page.locator("body")).to_have_class("rating light")
    page.reload()
    expect(page.locator("body")).to_have_class("rating light")
    page.get_by_text("Menu").click()
    page.get_by_role("button", name="Dark surround").click()
    expect(page.locator("body")).to_have_class("rating dark")


def test_the_alternative_text_tells_nothing_and_the_position_is_said(page):
    expect(page.locator("#picture")).to_have_attribute("alt", "Image 1 of 80")
    rate(page, "r")
    at(page, 2)
    expect(page.locator("#picture")).to_have_attribute("alt", "Image 2 of 80")
    expect(page.get_by_role("status").first).to_have_text("Image 2 of 80.")


def test_the_first_view_is_small_and_nobody_else_is_asked(chromium, server):
    with watched(chromium) as page:
        enter(page, server.links["ED1"])
    context = chromium.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    asked, received = {}, {}
    session.on(
        "Network.requestWillBeSent", lambda sent: asked.update({sent["requestId"]: sent["request"]["url"]})
    )
    session.on(
        "Network.loadingFinished",
        lambda sent: received.update({sent["requestId"]: sent["encodedDataLength"]}),
    )
    page.goto(server.links["ED1"])
    at(page, 1)
    page.wait_for_load_state("networkidle")
    context.close()
    assert all(url.startswith(server.address) for url in asked.values())
    page_bytes = sum(size for request, size in received.items() if "/images/" not in asked[request])
    assert page_bytes < FIRST_VIEW_BYTES
