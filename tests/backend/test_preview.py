"""Going through a study as a rater, of which nothing remains."""

import re

import pytest
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.observing.metrics import ANSWERS
from backend.storage import ImageStore
from backend.studies import editing, enrolment, lifecycle
from backend.studies.mixes import import_mix
from backend.studies.options import StudyTexts
from backend.studies.preview import Progress, unpacked
from tests.backend.conftest import hidden
from tests.support import consent, everything

STUDY = "/admin/studies/1"
OF_LOG_INS = {"admin_sessions"}  # when an admin was last here
OPTIONS = {"confidence_levels": 5, "questions": "years,field", "ask_group": False}
KEYS = re.compile(r'"key": ?"([0-9a-f]{32})"')
on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


@pytest.fixture
def furnished(world, make_mix):
    """A study with practice, questions, texts in two languages, a link for all, and a rater who began."""
    practice = import_mix(world.database, ImageStore(world.settings.images_dir), make_mix(2, 2, seed=9)).mix
    with world.database.write() as session:
        lifecycle.get_study(session, 1).practice_mix_id = practice.id
        editing.change_options(session, 1, OPTIONS)
        for code, title in (("en", "In English"), ("de", "Auf Deutsch")):
            editing.change_texts(session, 1, code, StudyTexts(title=title))
        enrolment.set_up(session, 1, enrolment.Terms(cap=5, group="ED"))
    consent(world, "ED1")
    return world


def opened(admin):
    return admin.get(f"{STUDY}/preview").headers["location"]


def follow(admin, reply):
    return admin.get(reply.headers["location"])


def begin(admin, base, **form):
    version = hidden(admin.get(base).text, "version")
    reply = admin.post(f"{base}/start", data={"agree": "yes", "version": version, "q_years": "7"} | form)
    assert reply.headers["location"] == base
    return follow(admin, reply)


def test_a_whole_preview_leaves_nothing(furnished, admin):
    before, answers = everything(furnished, OF_LOG_INS), ANSWERS._value.get()
    base = opened(admin)
    first = admin.get(base, headers={"Accept-Language": "de"}).text
    assert "Auf Deutsch" in first
    assert "Vorschau: nichts wird behalten" in first
    assert f'href="{STUDY}"' in first
    problem = admin.post(f"{base}/start", data={"q_years": "7"})
    assert problem.status_code == 409
    assert "Nothing was recorded" in problem.text
    assert begin(admin, base).headers["location"] == f"{base}/practice/1"
    told = admin.get(f"{base}/practice/1", params={"answer": "real"}).text
    assert "this image is" in told
    assert admin.get(f"{base}/practice/1.png").headers["content-type"] == "image/png"
    page = admin.get(f"{base}/rate/1").text
    assert "Preview: nothing is kept" in page
    keys = KEYS.findall(page)
    assert len(set(keys)) == 8
    assert admin.get(f"{base}/images/{keys[0]}.png").content.startswith(b"\x89PNG")
    # By the plain form, then as the script sends it: a revision, a viewing, what is out of range.
    reply = admin.post(f"{base}/rate/1", data={"answer": "real", "confidence": "4"})
    assert reply.headers["location"] == f"{base}/rate/2"
    assert admin.post(f"{base}/rate/3", data={"answer": "fake"}).status_code == 303
    entry = {"id": "a" * 36, "image": keys[0], "answer": "fake", "confidence": 2, "age_ms": 5}
    odd = entry | {"id": "b" * 36, "image": "0" * 32}
    viewing = {"id": "c" * 36, "image": keys[4], "visible_ms": 900, "hidden_ms": 0, "age_ms": 5}
    sent = {"answers": [entry, odd], "viewings": [viewing], "known": 2}
    reply = admin.post(f"{base}/answers", json=sent).json()
    assert reply["saved"] == ["a" * 36, "c" * 36]
    assert [one["id"] for one in reply["refused"]] == ["b" * 36]
    state = admin.get(f"{base}/state").json()
    assert state["answers"][:4] == [["fake", 2], [None, None], ["fake", None], [None, None]]
    assert (state["submitted"], state["open"]) == (False, True)
    # It goes on behind what was answered last, and the image that was looked at is in the overview.
    assert admin.get(base).headers["location"] == f"{base}/rate/2?resume"
    review = admin.get(f"{base}/review").text
    assert "2 of 8 images answered" in review
    assert f"{keys[4]}.png" in review
    assert f"{keys[5]}.png" not in review
    assert admin.post(f"{base}/submit").status_code == 409
    assert admin.post(f"{base}/submit", data={"leave_unanswered": "yes"}).status_code == 303
    assert "2 of 8 images answered" in admin.get(f"{base}/done").text
    assert admin.post(f"{base}/rate/1", data={"answer": "real"}).status_code == 409
    for page in ("/privacy", "/mail"):
        assert admin.get(f"{base}{page}").status_code == 200
    assert admin.post(f"{base}/mail").status_code == 303
    assert everything(furnished, OF_LOG_INS) == before
    assert ANSWERS._value.get() == answers


