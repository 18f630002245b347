"""Answers survive what happens in a clinic: no network, a dead server, a killed browser."""

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ARGUMENTS, executable
from tests.browser.rating_page import DESKTOP, at, enter, eventually, rate, saved, waiting, watched
from tests.browser.records import answers, current, stored
from tests.browser.serving import serving


@pytest.fixture
def page(chromium, server):
    with watched(chromium) as page:
        enter(page, server.links["ED1"])
        yield page


@pytest.fixture(scope="module")
def mortal(tmp_path_factory, blank_sqlite, make_mix):
    """A server that no other file's tests need."""
    with serving(tmp_path_factory.mktemp("mortal"), blank_sqlite, make_mix(50, 30)) as studies:
        yield studies


@pytest.fixture
def doomed(mortal):
    """A study on that server."""
    return mortal.create()


@pytest.fixture
def endangered(chromium, doomed):
    """A page of that study."""
    with watched(chromium) as page:
        enter(page, doomed.links["ED1"])
        yield page


def all_loaded(page) -> None:
    """Wait until no image is fetched any more."""
    page.wait_for_load_state("networkidle")


def test_an_hour_offline_in_the_middle_needs_no_action(page, server):
    rate(page, "rrr")
    at(page, 4)
    saved(page)
    all_loaded(page)
    page.context.set_offline(True)
    rate(page, "rf" * 10, start=4)
    waiting(page, 20)
    at(page, 24)
    assert stored(server) == ["real"] * 3
    page.context.set_offline(False)
    saved(page)
    rate(page, "r", start=24)
    saved(page)
    assert answers(server) == [
        *((position, "real", None) for position in (1, 2, 3)),
        *((position, "fake" if position % 2 else "real", None) for position in range(4, 24)),
        (24, "real", None),
    ]


def test_a_server_that_is_killed_loses_and_doubles_nothing(endangered, doomed):
    rate(endangered, "rrrrr")
    at(endangered, 6)
    all_loaded(endangered)
    doomed.process.stop(kill=True)
    rate(endangered, "ffff", start=6)
    waiting(endangered, 4)
    doomed.process.restart()
    rate(endangered, "rr", start=10)
    saved(endangered)
    assert stored(doomed) == ["real"] * 5 + ["fake"] * 4 + ["real"] * 2


@pytest.mark.parametrize("after_ms", [0, 10])
def test_a_server_killed_while_an_answer_is_on_its_way(endangered, doomed, after_ms):
    all_loaded(endangered)
    rate(endangered, "rf")
    at(endangered, 3)
    endangered.keyboard.press("r")
    endangered.wait_for_timeout(after_ms)
    doomed.process.stop(kill=True)
    doomed.process.restart()
    at(endangered, 4)
    saved(endangered)
    assert current(doomed) == {1: "real", 2: "fake", 3: "real"}
    assert len(stored(doomed)) == 3


def test_a_reload_while_answers_wait_keeps_them(page, server):
    page.route("**/answers", lambda route: route.abort())
    rate(page, "rf")
    at(page, 3)
    waiting(page, 2)
    page.reload()
    at(page, 3)
    waiting(page, 2)
    expect(page.locator("#answered")).to_have_text("2")
    page.keyboard.press("ArrowLeft")
    at(page, 2)
    expect(page.get_by_role("button", name="Fake")).to_have_attribute("aria-pressed", "true")
    page.unroute("**/answers")
    saved(page)
    assert stored(server) == ["real", "fake"]


def test_who_comes_back_by_her_link_goes_on_behind_what_waits(page, server):
    page.route("**/answers", lambda route: route.abort())
    rate(page, "rfr")
    at(page, 4)
    page.goto(server.links["ED1"])
    at(page, 4)
    expect(page.locator("#answered")).to_have_text("3")
    page.unroute("**/answers")
    saved(page)
    assert stored(server) == ["real", "fake", "real"]
    # The answers arrived after the server had chosen image 2 and before it made the page.
    page.goto(f"{server.links['ED1']}/rate/2?resume")
    at(page, 4)
    expect(page).to_have_url(re.compile("/rate/4$"))
    page.goto(f"{server.links['ED1']}/rate/2")
    at(page, 2)


