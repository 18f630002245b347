"""One link for all: who presses begins, the cap holds, a panel's id is one rater."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from backend.database.tables import Invitation, Rater
from backend.observing.logs import formatter
from backend.studies import enrolment
from backend.studies.enrolment import Terms, enrol, set_up, switch
from backend.studies.invitations import revoke
from backend.studies.refusals import Conflict, Refused
from tests.backend.conftest import hidden


@pytest.fixture
def link(world):
    with world.database.write() as session:
        return set_up(session, 1, Terms(3, "ED", "PROLIFIC_PID", "CODE-1", "https://x.example/?cc=1&id={id}"))


def enrolled(world):
    with world.database.read() as session:
        return session.scalar(sa.select(sa.func.count(Rater.id)).where(Rater.enrolled))


def test_from_the_studys_link_to_the_completion_code(world, browser, link, caplog):
    caplog.set_level("INFO", "dermvtt")
    page = browser.get(f"/join/{link}?PROLIFIC_PID=abc123")
    assert page.headers["x-robots-tag"] == "noindex"
    assert enrolled(world) == 0  # opening records nothing
    form = {"external_id": hidden(page.text, "external_id")}
    own = browser.post(f"/join/{link}", data=form).headers["location"]
    assert own in browser.get(own).text  # shown, so that she can return
    again = browser.post(f"/join/{link}", data=form).headers["location"]
    assert enrolled(world) == 1
    browser.post(f"{own}/start", data={"agree": "1"})
    assert "CODE-1" not in browser.get(f"{own}/review").text
    browser.post(f"{again}/submit", data={"leave_unanswered": "yes"})
    done = browser.get(f"{own}/done").text
    assert "CODE-1" in done
    assert 'href="https://x.example/?cc=1&amp;id=abc123"' in done
    written = formatter(as_json=True).format
    logged = [written(one) for one in caplog.records if one.name.startswith("dermvtt")]
    assert any("/join/" in line for line in logged)
    assert not any(secret in line for line in logged for secret in (link, "abc123"))


def test_a_button_that_is_pressed_twice_makes_one_rater(world, browser):
    with world.database.write() as session:
        link = set_up(session, 1, Terms(2, "ED"))
    form = {"page": hidden(browser.get(f"/join/{link}").text, "page")}

    def press(_):
        return browser.post(f"/join/{link}", data=form).headers["location"]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(press, range(2))
    assert first == second
    assert browser.get(first).status_code == 200
    assert form["page"] not in first
    assert enrolled(world) == 1
    other = {"page": hidden(browser.get(f"/join/{link}").text, "page")}
    assert browser.post(f"/join/{link}", data=other).headers["location"] != first
    assert browser.post(f"/join/{link}", data=form).headers["location"] == first  # though the cap is reached
    with world.database.write() as session:
        revoke(session, 1, "ED3")
    assert browser.get(browser.post(f"/join/{link}", data=form).headers["location"]).status_code == 404


def test_who_was_invited_by_herself_gets_no_completion_code(world, browser, link):
    own = f"/r/{world.link['ED1']}"
    browser.post(f"{own}/start", data={"agree": "1"})
    browser.post(f"{own}/submit", data={"leave_unanswered": "yes"})
    assert "CODE-1" not in browser.get(f"{own}/done").text


@pytest.mark.parametrize("given", ["", "a b", "<script>", "x" * 129, "=1"])
def test_without_a_usable_id_nobody_is_enrolled(world, browser, link, given):
    page = browser.get(f"/join/{link}", params={"PROLIFIC_PID": given}, headers={"accept-language": "de"})
    assert page.status_code == 422
    assert "PROLIFIC_PID fehlt" in page.text
    assert browser.post(f"/join/{link}", data={"external_id": given}).status_code == 422
    assert enrolled(world) == 0


def test_the_cap_holds_and_one_id_is_one_rater_however_many_come_at_once(world, link):
    def come(visitor):
        try:
            with world.database.write() as session:
                return enrol(session, link, visitor)
        except Conflict:
            return None

    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(come, [f"visitor{number // 3}" for number in range(24)]))
    assert enrolled(world) == 3
    assert len([token for token in tokens if token]) == 9  # each of the three came three times
    assert len(set(tokens)) == 10


def test_a_link_can_be_renewed_and_switched_off(world, browser, link):
    with world.database.write() as session:
        assert set_up(session, 1, Terms(3, "ED")) == ""
        fresh = set_up(session, 1, Terms(3, "ED"), renew=True)
    assert browser.get(f"/join/{link}").status_code == 404
    assert browser.post(f"/join/{link}").status_code == 404
    with world.database.write() as session:
        switch(session, 1, False)
    assert browser.post(f"/join/{fresh}").status_code == 409
    with world.database.write() as session:
        switch(session, 1, True)
    assert browser.post(f"/join/{fresh}").status_code == 303
    assert enrolled(world) == 1


def test_a_revoked_rater_does_not_come_back_by_her_id(world, browser, link):
    own = browser.post(f"/join/{link}", data={"external_id": "abc"}).headers["location"]
    with world.database.write() as session:
        session.execute(sa.update(Invitation).values(revoked_at=sa.func.current_timestamp()))
    assert browser.post(f"/join/{link}", data={"external_id": "abc"}).status_code == 404
    assert browser.get(own).status_code == 404


@pytest.mark.parametrize(
    "terms",
    [
        Terms(0, "ED"),
        Terms(1, "XX"),
        Terms(1, "ED", "a b"),
        Terms(1, "ED", "", "<b>"),
        Terms(1, "ED", "", "", "javascript:alert(1)"),
        Terms(1, "ED", "", "", "https://x y"),
    ],
)
def test_terms_that_cannot_be_are_refused(world, terms):
    with pytest.raises(Refused), world.database.write() as session:
        enrolment.set_up(session, 1, terms)


def test_the_page_makes_the_link_once(admin, browse, world):
    form = {"csrf": hidden(admin.get("/admin").text, "csrf"), "what": "renew", "cap": "2", "group": "ED"}
    page = admin.post("/admin/studies/1/raters/enrolment", data=form).text
    token = re.search(r"/join/([\w-]+)</code>", page).group(1)
    assert token not in admin.get("/admin/studies/1/raters").text
    assert browse().get(f"/join/{token}").status_code == 200
    form["what"] = "off"
    assert admin.post("/admin/studies/1/raters/enrolment", data=form).status_code == 303
    assert browse().post(f"/join/{token}").status_code == 409
