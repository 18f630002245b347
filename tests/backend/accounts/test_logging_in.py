"""Logging in: guesses that must wait, second factors, sessions that end, the first account."""

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa

from backend import accounts
from backend.accounts import throttle
from backend.accounts.throttle import TooManyAttempts
from backend.database.sessions import Database
from backend.database.tables import AdminSession, FirstLink, LoginFailures
from backend.routes.admin.access import SESSION_COOKIE
from backend.studies.refusals import Conflict
from tests.backend.conftest import ADMIN, PASSWORD, add_admin, hidden, log_in

# What no database can change is asked on one of them.
on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


def shift(world, table, column, by):
    """Let a time that is stored lie earlier."""
    with world.database.write() as session:
        for row in session.scalars(sa.select(table)):
            setattr(row, column, getattr(row, column) - by)


@on_sqlite
def test_who_guesses_must_wait_and_others_need_not(world, browse):
    add_admin(world)
    guessing = browse()
    statuses = [log_in(guessing, ADMIN, "wrong").status_code for _ in range(throttle.FREE + 1)]
    assert statuses == [401] * throttle.FREE + [429]
    waiting = log_in(guessing, ADMIN, PASSWORD)  # even the right one, or guessing would go on
    assert waiting.status_code == 429
    assert 0 < int(waiting.headers["retry-after"]) <= throttle.FIRST_WAIT.total_seconds()
    assert "wait" in waiting.text
    for _ in range(throttle.FREE):  # it is the same for an address that nobody has
        log_in(browse(), "nobody@example.org", "wrong")
    assert log_in(browse(), "nobody@example.org", "wrong").status_code == 429
    shift(world, LoginFailures, "last_at", throttle.FIRST_WAIT)
    assert log_in(browse(), ADMIN, PASSWORD).status_code == 303


@on_sqlite
def test_a_stranger_cannot_keep_an_owner_out_of_her_own_browser(world, browse):
    add_admin(world)
    own = browse()
    assert log_in(own, ADMIN, PASSWORD).status_code == 303
    own.cookies.delete(SESSION_COOKIE)
    stranger = browse()
    for _ in range(throttle.FREE + 1):
        log_in(stranger, ADMIN, "wrong")
    assert log_in(stranger, ADMIN, PASSWORD).status_code == 429
    assert log_in(own, ADMIN, PASSWORD).status_code == 303
    # It helps with no other address, and a made-up one with none.
    for _ in range(throttle.FREE):
        log_in(own, "other@example.org", "wrong")
    assert log_in(own, "other@example.org", "wrong").status_code == 429
    stranger.cookies.set("dermvtt_known", f"me.{'0' * 64}", path="/admin")
    assert log_in(stranger, ADMIN, PASSWORD).status_code == 429
    # And it is no way to guess without end.
    statuses = [log_in(own, ADMIN, "wrong").status_code for _ in range(throttle.FREE + 1)]
    assert statuses[-1] == 429


def test_waits_grow_end_and_are_shared_by_all_servers(database, settings):
    other = Database(settings.database)
    guesser = throttle.stranger("x@example.org", "192.0.2.1")
    waits = []
    for number in range(14):
        for server in (database, other):
            try:
                throttle.begin_attempt(server, guesser)
            except TooManyAttempts as refusal:
                waits.append(refusal.seconds)
                with database.write() as session:
                    past = timedelta(seconds=refusal.seconds)
                    for one in session.scalars(sa.select(LoginFailures)):
                        one.last_at -= past
        if number == 2:
            assert not waits or waits[0] <= 30
    assert waits == sorted(waits)
    assert (waits[0], waits[1]) == (30, 60)
    assert waits[-1] == throttle.LONGEST_WAIT.total_seconds()  # never longer, whoever guesses
    with database.write() as session:
        for one in session.scalars(sa.select(LoginFailures)):
            one.last_at -= throttle.LONGEST_WAIT + throttle.FORGOTTEN_AFTER
    throttle.begin_attempt(other, guesser)  # and forgotten in the end
    throttle.begin_attempt(other, guesser)
    other.close()