def test_the_overview_waits_offline_for_the_last_answers(page, server):
    rate(page, "rf")
    at(page, 3)
    all_loaded(page)
    page.context.set_offline(True)
    rate(page, "r", start=3)
    at(page, 4)
    page.get_by_role("link", name="Overview").click()
    expect(page.locator("#status")).to_contain_text("opens as soon as your answers are saved")
    page.keyboard.press("f")  # she may go on meanwhile
    at(page, 5)
    page.get_by_role("link", name="Overview").click()
    page.wait_for_timeout(2000)
    page.context.set_offline(False)
    page.wait_for_url("**/review")
    assert stored(server) == ["real", "fake", "real", "fake"]


def test_leaving_at_once_sends_what_was_just_answered(page, server):
    rate(page, "r")
    at(page, 2)
    page.keyboard.press("f")
    page.goto(f"{server.address}/healthz")
    eventually(page, lambda: stored(server), ["real", "fake"])


def test_a_browser_without_storage_sends_and_asks_before_answers_are_lost(chromium, server):
    with watched(chromium) as page:
        page.add_init_script("Object.defineProperty(window, 'indexedDB', {value: undefined})")
        enter(page, server.links["ED1"])
        rate(page, "r")
        at(page, 2)
        saved(page)
        page.context.set_offline(True)
        page.keyboard.press("f")
        waiting(page, 1)
        asked = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
        page.evaluate("setTimeout(() => location.reload())")
        eventually(page, lambda: asked, ["beforeunload"])
        page.context.set_offline(False)
        saved(page)
        assert stored(server) == ["real", "fake"]


def test_an_answer_that_the_server_never_takes_does_not_hold_up_the_others(page, server):
    tamper = """body => {
        const answers = body.answers.map(one => one.answer === 'fake' ? {...one, confidence: 9} : one);
        return JSON.stringify({...body, answers});
    }"""

    def spoil(route):
        route.continue_(post_data=page.evaluate(tamper, route.request.post_data_json))

    page.route("**/answers", spoil)
    rate(page, "rfr")
    at(page, 4)
    saved(page)
    expect(page.locator("#status")).to_contain_text("Image 2:")
    expect(page.locator("#answered")).to_have_text("2")
    assert stored(server) == ["real", "real"]


@pytest.mark.parametrize("levels", [0, 5])
def test_a_killed_browser_sends_its_answers_when_it_is_opened_again(chromium, server, tmp_path, levels):
    """With a confidence still to be given the last answer is only a draft: it arrives without one."""
    server.set_options(confidence_levels=levels)
    profile = tmp_path / "profile"
    page = open_profile(chromium, profile)
    enter(page, server.links["ED1"])
    page.route("**/answers", lambda route: route.abort())
    if levels:
        at(page, 1)
        page.keyboard.press("r")
        page.keyboard.press("3")
    else:
        rate(page, "r")
    at(page, 2)
    page.keyboard.press("f")
    if levels:
        expect(page.get_by_role("button", name="Fake")).to_have_attribute("aria-pressed", "true")
        page.wait_for_timeout(100)
    else:
        expect(page.locator("#position")).to_have_text("3")  # the next image is there: the answer is durable
    kill_browser(profile)
    assert stored(server) == []
    page = open_profile(chromium, profile)
    page.goto(server.links["ED1"])
    at(page, 3)
    saved(page)
    expected = [(1, "real", 3), (2, "fake", None)] if levels else [(1, "real", None), (2, "fake", None)]
    assert answers(server) == expected
    page.context.close()


def open_profile(chromium, profile: Path):
    context = chromium.browser_type.launch_persistent_context(
        profile, executable_path=executable(), args=ARGUMENTS, **DESKTOP
    )
    return context.pages[0]


def kill_browser(profile: Path) -> None:
    """End the browser of this profile, and no other one, as a crash would."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"--user-data-dir={profile}".encode() in arguments:
            os.kill(int(folder.name), signal.SIGKILL)
