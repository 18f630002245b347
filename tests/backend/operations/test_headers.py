"""How a browser is told to confine our pages, on every page there is."""

import re

import pytest
from fastapi.testclient import TestClient

from backend.app import connect
from tests.backend.conftest import ADMIN, PASSWORD, add_admin, hidden, log_in
from tests.support import consent

sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
LINKS = re.compile(r'(?:href|src|action)="(/[^"#]*)')
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>|<style|\son[a-z]+=|\sstyle=|javascript:",
    re.I,
)
PUBLIC = "https://study.example.org"


@pytest.fixture
def pages(world, application):
    """Every page and file behind TLS that can be reached from the first ones, as an admin and as a rater."""
    consent(world)
    add_admin(world)
    connect(application, world.settings.model_copy(update={"public_url": PUBLIC}))
    with TestClient(application, base_url=PUBLIC, follow_redirects=False) as client:
        entered = log_in(client, ADMIN, PASSWORD)
        found, waiting = {"(log-in)": entered}, ["/admin", "/nowhere", f"/r/{world.link['ED1']}"]
        waiting += [f"{waiting[2]}/rate/1", f"{waiting[2]}/review", "/healthz", "/admin/password"]
        while waiting:
            address = waiting.pop()
            if address in found or address.endswith("/live"):
                continue
            reply = found[address] = client.get(address)
            if reply.headers.get("content-type", "").startswith("text/html"):
                waiting += LINKS.findall(reply.text)
        yield found


@sqlite
def test_every_page_is_confined(pages):
    assert len(pages) > 25
    kinds = set()
    for address, reply in pages.items():
        headers = reply.headers
        assert headers["x-content-type-options"] == "nosniff", address
        assert headers["strict-transport-security"] == "max-age=31536000", address
        if address.startswith(("/static/", "(")):
            continue
        kinds.add(address.split("/")[1])
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; "), address
        assert "unsafe" not in policy, address
        assert "frame-ancestors 'none'" in policy, address
        assert headers["referrer-policy"] == "same-origin", address
        assert headers["cross-origin-opener-policy"] == "same-origin", address
        assert headers["cross-origin-resource-policy"] == "same-origin", address
        assert "camera=()" in headers["permissions-policy"], address
        picture = headers.get("content-type") == "image/png"
        assert headers["cache-control"] == "no-store" or (picture and "private" in headers["cache-control"])
        if headers.get("content-type", "").startswith("text/html"):
            assert INLINE.findall(reply.text) == [], address
    assert kinds >= {"admin", "r", "healthz"}


def test_the_search_for_inline_code_finds_it():
    for bad in ("<script>", "<style>", '<p onclick="x">', '<p style="x">', '<a href="javascript:x">'):
        assert INLINE.search(bad)


@sqlite
def test_cookies_are_confined_to_tls_and_our_site(pages, world):
    (cookie,) = (one for one in pages["(log-in)"].headers.get_list("set-cookie") if "dermvtt_session=" in one)
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/admin"} <= set(cookie.split("; "))


@sqlite
def test_behind_tls_admins_cookies_have_names_that_only_https_can_set(world, application):
    add_admin(world)
    connect(application, world.settings.model_copy(update={"public_url": PUBLIC}))
    with TestClient(application, base_url=PUBLIC, follow_redirects=False) as client:
        log_in(client, ADMIN, PASSWORD)
        assert {"__Secure-dermvtt_session", "__Secure-dermvtt_known"} <= set(client.cookies)
        held = client.cookies["__Secure-dermvtt_session"]
        page = client.get("/admin")
        assert page.status_code == 200
        client.cookies.clear()
        # What somebody on the line planted by HTTP, beside what else a browser sends.
        for name, status in (("dermvtt_session", 303), ("__Secure-dermvtt_session", 200)):
            planted = {"cookie": f"surround=light; {name}={held}; language=de"}
            assert client.get("/admin", headers=planted).status_code == status
        own = {"cookie": f"__Secure-dermvtt_session={held}"}
        out = client.post("/admin/logout", data={"csrf": hidden(page.text, "csrf")}, headers=own)
        (taken_back,) = out.headers.get_list("set-cookie")
        assert taken_back.startswith('__Secure-dermvtt_session=""; ')
        assert "; secure" in taken_back.lower()


@sqlite
def test_without_tls_a_browser_is_not_told_to_insist_on_it(browser):
    assert "strict-transport-security" not in browser.get("/healthz").headers
