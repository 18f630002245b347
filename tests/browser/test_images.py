"""Images that fail, arrive late, or are shown for a time only; and the times that are measured of them."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.rating_page import (
    answerable,
    at,
    enter,
    enter_having_answered,
    eventually,
    rate,
    saved,
    watched,
)
from tests.browser.records import answers, ratings, stored, viewings

ANSWER_AFTER = """async wait => {
    const before = document.getElementById('picture');
    const press = key => {
        const event = new KeyboardEvent('keydown', {key, code: 'Key' + key.toUpperCase()});
        document.dispatchEvent(event);
        return event.timeStamp;
    };
    press('r');
    while (!document.getElementById('picture') || document.getElementById('picture') === before)
        await new Promise(done => setTimeout(done, 1));
    const shown = await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    await new Promise(done => setTimeout(done, wait));
    return press('f') - shown;
}"""
HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
    const state = hidden ? 'hidden' : 'visible';
    Object.defineProperty(document, 'visibilityState', {value: state, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
}"""


@pytest.fixture
def page(chromium, server):
    with watched(chromium) as page:
        enter(page, server.links["ED1"])
        yield page


@pytest.fixture
def study(chromium, server):
    """Set the study's options, then give a page on which rating begins."""
    contexts = []

    def begin_with(*, before=lambda page: None, **options):
        server.set_options(**options)
        context = watched(chromium)
        page = context.__enter__()
        contexts.append(context)
        before(page)
        page.goto(server.links["ED1"])
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Begin").click()
        return page

    yield begin_with
    for context in contexts:
        context.__exit__(None, None, None)


def address(page, position: int) -> str:
    steps = json.loads(page.locator("#trial").text_content())["steps"]
    return f"**/images/{steps[position - 1]['key']}.png"


def not_answerable(page, position: int) -> None:
    expect(page.locator("#position")).to_have_text(str(position))
    page.keyboard.press("r")
    page.get_by_role("button", name="Fake").click(force=True)
    page.wait_for_timeout(300)
    expect(page.locator("#position")).to_have_text(str(position))
    expect(page.locator(".answer").first).to_have_attribute("aria-disabled", "true")


def test_an_image_that_fails_is_retried_reported_and_never_answered_blind(page, server):
    broken = address(page, 40)
    asked = []
    page.route(broken, lambda route: (asked.append(1), route.abort()))
    page.goto(f"{server.links['ED1']}/rate/39")
    at(page, 39)
    page.keyboard.press("r")
    expect(page.get_by_text("This image could not be loaded.")).to_be_visible(timeout=20_000)
    assert len(asked) >= 3
    expect(page.locator("#frame img")).to_have_count(0)
    not_answerable(page, 40)
    page.keyboard.press("ArrowRight")
    at(page, 41)
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("This image could not be loaded.")).to_be_visible(timeout=20_000)
    page.unroute(broken)
    page.get_by_role("button", name="Try again").click()
    at(page, 40)
    page.keyboard.press("f")
    at(page, 41)
    saved(page)
    assert answers(server) == [(39, "real", None), (40, "fake", None)]


def test_small_pictures_that_fail_leave_their_blank_and_come_by_themselves(chromium, server):
    with watched(chromium) as page:
        enter_having_answered(page, server.links["ED1"], "rf")
        broken = address(page, 1)
        page.route("**/images/*.png", lambda route: route.continue_())  # past the browser's cache
        page.route(broken, lambda route: route.abort())
        for path, place in (("/rate/2", "#filmstrip li:nth-child({})"), ("/review", "#image-{}")):
            page.goto(server.links["ED1"] + path)
            assert page.locator(place.format(2) + " img").evaluate("image => image.decode().then(() => true)")
            expect(page.locator(place.format(1) + " img")).to_have_count(0)
        expect(page.locator("#image-1 .blank")).to_have_text("1")
        page.unroute(broken)
        page.evaluate("window.dispatchEvent(new Event('online'))")
        expect(page.locator("#image-1 img")).to_have_js_property("complete", True)


def test_an_image_that_fails_once_is_there_by_itself(page, server):
    failed = []

    def fail_once(route):
        if failed:
            route.continue_()
        else:
            failed.append(1)
            route.abort()

    page.route(address(page, 60), fail_once)
    page.goto(f"{server.links['ED1']}/rate/59")
    rate(page, "r", start=59)
    at(page, 60)
    assert failed


def test_no_image_is_fetched_twice(chromium, server):
    served = lambda: server.process.log.read_text().count("/images/")  # noqa: E731
    before, fetched = served(), []
    with watched(chromium) as page:
        enter(page, server.links["ED1"])
        page.wait_for_load_state("networkidle")  # all are there: the reload cuts none off on its way
        page.on("request", lambda request: fetched.append(request.url) if "/images/" in request.url else None)
        page.reload()
        rate(page, "rfrfr")
        at(page, 6)
        page.keyboard.press("ArrowLeft")
        at(page, 5)
        page.wait_for_load_state("networkidle")
    assert len(set(fetched)) == 80
    # The filmstrip asks for them again; the browser answers from its cache.
    assert 80 <= served() - before <= 80 + 1


