"""The whole application behind a reverse proxy, below a path of its host: nothing leads out of it."""

import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import expect

from backend.database.sessions import Database
from backend.settings import Settings
from backend.storage import ImageStore
from backend.studies.mixes import import_mix
from tests.backend.conftest import ADMIN, PASSWORD, add_admin
from tests.backend.operations.test_metrics import free_port
from tests.browser.rating_page import answerable, at, overview_ready, rate, saved, watched
from tests.browser.serving import launch
from tests.support import World

ROOT = "/apps/dermvtt"
PROXY = Path(__file__).with_name("below_path.py")
# The results take seconds to compute: tests/backend/test_admin_pages.py looks at the addresses of their page.
NO_PAGE = r"/static/|/results$|\.\w+$|^data:"
ADDRESS = re.compile(r'\s(href|src|action|formaction|data-stream|data-path)="([^"#][^"]*)"')


@pytest.fixture
def site(tmp_path, blank_sqlite, make_mix):
    """The address of the application below a path, behind a proxy that strips it."""
    file = tmp_path / "studies.sqlite"
    shutil.copy(blank_sqlite, file)
    settings = Settings(data_dir=tmp_path / "data", database_url=f"sqlite:///{file}")
    database = Database(settings.database)
    import_mix(database, ImageStore(settings.images_dir), make_mix(4, 4), "a mix")
    add_admin(World(settings, database, None, None))
    command = [sys.executable, str(PROXY), ROOT, "strip"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as proxy:
        origin, port = f"http://127.0.0.1:{proxy.stdout.readline().strip()}", free_port()
        print(port, file=proxy.stdin, flush=True)
        more = {"DERMVTT_ROOT_PATH": ROOT, "DERMVTT_PUBLIC_URL": origin}
        server, address = launch(settings, tmp_path / "log", port, **more)
        assert address == f"{origin}{ROOT}"
        yield address
        server.terminate()
        server.wait(timeout=20)
        proxy.terminate()
    database.close()


def log_in(page, site):
    page.goto(f"{site}/admin")
    page.get_by_label("E-mail").fill(ADMIN)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{site}/admin")


def make_study(page, site):
    """Make and open a study, and invite a rater: her link, and the study's address."""
    page.get_by_role("link", name="New study").click()
    page.get_by_label("Title, as raters see it").fill("Below a path")
    page.get_by_role("button", name="Make the study").click()
    study = page.url
    assert study.startswith(f"{site}/admin/studies/")
    page.get_by_role("button", name="Open the study").click()
    expect(page.locator(".tag.open")).to_be_visible()
    page.get_by_role("link", name="Raters", exact=True).click()
    page.get_by_role("button", name="Invite").first.click()
    link = page.locator(".links code").first.inner_text()
    assert link.startswith(f"{site}/r/")
    return study, link


def crawl(page, start):
    """All addresses that pages lead to from here, as they say them: of links, forms, images, streams."""
    found, waiting = {urlsplit(start).path}, [start]
    while waiting:
        reply = page.request.get(waiting.pop())
        assert reply.ok, reply.url
        if not reply.headers["content-type"].startswith("text/html"):
            continue
        for kind, text in ADDRESS.findall(reply.text()):
            address = unescape(text)
            if address not in found and kind == "href" and not re.search(NO_PAGE, address):
                waiting.append(urljoin(reply.url, address))
            found.add(address)
    return {one for one in found if not one.startswith("data:")}


def test_nothing_leads_out_of_the_path(chromium, site):
    asked = []
    with watched(chromium, accept_downloads=True) as page, watched(chromium) as rater:
        for one in (page, rater):
            one.on("request", lambda request: asked.append(request.url))
        log_in(page, site)
        study, link = make_study(page, site)
        page.goto(study)
        expect(page.locator("#line")).to_have_text("Live")
        rater.goto(link)
        rater.get_by_role("checkbox").check()
        rater.get_by_role("button", name="Begin").click()
        at(rater, 1)
        rater.locator("#menu > summary").click()
        rater.get_by_role("button", name="Light surround").click()
        rate(rater, "rfrf")
        answerable(rater, 5)
        saved(rater)
        expect(page.locator("#board")).to_contain_text("4 of 8")  # through the proxy, as it happens
        cookies = {one["name"]: one["path"] for one in rater.context.cookies()}
        assert cookies == {"surround": f"{ROOT}/r/"}
        addresses = crawl(rater, link)
        rater.locator("#overview").click()
        overview_ready(rater)
        rater.get_by_role("checkbox").check()
        rater.get_by_role("button", name="Submit my answers").click()
        expect(rater).to_have_url(f"{link}/done")
        page.get_by_role("link", name="Preview as a rater").click()
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Begin").click()
        rate(page, "rf")
        answerable(page, 3)
        saved(page)
        page.goto(f"{study}/exports")
        with page.expect_download() as download:
            page.get_by_role("link", name="Ratings as CSV").click()
        assert download.value.path().read_text().count("real") > 4
        addresses |= crawl(page, f"{site}/admin")
        paths = {one["name"]: one["path"] for one in page.context.cookies()}
        assert paths["dermvtt_session"] == f"{ROOT}/admin"
        assert paths["preview"].startswith(f"{ROOT}/admin/studies/")
        page.get_by_role("button", name="Log out").click()
        expect(page).to_have_url(f"{site}/admin/login")
    assert len(addresses) > 80
    assert [one for one in addresses if not one.startswith(f"{ROOT}/")] == []
    outside = [one for one in asked if not urlsplit(one).path.startswith(f"{ROOT}/")]
    assert outside == [] or {urlsplit(one).scheme for one in outside} <= {"data", "blob"}
