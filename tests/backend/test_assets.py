"""Styles and scripts: kept for good under their version, compressed; pictures never are."""

import re

import pytest

from tests.support import consent

GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture
def addresses(browser, world):
    """Every style and script that the rating page names."""
    consent(world)
    page = browser.get(f"/r/{world.link['ED1']}/rate/1").text
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', page)


def test_what_a_page_names_is_there_and_kept_for_good(browser, addresses):
    assert any(address.endswith("/js/rate.js") for address in addresses)
    for address in addresses:
        reply = browser.get(address)
        assert reply.status_code == 200, address
        assert "immutable" in reply.headers["cache-control"]


def test_scripts_import_each_other_under_the_same_version(browser, addresses):
    waiting, seen = [one for one in addresses if one.endswith(".js")], set()
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        folder = address.rsplit("/", 1)[0]
        reply = browser.get(address)
        assert reply.status_code == 200, address
        imported = re.findall(r'from "\./([\w-]+\.js)"', reply.text)
        waiting += [f"{folder}/{name}" for name in imported]
        assert reply.text.count("import") == 0 or "from '" not in reply.text
    preloaded = {one for one in addresses if one.endswith(".js")}
    assert seen == preloaded  # none is found late, and none is fetched in vain


def test_a_page_of_the_version_before_is_still_served_but_not_kept(browser, addresses):
    version = addresses[0].split("/")[2]
    for address in addresses:
        reply = browser.get(address.replace(version, "000000000000"))
        assert reply.status_code == 200
        assert reply.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/", "/x", "/x/", "/x/nothing.css", "/x/../../app.py", "//etc/passwd", "/x/js"]
)
def test_what_is_not_there_is_not_found(browser, path):
    assert browser.get(f"/static{path}").status_code in {404, 405}


def test_files_are_what_they_say_and_carry_little_else(browser, addresses):
    for address in addresses:
        reply = browser.get(address)
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert sum(len(name) + len(value) + 4 for name, value in reply.headers.items()) < 400


def test_an_admins_pages_are_not_compressed(admin):
    """They hold a secret beside text that others wrote: its length must not depend on both."""
    page = admin.get("/admin", headers=GZIP)
    assert page.status_code == 200
    assert len(page.content) > 1000
    assert "content-encoding" not in page.headers


def test_texts_are_compressed_and_pictures_are_not(browser, world, addresses):
    for address in addresses:
        reply = browser.get(address, headers=GZIP)
        assert len(reply.content) < 1000 or reply.headers["content-encoding"] == "gzip"
    base = f"/r/{world.link['ED1']}"
    page = browser.get(f"{base}/rate/1", headers=GZIP)
    assert page.headers["content-encoding"] == "gzip"
    for picture in set(re.findall(rf'src="({base}/images/[^"]+)"', page.text)):
        reply = browser.get(picture, headers=GZIP)
        assert "content-encoding" not in reply.headers
        assert "vary" not in reply.headers