def test_where_all_images_must_be_there_rating_begins_then(study, server):
    passed, held = [], []

    def hold(route):
        if len(passed) < 78:
            passed.append(route)  # first: while it goes on, the next one may come
            route.continue_()
        else:
            held.append(route)

    page = study(preload_all=True, before=lambda page: page.route("**/images/*.png", hold))
    expect(page.get_by_text("Loading images: 78 of 80")).to_be_visible(timeout=20_000)
    expect(page.locator("#frame img")).to_have_count(0)
    not_answerable(page, 1)
    for route in held:
        route.continue_()
    at(page, 1)
    page.context.set_offline(True)
    rate(page, "r" * 30)
    at(page, 31)
    page.context.set_offline(False)
    saved(page)
    assert stored(server) == ["real"] * 30


def test_a_fixation_pause_comes_before_each_image(study, server):
    page = study(fixation_ms=900)
    for position in (1, 2):
        expect(page.locator("#cross")).to_be_visible()
        expect(page.locator("#frame img")).to_have_count(0)
        not_answerable(page, position)
        at(page, position)
        expect(page.locator("#cross")).not_to_be_visible()
        page.keyboard.press("r")
    saved(page)
    assert stored(server) == ["real", "real"]


def test_an_image_disappears_after_its_time_and_can_still_be_answered(study, server):
    page = study(display_limit_ms=500)
    answerable(page, 1)
    expect(page.locator("#frame img")).to_have_count(0)
    expect(page.get_by_text("Its time is over. You can still answer.")).to_be_visible()
    page.keyboard.press("r")
    answerable(page, 2)
    expect(page.locator("#filmstrip img")).to_have_count(0)  # a thumbnail would outlast the limit
    page.keyboard.press("ArrowLeft")
    answerable(page, 1)  # answers may be changed, so the image comes back, for its time
    page.keyboard.press("f")
    answerable(page, 2)
    page.goto(f"{server.address}/healthz")
    eventually(page, lambda: answers(server), [(1, "real", None), (1, "fake", None)])
    first = viewings(server)[0]
    assert first[0] == 1
    assert 499 < first[1] < 800  # a browser's clock has steps


def test_an_answered_image_does_not_come_back_where_nothing_can_be_changed(study):
    page = study(display_limit_ms=500, revising=False)
    answerable(page, 1)
    page.keyboard.press("r")
    answerable(page, 2)
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("This image is not shown again.")).to_be_visible()
    expect(page.locator("#frame img")).to_have_count(0)


def test_a_limit_holds_without_scripts_and_is_said(chromium, server):
    server.set_options(display_limit_ms=600, revising=False)
    link, origin = server.links["ED1"], {"Origin": server.address}
    with watched(chromium, java_script_enabled=False, locale="de") as page:
        page.request.post(f"{link}/start", form={"agree": "yes"}, headers=origin, max_redirects=0)
        page.goto(link)
        expect(page.locator("#picture")).to_be_visible()
        expect(page.locator("#picture")).to_be_hidden()
        told = page.locator("#stage").evaluate(
            "stage => ['visibility', 'content'].map(one => getComputedStyle(stage, '::after')[one])"
        )
        assert told == ["visible", '"Seine Zeit ist um. Sie können noch antworten."']
        page.get_by_role("button", name="Real").click()
        expect(page.locator("#position")).to_have_text("2")
        page.goto(f"{link}/rate/1")
        expect(page.get_by_text("Dieses Bild wird nicht noch einmal gezeigt.")).to_be_visible()
        expect(page.locator("#frame img")).to_have_count(0)


def test_the_response_time_is_from_the_sight_of_the_image_to_the_press(page, server):
    page.wait_for_load_state("networkidle")
    waits = []
    for position, wait in ((1, 300), (3, 800)):
        at(page, position)
        waits.append(page.evaluate(ANSWER_AFTER, wait))
    at(page, 5)
    saved(page)
    measured = [row[3] for row in ratings(server) if row[1] == "fake"]
    assert len(measured) == 2
    for known, found in zip(waits, measured, strict=True):
        assert found == pytest.approx(known, abs=80)


def test_hidden_time_is_apart(page, server):
    """A headless browser has every tab in front: what it would report is reported in its place."""
    page.wait_for_timeout(300)
    page.evaluate(HIDE, True)
    page.wait_for_timeout(700)
    page.evaluate(HIDE, False)
    page.wait_for_timeout(200)
    page.keyboard.press("r")
    at(page, 2)
    page.goto(f"{server.address}/healthz")
    eventually(page, lambda: [row[0] for row in viewings(server)], [1, 2])
    ((_, _, _, response, hidden),) = ratings(server)
    assert 700 <= hidden < 2000
    assert response >= 1200
    _, visible, behind = viewings(server)[0]
    assert 700 <= behind < 2000
    assert visible == pytest.approx(response - hidden, abs=500)


def test_each_viewing_is_kept(page, server):
    rate(page, "rf")
    at(page, 3)
    page.keyboard.press("ArrowLeft")
    at(page, 2)
    page.wait_for_timeout(300)
    page.reload()
    at(page, 2)
    eventually(page, lambda: [row[0] for row in viewings(server)], [1, 2, 3, 2])
    assert all(visible >= 150 for _, visible, _ in viewings(server))
