"""The log of a real server: one form, one id a request, and nothing in it that opens a door."""

import json
import logging
from urllib.parse import urlencode

import pytest

from backend.observing.logs import formatter
from backend.observing.redaction import one_line, redact
from backend.tokens import new_token
from tests.backend.conftest import ADMIN, PASSWORD, add_admin, hidden
from tests.backend.operations.deployed import deployed
from tests.support import consent

FORM = {"Content_Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_the_log_of_a_real_server_holds_no_secret(world, tmp_path):
    consent(world)
    add_admin(world)
    link, unknown, first, join = world.link["ED1"], new_token(), new_token(), new_token()
    with deployed(world.settings, tmp_path / "log", DERMVTT_LOG_LEVEL="DEBUG") as server:
        page = server.get("/admin/login")
        holder = page.headers["set-cookie"].split(";")[0]
        form = {"email": ADMIN, "password": PASSWORD, "csrf": hidden(page.text, "csrf")}
        entered = server.ask("POST", "/admin/login", urlencode(form), Cookie=holder, **FORM)
        assert entered.status == 303
        session = entered.headers["set-cookie"].split(";")[0]
        for path in ("", "/rate/1", "/review", "/nowhere", "/../x"):
            server.get(f"/r/{link}{path}?token={link}")
        answer = urlencode({"submission": "submission-1", "answer": "real"})
        assert server.ask("POST", f"/r/{link}/rate/1", answer, **FORM).status == 303
        server.ask("POST", f"/r/{link}/answers", '{"answers": [{"id": 1}]}', Content_Type="application/json")
        for path in (f"/r/{unknown}", f"/r//./{unknown}", f"/join/{join}?x={join}", f"/admin/first/{first}"):
            server.get(path)
        server.get(f"/anything/{unknown}/else", Cookie=session)
        server.ask("POST", "/admin/login", "&" * 20_000, **FORM)  # a library would tell of each
        given = server.get(
            f"/admin/studies/{world.study.id}", Cookie=session, X_Request_ID="proxy-0123456789"
        )
        other = server.get("/admin", X_Request_ID="not\tfit")
    log = (tmp_path / "log").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    asked = [line for line in lines if line["logger"] == "dermvtt.requests"]
    assert len(asked) == 17
    assert len(log) < 20_000
    secrets = (link, unknown, first, join, ADMIN, PASSWORD, holder.split("=")[1], session.split("=")[1])
    assert [one for one in secrets if one in log] == []
    assert {line["path"] for line in asked} >= {"/r/…", "/r/…/rate/1", "/join/…", "/admin/first/…"}
    assert given.headers["x-request-id"] == "proxy-0123456789"
    assert [line["status"] for line in asked if line["request_id"] == "proxy-0123456789"] == [200]
    assert other.headers["x-request-id"] == asked[-1]["request_id"] != "not\tfit"
    assert all(line["ms"] > 0 and line["method"] in {"GET", "POST"} for line in asked)
    assert all({"timestamp", "level", "logger", "event"} <= line.keys() for line in lines)
    assert {line["logger"] for line in lines} >= {"uvicorn.error", "dermvtt.requests"}


def record(message, *values, error=None):
    made = logging.LogRecord("alembic", logging.ERROR, "x", 1, message, values, None)
    made.exc_info = (type(error), error, None) if error else None
    return made


@pytest.mark.parametrize("as_json", [True, False])
def test_what_libraries_say_is_redacted_too(as_json):
    token = new_token()
    line = formatter(as_json=as_json).format(
        record("no %s for %s", f"https://x/r/{token}", "rater@example.org", error=OSError(f"bad {token}"))
    )
    assert token not in line
    assert "rater@" not in line
    assert "OSError" in line


def test_every_token_is_found_and_plain_words_are_not():
    for _ in range(500):
        assert redact(new_token()) == "…"
    # Short or plain ones have no look of their own: the address says what they are.
    assert one_line("/r/short/rate/1") == "/r/…/rate/1"
    assert one_line("/admin/first/./abc") == "/admin/first/…"
    assert redact("postgresql://me:secret@host/name") == "postgresql://…@host/name"
    digest = "0123abcd" * 8
    assert (
        redact(f"the stored image {digest} has been altered") == "the stored image 0123abcd… has been altered"
    )
    for plain in ("wait_for_tasks_to_complete_or_be_cancelled", "/admin/studies/12/participants.csv", "a@b"):
        assert redact(plain) == plain
