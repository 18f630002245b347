"""Roles: enforced by the routes, whatever the pages show."""

from datetime import UTC, datetime
from threading import Thread

import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute

from backend import accounts
from backend.database import admins
from backend.database.sessions import Database
from backend.database.tables import Admin
from backend.routes import admin as admin_routes
from backend.studies.refusals import Conflict
from tests.backend.conftest import ADMIN, PASSWORD, PASSWORD_HASH, hidden, log_in

STUDY = "/admin/studies/{study_id}"
PREVIEWED = f"POST {STUDY}/preview/{{seed}}/{{page:path}}"
"""A rater's form in a preview: it needs no token, as it changes a cookie of the same browser alone."""
LEAST = {
    **dict.fromkeys(
        [
            *("GET /admin/login", "POST /admin/login", "GET /admin/login/code", "POST /admin/login/code"),
            *("GET /admin/first/{token}", "POST /admin/first/{token}"),
        ],
        "stranger",
    ),
    **dict.fromkeys(["POST /admin/logout", "GET /admin/password", "POST /admin/password"], "newcomer"),
    **dict.fromkeys(
        [
            *("GET /admin", "GET /admin/mixes", "GET /admin/mixes/{mix_id}"),
            "GET /admin/mixes/{mix_id}/images/{public_id}.png",
            *(f"GET {STUDY}", f"GET {STUDY}/live", f"GET {STUDY}/raters", f"GET {STUDY}/settings"),
            *(f"GET {STUDY}/results", f"GET {STUDY}/results.json", f"GET {STUDY}/results/{{name}}.csv"),
            *(f"GET {STUDY}/results/{{name}}.tex", f"GET {STUDY}/figures/{{name}}.{{kind}}"),
            *(f"GET {STUDY}/report.html", f"GET {STUDY}/report.zip"),
            *(f"GET {STUDY}/exports", f"GET {STUDY}/exports/codebook.md", f"GET {STUDY}/exports/bundle.zip"),
            f"GET {STUDY}/exports/{{name}}.{{kind}}",
            *(f"GET {STUDY}/preview", f"GET {STUDY}/preview/{{seed}}"),
            *(f"GET {STUDY}/preview/{{seed}}/{{page:path}}", PREVIEWED),
            *("GET /admin/account", "GET /admin/account/second-factor.svg"),
            *("POST /admin/account/sessions/end", "POST /admin/account/sessions/end-others"),
            *(f"POST /admin/account/second-factor/{one}" for one in ("begin", "confirm", "stop")),
        ],
        "reader",
    ),
    **dict.fromkeys(
        [
            *("GET /admin/studies/new", "POST /admin/studies", f"POST {STUDY}/state"),
            *(f"POST {STUDY}/duplicate", f"POST {STUDY}/settings"),
            *(f"POST {STUDY}/settings/preview", f"POST {STUDY}/mixes"),
            *(f"POST {STUDY}/raters", f"POST {STUDY}/raters/list", f"POST {STUDY}/raters/mail"),
            *(f"POST {STUDY}/raters/{{name}}/{one}" for one in ("link", "revoke", "reopen")),
            *(f"GET {STUDY}/raters/{{name}}/privacy", f"POST {STUDY}/raters/{{name}}/privacy"),
            *(f"POST {STUDY}/raters/enrolment", "POST /admin/mixes/upload", "POST /admin/mixes/build"),
            *("GET /admin/bundles", "POST /admin/bundles/import"),
            *("POST /admin/mixes/{mix_id}/audit", "POST /admin/mixes/{mix_id}/delete"),
        ],
        "editor",
    ),
    **dict.fromkeys(
        [
            *("GET /admin/log", "GET /admin/log.{form}", "GET /admin/accounts", "POST /admin/accounts"),
            "POST /admin/accounts/{what}",
        ],
        "owner",
    ),
}
"""Who may use each route at least. A route of the admin's area that is not here fails the test below."""
on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
ORDER = ("stranger", "newcomer", "reader", "editor", "owner")
THERE = {"study_id": 1, "mix_id": 1, "name": "ED1", "kind": "csv", "form": "csv", "token": "none"}
THERE |= {"public_id": "0" * 32, "what": "role", "seed": "0" * 16, "page:path": "rate/1"}


