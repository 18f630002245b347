"""A whole study in real Chromium: three raters, an admin, and the same numbers everywhere."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from itertools import zip_longest

import pytest
from playwright.sync_api import Page, expect

from backend import accounts
from tests.browser.rating_page import at, no_sideways_scrolling, overview_ready
from tests.browser.serving import Server, serving

TOTAL = 40
ADMIN, PASSWORD = "admin@example.org", "a password of my own"


def begin(page: Page, link: str) -> None:
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Real or generated?")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Begin").click()
    at(page, 1)


def submit(page: Page) -> None:
    overview_ready(page)
    page.get_by_role("button", name="Submit my answers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")


# Each of the raters is a generator that stops after an answer: the next image has to stand for a moment until
# it can be answered, and meanwhile the others answer.


def keyboard_rater(new_page, link: str) -> Iterator[None]:
    """Rates all with the keyboard, goes back, and revises three answers from the overview."""
    page = new_page()
    begin(page, link)
    for position in range(1, TOTAL + 1):
        at(page, position)
        page.keyboard.press("r" if position % 2 else "f")
        yield
    expect(page.get_by_text(f"{TOTAL} of {TOTAL} images answered")).to_be_visible()
    for position in (3, 21, 40):
        page.locator(f"#image-{position} a").click()
        at(page, position)
        name = "Fake" if position % 2 else "Real"
        page.get_by_role("button", name=name).click()
        expect(page.locator(f"#image-{position} .caption")).to_contain_text(name.lower())
        yield
    submit(page)


def returning_rater(new_page, link: str) -> Iterator[None]:
    """Leaves after 13 images, comes back in another browser by the same link, and goes on where she was."""
    page = new_page()
    begin(page, link)
    for position in range(1, 14):
        at(page, position)
        page.get_by_role("button", name="Real" if position % 3 else "Fake").click()
        yield
    at(page, 14)
    page.context.close()
    page = new_page()
    page.goto(link)
    at(page, 14)
    page.keyboard.press("ArrowLeft")
    at(page, 13)
    expect(page.get_by_role("button", name="Real")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowRight")
    for position in range(14, TOTAL + 1):
        at(page, position)
        page.get_by_role("button", name="Real").click()
        yield
    expect(page.get_by_text(f"{TOTAL} of {TOTAL} images answered")).to_be_visible()
    submit(page)


def touch_rater(new_page, link: str) -> Iterator[None]:
    """On a narrow touch screen: the first 10 images without JavaScript, the rest with it, two left out."""
    plain = new_page(java_script_enabled=False)
    plain.goto(link)
    plain.get_by_role("checkbox").tap()
    plain.get_by_role("button", name="Begin").tap()
    for position in range(1, 11):
        expect(plain.locator("#position")).to_have_text(str(position))
        no_sideways_scrolling(plain)
        plain.get_by_role("button", name="Fake").tap()
        yield
    expect(plain.locator("#position")).to_have_text("11")
    scripted = new_page()
    scripted.goto(link)
    for position in range(11, TOTAL + 1):
        at(scripted, position)
        if position in {15, 16}:
            scripted.get_by_role("link", name="Next image").tap()
        else:
            scripted.get_by_role("button", name="Fake" if position < 30 else "Real").tap()
        yield
    expect(scripted.get_by_text("38 of 40 images answered")).to_be_visible()
    scripted.get_by_role("checkbox").tap()
    submit(scripted)


@pytest.fixture
def server(tmp_path, blank_sqlite, make_mix) -> Iterator[Server]:
    """A server with one study alone, and an admin."""
    with serving(tmp_path, blank_sqlite, make_mix(25, 15)) as studies:
        with studies.database.write() as session:
            one_time = accounts.create_admin(session, ADMIN)
        accounts.change_password(studies.database, ADMIN, one_time, PASSWORD, hours=1)
        yield studies.create()


def test_three_raters_an_admin_and_the_command_line(chromium, server, tmp_path):
    def new_page(**options):
        return lambda **more: chromium.new_context(**options, **more).new_page()

    touch = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    raters = [
        keyboard_rater(new_page(), server.links["ED1"]),
        returning_rater(new_page(), server.links["ED2"]),
        touch_rater(new_page(**touch), server.links["DLE1"]),
    ]
    for _ in zip_longest(*raters):
        pass
    check_history(server)

    page = chromium.new_context(accept_downloads=True).new_page()
    log_in(page, server)
    page.get_by_role("link", name="Real or generated?").click()
    assert page.locator("#board tbody tr", has_text="submitted").count() == 3
    page.get_by_role("link", name="Results").click()
    for figure in page.locator("figure img").all():
        assert figure.evaluate("async image => { await image.decode(); return image.naturalWidth }") > 100
    results = page.url
    page.get_by_role("link", name="Exports", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Ratings as CSV").click()
    ratings = tmp_path / "ratings.csv"
    download.value.save_as(ratings)
    page.goto(results)
    compare(page, ratings)


def check_history(server) -> None:
    """Every answer and every revision is a row; response times were measured by who could."""
    path = server.settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as database:
        query = """SELECT r.name, count(*), count(response_ms), min(response_ms),
                          sum(response_clock = 'server')
                   FROM ratings JOIN presentations p ON p.id = presentation_id
                   JOIN raters r ON r.id = p.rater_id GROUP BY r.name"""
        rows = {name: rest for name, *rest in database.execute(query)}
    database.close()
    assert rows["ED1"][0] == TOTAL + 3
    assert rows["ED2"][0] == TOTAL
    assert rows["DLE1"][0] == TOTAL - 2
    for ratings, timed, fastest, _ in rows.values():
        assert timed == ratings
        assert fastest >= 0
    assert (rows["ED1"][3], rows["DLE1"][3]) == (0, 10)


def log_in(page: Page, server) -> None:
    page.goto(f"{server.address}/admin")
    page.get_by_label("E-mail").fill(ADMIN)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def compare(page: Page, ratings) -> None:
    """What ``dermvtt analyze`` says of the download is what the page shows."""
    command = [sys.executable, "-m", "backend.cli", "analyze", str(ratings), "--json"]
    results = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    assert [one["rater"] for one in results["raters"]] == ["DLE1", "ED1", "ED2"]
    shown = {row[0]: row[1:] for row in table(page, "table-raters")}
    for one in results["raters"]:
        counts = [str(one[key]) for key in ("n", "missing", "tp", "fp", "fn", "tn")]
        assert shown[one["rater"]][:8] == [one["group"], *counts, f"{one['accuracy']:.3f}"]
        rates = [f"{one[key]:.3f}" for key in ("tpr", "tnr", "fpr", "balanced_accuracy")]
        assert shown[one["rater"]][9:] == rates
    kappas = [one for one in results["agreement"] if one["statistic"] == "fleiss_kappa"]
    assert len(kappas) == 9
    for row, one in zip(table(page, "table-agreement"), kappas, strict=False):
        value = "-" if one["value"] is None else f"{one['value']:.3f}"
        assert row[:4] == ["Fleiss' kappa", one["subset"], one["group"], value]


def table(page: Page, name: str) -> list[list[str]]:
    rows = page.locator(f"#{name} tbody tr").all()
    return [
        [re.sub(r"\s+", " ", cell).strip() for cell in row.locator("th, td").all_inner_texts()]
        for row in rows
    ]
