"""Below a path of a host that others share; in a browser: ``tests/browser/test_below_path.py``."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import webapp
from backend.app import connect
from backend.routes.pages import ADDRESS
from backend.settings import load_settings
from tests.backend.conftest import ADMIN, PASSWORD, add_admin, hidden
from training.errors import UserError

ROOT = "/dermvtt"
on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


@pytest.fixture
def below(world, application):
    """A browser whose requests arrive with the path in front, as from a proxy that keeps it."""
    public = {"public_url": "http://testserver", "root_path": ROOT}
    connect(application, world.settings.model_copy(update=public))
    with TestClient(application, follow_redirects=False) as client:
        yield client
    application.state.pages.root_path = ""


@on_sqlite
@pytest.mark.parametrize("prefix", [ROOT, ""], ids=["kept", "stripped"])
def test_what_goes_out_is_below_the_path_whether_the_proxy_strips_it_or_not(world, below, prefix):
    add_admin(world)
    reply = below.get(f"{prefix}/admin")
    assert reply.headers["location"] == f"{ROOT}/admin/login"
    page = below.get(f"{prefix}/admin/login")
    assert f"; Path={ROOT}/admin;" in page.headers["set-cookie"]
    assert f'action="{ROOT}/admin/login"' in page.text
    assert f'href="{ROOT}/static/' in page.text
    form = {"email": ADMIN, "password": PASSWORD, "csrf": hidden(page.text, "csrf")}
    # The client keeps to the paths of its cookies, and cannot be behind a proxy that strips them.
    headers = {"cookie": f"dermvtt_form={below.cookies['dermvtt_form']}"}
    below.cookies.clear()
    reply = below.post(f"{prefix}/admin/login", data=form, headers=headers)
    assert reply.headers["location"] == f"{ROOT}/admin"
    assert all(f"; Path={ROOT}/admin;" in one for one in reply.headers.get_list("set-cookie"))
    rater = f"/r/{world.link['ED1']}"
    reply = below.post(f"{prefix}{rater}/start", data={"agree": "1"})
    assert reply.headers["location"] == f"{ROOT}{rater}"
    page = below.get(f"{prefix}{rater}/rate/1").text
    assert f'"base": "{ROOT}{rater}"' in page
    assert f'data-path="{ROOT}/r/"' in page
    reply = below.get(f"{prefix}{rater}/review/")  # the framework's own redirect names the host
    assert reply.headers["location"] == f"{ROOT}{rater}/review"
    lost = below.get(f"{prefix}{rater}/nowhere")
    assert lost.status_code == 404
    assert f'href="{ROOT}{rater}"' in lost.text
    for path in ("/healthz", "/readyz"):
        assert below.get(f"{prefix}{path}").status_code == 200


@on_sqlite
def test_texts_are_not_taken_for_addresses_and_other_hosts_stay(world, below):
    with world.database.write() as session:
        session.merge(world.study).title = ' href="/x" <a href="/y">'
    page = below.get(f"/r/{world.link['ED1']}").text
    assert "href=&#34;/x&#34;" in page
    assert f'="{ROOT}/x' not in page
    assert f'="{ROOT}/y' not in page
    assert below.get("/admin", headers={"host": "else.where"}).status_code == 421
    assert below.get(f"{ROOT}x/admin").status_code == 404


def test_links_that_are_given_out_are_below_the_path(monkeypatch):
    monkeypatch.setenv("DERMVTT_PUBLIC_URL", "https://host.example")
    for given in ("/dermvtt", "dermvtt", "/dermvtt/"):
        assert load_settings(root_path=given).base_url == "https://host.example/dermvtt"
    monkeypatch.setenv("DERMVTT_ROOT_PATH", "/two/levels")
    assert load_settings().base_url == "https://host.example/two/levels"
    assert load_settings(root_path="/").base_url == "https://host.example"


@pytest.mark.parametrize(
    "path", ["/admin", "/r/x", "/static", "/a//b", "/a/../b", "/a b", '/a"b', "/a;b", "/ä"]
)
def test_a_path_that_cannot_be_is_said(monkeypatch, path):
    monkeypatch.setenv("DERMVTT_ROOT_PATH", path)
    with pytest.raises(UserError, match="DERMVTT_ROOT_PATH must be a path"):
        load_settings()


def test_an_address_with_a_path_says_where_the_path_belongs(monkeypatch):
    monkeypatch.setenv("DERMVTT_PUBLIC_URL", "https://host.example/dermvtt")
    with pytest.raises(UserError, match="DERMVTT_ROOT_PATH"):
        load_settings()


def test_no_template_and_no_script_has_an_address_that_gets_no_path():
    folder = Path(webapp.__file__).parent
    found = 0
    for template in folder.rglob("*.html"):
        for attribute in re.findall(r"\s[\w-]+=\"(?=/|\{\{ ?(?:base|here)\b)", template.read_text()):
            assert ADDRESS.match(f"{attribute}/x"), (template, attribute)
            found += 1
    assert found > 90
    for script in folder.rglob("*.js"):
        assert not re.search(r"[\"'`]/[a-z$]|path=/", script.read_text()), script