def routes():
    """Each route of the admin's area with its method, but HEAD."""
    return {
        f"{method} {route.path}"
        for part in admin_routes.PARTS
        for route in part.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods - {"HEAD"}
    }


def ask(client, route, csrf):
    """Use a route with a form that this server gave, and nothing in it."""
    method, path = route.split()
    for name, value in THERE.items():
        path = path.replace(f"{{{name}}}", str(value))
    if method == "GET":
        return client.get(path)
    kind = {"files": {"mix": ("x.zip", b"no zip")}} if path.startswith("/admin/mixes/") else {}
    return client.post(path, data={"csrf": csrf}, **kind)


def become(world, **values):
    with world.database.write() as session:
        for name, value in values.items():
            setattr(admins.find(session, ADMIN), name, value)


def test_the_table_above_names_every_route():
    assert routes() == set(LEAST)


@on_sqlite
def test_no_lesser_role_may_use_a_route(admin, world, browse):
    stranger, csrf = browse(), hidden(admin.get("/admin").text, "csrf")
    refused = dict.fromkeys(ORDER, 0)
    for route, least in LEAST.items():
        for role in ORDER[: ORDER.index(least)]:
            # The owner's role must not help who has yet to replace a one-time password.
            become(world, role="owner" if role == "newcomer" else role if role in ORDER[2:] else "reader")
            become(world, password_is_one_time=role == "newcomer")
            reply = ask(stranger if role == "stranger" else admin, route, csrf)
            told = reply.status_code, reply.headers.get("location")
            expected = {"stranger": (303, "/admin/login"), "newcomer": (303, "/admin/password")}
            assert told == expected.get(role, (403, None)), (route, role)
            refused[role] += 1
    assert min(refused[role] for role in ORDER[:-1]) >= 5
    become(world, role="owner", password_is_one_time=False)
    assert admin.get("/admin").status_code == 200  # none of it ended the session, or changed anything
    assert 'class="tag open"' in admin.get("/admin/studies/1").text


@on_sqlite
@pytest.mark.parametrize("role", ORDER[2:])
def test_each_role_may_use_what_it_should(admin, world, role):
    become(world, role=role)
    csrf = hidden(admin.get("/admin").text, "csrf")
    used = [one for one, least in LEAST.items() if least == role and "/live" not in one and "end" not in one]
    assert len(used) >= 5
    for route in used:
        assert ask(admin, route, csrf).status_code not in (401, 403, 500), route


@on_sqlite
def test_a_form_of_another_site_is_refused(admin, world):
    """Of each route that takes a form: without this server's token nothing happens."""
    forms = [route for route in LEAST if route.startswith("POST ") and route != PREVIEWED]
    for route in forms:
        assert ask(admin, route, "0" * 64).status_code == 409, route
    assert len(forms) > 25


@on_sqlite
def test_pages_show_a_reader_no_form_that_she_may_not_send(admin, world):
    become(world, role="reader")
    for path in ("", "/studies/1", "/studies/1/raters", "/studies/1/settings", "/mixes", "/mixes/1"):
        page = admin.get(f"/admin{path}")
        assert page.status_code == 200
        assert "<button" in page.text  # to log out
        assert page.text.count('<button class="primary"') == 0, path
        assert "/admin/accounts" not in page.text
        assert "/admin/log" not in page.text.replace("/admin/logout", "")