@on_sqlite
def test_one_network_guesses_at_many_addresses_no_faster(database):
    for number in range(throttle.FREE_OF_A_CLIENT):
        throttle.begin_attempt(database, throttle.stranger(f"a{number}@example.org", f"2001:db8::{number:x}"))
    with pytest.raises(TooManyAttempts):
        throttle.begin_attempt(database, throttle.stranger("new@example.org", "2001:db8::ffff"))
    throttle.begin_attempt(database, throttle.stranger("new@example.org", "2001:db8:0:1::1"))


def enrol(admin, world):
    """Set a second factor up by the pages; its secret, a code that was taken, the recovery codes."""
    csrf = {"csrf": hidden(admin.get("/admin/account").text, "csrf")}
    admin.post("/admin/account/second-factor/begin", data=csrf)
    picture = admin.get("/admin/account/second-factor.svg")
    assert picture.headers["cache-control"].startswith("no-store")
    assert picture.content.startswith(b"<?xml")
    secret = re.search(r'<code class="wrap">([A-Z2-7]+)</code>', admin.get("/admin/account").text)[1]
    assert (
        admin.post("/admin/account/second-factor/confirm", data=csrf | {"code": "12345"}).status_code == 422
    )
    code = pyotp.TOTP(secret).now()
    page = admin.post("/admin/account/second-factor/confirm", data=csrf | {"code": code}).text
    return secret, code, re.findall(r"<li><code>([0-9a-f-]+)</code>", page)


def test_a_code_is_asked_for_and_taken_once(admin, world, browse):
    secret, code, recovery = enrol(admin, world)
    assert len(recovery) == 10
    with world.database.read() as session:  # stored so that a stolen database alone gives none of it away
        stored = repr(session.execute(sa.text("SELECT * FROM admins")).all())
        stored += repr(session.execute(sa.text("SELECT * FROM recovery_codes")).all())
    assert secret not in stored
    assert not any(one in stored for one in recovery)
    other = browse()
    assert log_in(other, ADMIN, PASSWORD).headers["location"] == "/admin/login/code"
    for page in ("", "/account", "/studies/1", "/accounts", "/password"):
        assert other.get(f"/admin{page}").headers["location"] == "/admin/login/code"
    form = {"csrf": hidden(other.get("/admin/login/code").text, "csrf")}
    assert other.post("/admin/login/code", data=form | {"code": code}).status_code == 401  # a replay
    reply = other.post("/admin/login/code", data=form | {"code": recovery[0].upper()})
    assert reply.headers["location"] == "/admin"
    assert other.get("/admin").status_code == 200
    third = browse()
    log_in(third, ADMIN, PASSWORD)
    form = {"csrf": hidden(third.get("/admin/login/code").text, "csrf")}
    assert third.post("/admin/login/code", data=form | {"code": recovery[0]}).status_code == 401
    # Who has the password cannot guess at codes without end.
    statuses = [third.post("/admin/login/code", data=form | {"code": "000000"}).status_code for _ in range(5)]
    assert statuses[-1] == 429


@on_sqlite
def test_a_second_factor_is_turned_off_by_a_code_or_by_an_owner(admin, world, browse):
    _, _, recovery = enrol(admin, world)
    csrf = {"csrf": hidden(admin.get("/admin/account").text, "csrf")}
    assert admin.post("/admin/account/second-factor/stop", data=csrf | {"code": "000000"}).status_code == 422
    assert (
        admin.post("/admin/account/second-factor/stop", data=csrf | {"code": recovery[1]}).status_code == 303
    )
    assert log_in(browse(), ADMIN, PASSWORD).headers["location"] == "/admin"
    enrol(admin, world)
    with world.database.write() as session:
        accounts.reset_second_factor(session, ADMIN)
    assert admin.get("/admin").headers["location"] == "/admin/login"
    assert log_in(admin, ADMIN, PASSWORD).headers["location"] == "/admin"


