"""Whatever is sent to whichever address: no error of ours, no hang, no write without a right to it.

Addresses and what they take come from the application's own OpenAPI description, so new ones are tried too.
"""

import secrets

import pytest
import sqlalchemy as sa

from backend import accounts
from backend.app import create_app
from backend.database.tables import Presentation
from backend.roles import ROLES
from backend.studies import audit_log, editing, invitations
from backend.studies.invitations import admit
from tests.backend.calling import Caller
from tests.backend.conftest import ADMIN, PASSWORD, hidden, log_in
from tests.support import consent, everything

COLLEAGUE = "b@example.org"

# PostgreSQL is the stricter of the two: it refuses texts and numbers that SQLite swallows.
pytestmark = pytest.mark.parametrize("settings", ["postgresql"], indirect=True)


def image_keys(world, name):
    with world.database.read() as session:
        rater = admit(session, world.link[name])
        query = sa.select(Presentation.key).where(Presentation.rater_id == rater.id)
        return list(session.scalars(query.order_by(Presentation.position)))


@pytest.fixture
def caller(world):
    """Somebody who knows the study's numbers and the keys of a rater's images, but has no link."""
    known = {
        "study_id": [1],
        "mix": [1],
        "mix_id": [1],
        "position": list(range(1, 10)),
        "key": image_keys(world, "ED1"),
        "name": ["ED1", "ED2", "DLE1"],
        "group": ["ED", "DLE"],
        "answer": ["real", "fake"],
        "agree": ["1"],
        "submission": ["submission1", "submission2"],
        "confidence": [None, 1, 2, 3, 10**10],
        "response_ms": [-5, 0, 812.5, 1e12],
        "state": ["open", "closed"],
        # Her own account must stay, or who tries all addresses would soon be a stranger.
        "email": [COLLEAGUE, "new@example.org"],
        "role": list(ROLES),
    }
    app = create_app(world.settings)
    yield Caller(app, known=known)
    app.state.database.close()


def test_a_rater_cannot_make_the_server_fail(world, caller):
    with world.database.write() as session:
        editing.change_options(
            session,
            world.study.id,
            {"confidence_levels": 5, "questions": "years,field", "show_results": True},
        )
    consent(world, "ED1")
    before = everything(world)
    caller.call_all("/r/", fitting=7, unfitting=5, token=world.link["ED1"])
    assert {200, 303, 404, 409, 422} <= caller.statuses
    after = everything(world)
    changed = {name for name in before if before[name] != after[name]}
    assert "ratings" in changed  # or nothing was tried
    assert changed <= {"ratings", "viewings", "raters", "events", "consent_texts"}
    assert len(set(before["raters"]) - set(after["raters"])) <= 1  # of her own row alone


def test_who_was_invited_and_has_not_agreed_can_only_agree(world, caller):
    before = everything(world)
    caller.call_all("/r/", fitting=3, unfitting=2, without="/start", token=world.link["ED1"])
    assert everything(world) == before


def test_without_a_valid_link_nothing_is_written_and_nothing_told(world, caller):
    consent(world, "ED1")
    with world.database.write() as session:
        invitations.revoke(session, world.study.id, "ED1")
    before = everything(world)
    stored = before["invitations"][0].split("'")[1]
    for link in (secrets.token_urlsafe(24), world.link["ED1"], stored, "' OR 1=1 --\x00é"):
        caller.call_all("/r/", fitting=1, unfitting=1, token=link)
        assert caller.statuses <= {400, 404, 422}
        assert everything(world) == before


def test_who_is_not_logged_in_changes_nothing(world, caller):
    before = everything(world)
    caller.cookies = {"dermvtt_session": secrets.token_urlsafe(24)}
    caller.call_all("/admin", fitting=2, unfitting=1)
    assert caller.statuses <= {200, 303, 401, 404, 409, 422}
    assert everything(world) == before


def test_an_admin_cannot_make_the_server_fail(world, caller, admin):
    consent(world, "ED1")
    with world.database.write() as session:
        accounts.create_admin(session, COLLEAGUE, "reader")
    caller.cookies = dict(admin.cookies)
    csrf = hidden(admin.get("/admin").text, "csrf")
    caller.known["csrf"] = [csrf] * 2
    caller.call_all("/admin", fitting=5, unfitting=3, without="/live")  # a stream, which ends after minutes
    assert {200, 303, 404, 409, 422} <= caller.statuses
    assert log_in(admin, ADMIN, PASSWORD).status_code == 303
    with world.database.read() as session:
        assert audit_log.verify(session).broken is None


CHARSETS = ["unicode_escape", "utf-7", "utf-16", "idna", "punycode", "undefined", "no such", "UTF-8"]


def test_forms_in_strange_encodings_are_refused(admin):
    """Some of them make half a character of what follows, which no database stores and no page shows."""
    form = {
        "csrf": hidden(admin.get("/admin").text, "csrf"),
        "mix": "1",
        "title": r"\ud800 +2AA-",
        "groups": "ED",
    }
    name = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = "".join(name.format(*one) for one in form.items()) + "--x--\r\n"
    for charset in CHARSETS:
        kind = f'multipart/form-data; boundary=x; charset="{charset}"'
        reply = admin.post("/admin/studies", content=body, headers={"Content-Type": kind})
        assert reply.status_code == (303 if charset == "UTF-8" else 415), charset


HEADERS = [
    {"host": "["},
    {"host": "a@b:c/d?e"},
    {"accept-language": ",;q=nan,de;q=x," + "x" * 9000},
    {"accept-language": "de;q=" + "9" * 5000},
    {"cookie": "language=..; surround=;;===; dermvtt_session=" + "x" * 5000},
    {"cookie": '="; language="\\073'},
    {"content-length": "-1"},
    {"content-length": "9" * 5000},
    {"content-type": "multipart/form-data"},
    {"content-type": ";;;" * 1000},
    {"range": "bytes=9-1,-,0-"},
    {"if-modified-since": "Mon, 99 Foo 9999999999999"},
    {"accept": "application/json"},
]


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "NONSENSE"])
def test_no_header_and_no_method_makes_the_server_fail(world, browser, method):
    consent(world, "ED1")
    base = f"/r/{world.link['ED1']}"
    before = everything(world)
    for address in (
        f"{base}/review",
        f"{base}/answers",
        f"{base}/rate/1/",
        "/static/css/rate.css",
        "/%00%ff",
    ):
        for headers in HEADERS:
            reply = browser.request(method, address, headers=headers)
            assert reply.status_code < 500, (address, headers)
            assert reply.status_code != 405 or reply.headers["allow"]
    assert everything(world) == before