@on_sqlite
def test_every_state_can_be_previewed_and_raters_may_choose_their_group(world, admin):
    with world.database.write() as session:
        options = {"ask_group": True, "revising": False, "show_results": True}
        lifecycle.get_study(session, 1).options = options
    for state in lifecycle.NEXT:
        with world.database.write() as session:
            lifecycle.get_study(session, 1).state = state
        before = everything(world, OF_LOG_INS)
        base = opened(admin)
        assert begin(admin, base, group="DLE").headers["location"] == f"{base}/rate/1?resume"
    assert "Please choose your group" in admin.post(f"{opened(admin)}/start", data={"agree": "yes"}).text
    admin.post(f"{base}/rate/1", data={"answer": "real"})
    again = admin.post(f"{base}/rate/1", data={"answer": "fake"})
    assert again.status_code == 409
    assert f'href="{base}"' in again.text
    assert everything(world, OF_LOG_INS) == before


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_any_server_takes_the_next_request(furnished, admin):
    with TestClient(create_app(furnished.settings), follow_redirects=False) as elsewhere:
        base = opened(admin)
        begin(admin, base)
        keys = KEYS.findall(admin.get(f"{base}/rate/1").text)
        one, other = admin, elsewhere
        for position, key in enumerate(keys, start=1):
            other.cookies.update(one.cookies)
            one, other = other, one
            assert one.get(f"{base}/images/{key}.png").status_code == 200
            assert one.post(f"{base}/rate/{position}", data={"answer": "real"}).status_code == 303
        assert one.post(f"{base}/submit").headers["location"] == f"{base}/done"
        assert "8 of 8 images answered" in one.get(f"{base}/done").text


@on_sqlite
def test_two_previews_are_apart_and_neither_has_a_real_raters_order(furnished, admin, browse):
    real = browse().get(f"/r/{furnished.link['ED1']}/rate/1").text
    one, other = opened(admin), opened(admin)
    assert one != other
    for base in (one, other):
        begin(admin, base)
    admin.post(f"{one}/rate/1", data={"answer": "real"})
    assert admin.get(f"{one}/state").json()["count"] == 1
    assert admin.get(f"{other}/state").json()["count"] == 0
    keys = [KEYS.findall(page) for page in (real, admin.get(f"{one}/rate/1").text)]
    assert not set(keys[0]) & set(keys[1])
    assert keys[1] == KEYS.findall(admin.get(f"{one}/rate/2").text)


@on_sqlite
def test_preferences_hold_in_the_preview_alone(furnished, admin):
    base = opened(admin)
    begin(admin, base)
    for what, value in (("surround", "light"), ("language", "de")):
        reply = admin.post(f"{base}/{what}", data={what: value, "return_to": "rate/1"})
        assert reply.headers["location"] == f"{base}/rate/1"
        assert f"{what}={value}; Max-Age=31536000; Path={base}; SameSite=lax" in reply.headers["set-cookie"]
    page = admin.get(f"{base}/rate/1").text
    assert '<html lang="de">' in page
    assert f'data-path="{base}"' in page
    assert '<html lang="en">' in admin.get(f"{STUDY}").text


@on_sqlite
def test_only_admins_may_look_and_only_at_what_is_there(furnished, admin, browse):
    base = opened(admin)
    for address in (f"{STUDY}/preview", base, f"{base}/rate/1"):
        assert browse().get(address).headers["location"] == "/admin/login"
    assert browse().post(f"{base}/start", data={"agree": "1"}).headers["location"] == "/admin/login"
    assert admin.get("/admin/studies/9/preview").status_code == 404
    assert admin.get(base.replace("/studies/1/", "/studies/9/")).status_code == 404
    assert admin.get(f"{base}/nowhere").status_code == 404
    assert admin.get(f"{base}/images/{'0' * 32}.png").status_code == 404
    assert admin.get(f"{STUDY}/preview/short").status_code == 404


@pytest.mark.parametrize(
    "kept", ["", "rubbish", "!", "AAAA", "eJw=", Progress(begun=10**18).packed(), Progress(begun=-5).packed()]
)
def test_a_cookie_that_means_nothing_is_the_beginning(kept):
    assert unpacked(kept) == Progress()


@on_sqlite
def test_what_a_browser_keeps_is_small_and_may_be_forged(furnished, admin):
    kept = Progress(1_700_000_000, "DLE", "1?z\u00e9" * 2500, 9999, False)
    assert unpacked(kept.packed()) == kept
    assert len(Progress(1_700_000_000, "ED", "5" * 300 + "0" * 9700, 300).packed()) < 300
    base = opened(admin)
    admin.cookies.set("preview", kept.packed(), path=base)
    assert admin.get(f"{base}/review").status_code == 200