@on_sqlite
def test_an_owner_manages_accounts(admin, world, browse):
    csrf = hidden(admin.get("/admin/accounts").text, "csrf")
    form = {"csrf": csrf, "email": "B@example.org", "role": "reader"}
    page = admin.post("/admin/accounts", data=form)
    password = page.text.split("<dd><code>")[1].split("<")[0]
    other = browse()
    assert log_in(other, "b@example.org", password).headers["location"] == "/admin/password"
    assert admin.post("/admin/accounts/deactivate", data=form).status_code == 303
    assert other.get("/admin").headers["location"] == "/admin/login"
    assert log_in(other, "b@example.org", password).status_code == 401
    assert "deactivated" in admin.get("/admin/accounts").text
    assert admin.post("/admin/accounts/activate", data=form).status_code == 303
    assert log_in(other, "b@example.org", password).status_code == 303
    assert admin.post("/admin/accounts/sessions", data=form).status_code == 303
    assert other.get("/admin").headers["location"] == "/admin/login"
    fresh = admin.post("/admin/accounts/password", data=form).text
    assert log_in(other, "b@example.org", password).status_code == 401
    assert log_in(other, "b@example.org", fresh.split("<dd><code>")[1].split("<")[0]).status_code == 303
    assert admin.post("/admin/accounts/role", data=form | {"role": "king"}).status_code == 422
    assert admin.post("/admin/accounts/remove", data=form).status_code == 303
    assert "b@example.org" not in admin.get("/admin/accounts").text


@on_sqlite
@pytest.mark.parametrize("what", ["password", "second-factor", "role", "sessions", "remove", "deactivate"])
def test_who_finds_a_browser_open_gets_no_way_in_of_her_own(admin, world, browse, what):
    with world.database.write() as session:
        accounts.create_admin(session, "b@example.org")
    page = admin.get("/admin/accounts").text
    form = {"csrf": hidden(page, "csrf"), "email": f" {ADMIN.upper()} ", "role": "reader"}
    assert f'name="email" value="{ADMIN}"' not in page
    refused = admin.post(f"/admin/accounts/{what}", data=form)
    assert refused.status_code == 422
    assert "own account" in refused.text
    assert log_in(browse(), ADMIN, PASSWORD).headers["location"] == "/admin"


@on_sqlite
@pytest.mark.parametrize("change", [accounts.remove, accounts.deactivate, accounts.set_role])
def test_the_last_owner_stays(admin, world, change):
    more = ("editor",) if change is accounts.set_role else ()
    with world.database.write() as session, pytest.raises(Conflict, match="last owner"):
        change(session, ADMIN, *more)
    now = datetime.now(UTC)
    other = {"password_hash": PASSWORD_HASH, "password_is_one_time": False, "created_at": now}
    with world.database.write() as session:
        session.add(Admin(email="away@example.org", role="owner", deactivated_at=now, **other))
    with world.database.write() as session, pytest.raises(Conflict, match="last owner"):
        change(session, ADMIN, *more)  # one who cannot log in is no owner to speak of
    with world.database.write() as session:
        accounts.activate(session, "away@example.org")
    with world.database.write() as session, pytest.raises(Conflict, match="your own account"):
        change(session, ADMIN, *more, by=ADMIN)
    with world.database.write() as session:
        change(session, ADMIN, *more)
    assert admin.get("/admin/log").status_code in (303, 403)
    assert log_in(admin, ADMIN, PASSWORD).status_code == (303 if change is accounts.set_role else 401)


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_of_two_owners_who_demote_each_other_one_stays(admin, world, settings):
    with world.database.write() as session:
        accounts.create_admin(session, "b@example.org")
    other, refused = Database(settings.database), []

    def demote():
        try:
            with other.write() as session:
                accounts.set_role(session, ADMIN, "reader", by="b@example.org")
        except Conflict as problem:
            refused.append(str(problem))

    with world.database.write() as session:
        accounts.set_role(session, "b@example.org", "reader", by=ADMIN)
        session.flush()
        thread = Thread(target=demote)
        thread.start()
        while not session.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert thread.is_alive()
    thread.join(timeout=20)
    other.close()
    assert ["last owner" in one for one in refused] == [True]
    assert admin.get("/admin/accounts").status_code == 200