@on_sqlite
def test_sessions_end_by_time_by_rest_and_by_hand(admin, world, browse):
    hours = timedelta(hours=world.settings.session_hours)
    idle = timedelta(minutes=world.settings.session_idle_minutes)
    shift(world, AdminSession, "expires_at", hours)
    assert admin.get("/admin").headers["location"] == "/admin/login"
    log_in(admin, ADMIN, PASSWORD)
    shift(world, AdminSession, "seen_at", idle - timedelta(minutes=1))
    assert admin.get("/admin").status_code == 200  # which counts as a sign of life
    shift(world, AdminSession, "seen_at", idle - timedelta(minutes=1))
    assert admin.get("/admin").status_code == 200
    shift(world, AdminSession, "seen_at", idle + timedelta(minutes=1))
    assert admin.get("/admin").headers["location"] == "/admin/login"
    log_in(admin, ADMIN, PASSWORD)
    second, third = browse(), browse()
    for one in (second, third):
        log_in(one, ADMIN, PASSWORD)
    page = admin.get("/admin/account").text
    form = {"csrf": hidden(page, "csrf")}
    ends = re.findall(r'name="session_id" value="([0-9a-f]+)"', page)
    assert len(ends) == 2  # what has ended is not shown
    admin.post("/admin/account/sessions/end", data=form | {"session_id": ends[0]})
    assert {second.get("/admin").status_code, third.get("/admin").status_code} == {200, 303}
    admin.post("/admin/account/sessions/end-others", data=form)
    assert {second.get("/admin").status_code, third.get("/admin").status_code} == {303}
    assert admin.get("/admin").status_code == 200


@on_sqlite
def test_nobody_ends_the_session_of_another(admin, world, browse):
    with world.database.write() as session:
        accounts.create_admin(session, "b@example.org", "editor")
    with world.database.read() as session:
        own = session.scalar(sa.select(AdminSession.token_hash))
    with world.database.write() as session:
        accounts.end_session(session, own, by="b@example.org")
    assert admin.get("/admin").status_code == 200


def test_the_first_link_works_once(browse, world):
    with world.database.write() as session:
        paths = [f"/admin/first/{accounts.first_link(session)}" for _ in range(2)]  # of two servers
    browser = browse()
    form = {"csrf": hidden(browser.get(paths[0]).text, "csrf"), "email": "first@example.org"}
    form |= {"password": PASSWORD, "again": PASSWORD}
    assert browser.post(paths[0], data=form | {"again": "x"}).status_code == 422
    assert browser.post(paths[0], data=form | {"password": "short", "again": "short"}).status_code == 422
    assert browser.post(paths[0], data=form).headers["location"] == "/admin"
    assert browser.get("/admin/accounts").status_code == 200
    for path in paths:
        assert browser.get(path).status_code == 404
        assert browser.post(path, data=form).status_code in (404, 409)
    with world.database.write() as session:
        assert accounts.first_link(session) == ""
        assert [one.email for one in accounts.everyone(session)] == ["first@example.org"]


@on_sqlite
def test_the_first_link_ends_after_a_day_and_with_any_admin(browser, world):
    with world.database.write() as session:
        path = f"/admin/first/{accounts.first_link(session)}"
        session.execute(sa.update(FirstLink).values(expires_at=datetime.now(UTC)))
    assert browser.get(path).status_code == 404
    with world.database.write() as session:
        path = f"/admin/first/{accounts.first_link(session)}"
        accounts.create_admin(session, "a@example.org")
    assert browser.get(path).status_code == 404


@on_sqlite
def test_who_gave_no_password_is_asked_for_no_code(database):
    with pytest.raises(Conflict, match="log in again"):
        accounts.give_code(database, b"secret", "none", "123456", 1)
