"""Deleting and anonymising raters, retention, the data-protection page."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from backend.database import schema
from backend.database.tables import (
    Event,
    Invitation,
    Message,
    Person,
    Presentation,
    Rater,
    Rating,
    Viewing,
)
from backend.studies import audit_log, editing, enrolment, lifecycle, privacy
from backend.studies.invitations import invite
from backend.studies.people import identity
from backend.studies.rating import answer_form
from tests.backend.conftest import hidden
from tests.support import consent

ANSWERS = (Rating, Viewing, Presentation)


@pytest.fixture
def known(world):
    """A world whose ED3 has a name, an address, a mail, an answer in words and an answer."""
    who = identity("Ada Lovelace", "ada@example.org", "de")
    with world.database.write() as session:
        editing.change_options(session, 1, {"questions": "years,field", "retention_days": 30})
        world.link["ED3"] = invite(session, 1, "ED", who=who)[0].token
        rater = rater_of(session, "ED3")
        session.add(
            Message(rater_id=rater.id, kind="invitation", state="failed", reason="550 ada@", created_at=now())
        )
    consent(world, "ED3", years="7", field="Only I do this")
    with world.database.write() as session:
        answer_form(session, world.link["ED3"], 1, "real")
    return world


def now():
    return datetime.now(UTC)


def rater_of(session, name):
    return session.scalars(sa.select(Rater).where(Rater.name == name)).one()


def everything_of(session, world):
    """All that the database holds, as text."""
    tables = [table for table in Rater.metadata.sorted_tables if table.name not in {"images", "mixes"}]
    return "".join(str(session.execute(sa.select(table)).all()) for table in tables)


def count(session, table, rater_id):
    if table in (Rating, Viewing):
        query = sa.select(sa.func.count(table.id)).join(Presentation)
        return session.scalar(query.where(Presentation.rater_id == rater_id))
    return session.scalar(sa.select(sa.func.count()).select_from(table).where(table.rater_id == rater_id))


def act(admin, name, what):
    path = f"/admin/studies/1/raters/{name}/privacy"
    page = admin.get(path)
    assert f"{name}?" in page.text
    assert admin.post(path, data={"what": what, "csrf": "0" * 64}).status_code == 409
    reply = admin.post(path, data={"what": what, "csrf": hidden(page.text, "csrf")})
    assert reply.status_code == 303


def test_deleted_nothing_of_her_is_left_but_that_it_was_done(known, admin):
    with known.database.read() as session:
        rater_id, others = rater_of(session, "ED3").id, rater_of(session, "ED1").id
    act(admin, "ED3", "delete")
    with known.database.read() as session:
        assert session.get(Rater, rater_id) is None
        for table in (*ANSWERS, Person, Message, Invitation):
            assert count(session, table, rater_id) == 0
        assert count(session, Presentation, others) == 8
        events = session.scalars(sa.select(Event).where(Event.rater_id == rater_id)).all()
        assert [event.kind for event in events] == ["invited", "agreed", "rater deleted"]
        held = everything_of(session, known)
    assert not any(word in held for word in ("Lovelace", "ada@", "Only I do this"))
    assert admin.get(f"/r/{known.link['ED3']}").status_code == 404
    assert "rater deleted" in admin.get("/admin/studies/1").text
    with known.database.write() as session:
        (invited,) = invite(session, 1, "ED")
        assert rater_of(session, invited.name).id != rater_id  # or what she did would be the next one's


@pytest.mark.parametrize("what", ["delete", "anonymise"])
def test_no_name_is_given_to_another_once_it_is_free(known, admin, what):
    """Whoever has an earlier export would take one for the other."""
    for name in ("ED3", "ED1"):  # the highest, which nothing else tells of, and one in the middle
        act(admin, name, what)
    with known.database.write() as session:
        names = [one.name for one in invite(session, 1, "ED", 2)]
        assert names == ["ED4", "ED5"]
        kept = [
            one.details["numbers"] for one in session.scalars(sa.select(Event)) if "numbers" in one.details
        ]
        assert kept == [{"ED": 3, "DLE": 1}] * 2  # how far they had come, and not whose it was


def test_anonymised_only_her_answers_are_left(known, admin):
    with known.database.read() as session:
        rater_id = rater_of(session, "ED3").id
    act(admin, "ED3", "anonymise")
    with known.database.read() as session:
        rater = session.get(Rater, rater_id)
        assert rater.name != "ED3"
        assert rater.form == {"years": 7.0, "field": None}
        assert [count(session, table, rater_id) for table in (Rating, Presentation)] == [1, 8]
        assert [count(session, table, rater_id) for table in (Person, Message)] == [0, 0]
        held = everything_of(session, known)
    assert not any(word in held for word in ("Lovelace", "ada@", "Only I do this", "ED3"))
    assert admin.get(f"/r/{known.link['ED3']}").status_code == 404
    assert f"rater anonymised: {rater.name}" in admin.get("/admin/studies/1").text


def test_personal_data_is_kept_as_long_as_was_said_and_answers_for_good(known):
    def apply(days):
        with known.database.write() as session:
            return privacy.apply_retention(session, now() + timedelta(days=days))

    assert apply(99) == {}  # open
    with known.database.write() as session:
        lifecycle.set_state(session, 1, "closed")
    assert apply(29) == {}
    assert apply(31) == {1: 1}
    assert apply(31) == {}
    with known.database.read() as session:
        rater = rater_of(session, "ED3")
        assert count(session, Rating, rater.id) == 1
        held = everything_of(session, known)
    assert not any(word in held for word in ("Lovelace", "ada@", "Only I do this"))


def test_by_command(known, dermvtt, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", known.settings.database_url)
    assert dermvtt("privacy", "apply")[1] == "Nothing was due.\n"
    assert "now those of A" in dermvtt("rater", "anonymise", "--study", 1, "ED3", "--yes")[1]
    assert dermvtt("rater", "delete", "--study", 1, "ED1", "--yes")[0] == 0
    code, _, err = dermvtt("rater", "delete", "--study", 1, "ED1", "--yes")
    assert (code, "no rater 'ED1'" in err) == (1, True)


def test_the_data_protection_page_says_what_the_settings_say(known, browser, application):
    named = {"controller_name": "Clinic <X>", "controller_contact": "data@clinic.example"}
    application.state.settings = known.settings.model_copy(update=named)
    link = f"/r/{known.link['ED1']}"
    assert f'href="{link}/privacy"' in browser.get(link).text
    english = browser.get(f"{link}/privacy").text
    german = browser.get(f"{link}/privacy", headers={"accept-language": "de"}).text
    for page in (english, german):
        assert "Clinic &lt;X&gt;" in page
        assert "data@clinic.example" in page
    assert "30 days after" in english
    assert "30 Tage nach" in german
    assert "Your rights" not in german
    assert "Nobody. These pages" in english


def test_the_data_protection_page_names_the_mail_server_and_the_panel(known, browse, application):
    mail = {"smtp_url": SecretStr("smtp://mail.example:25?tls=none"), "mail_from": "study@example.org"}
    application.state.settings = known.settings.model_copy(update=mail)
    with known.database.write() as session:
        token = enrolment.set_up(session, 1, enrolment.Terms(5, "ED", "PID", "CODE"))
        own = enrolment.enrol(session, token, "abc")
    for page in (f"/join/{token}/privacy", f"/r/{own}/privacy"):
        told = browse().get(page).text
        assert "mail servers" in told
        assert "The panel that sent you" in told
        assert "Nobody else" in told
        assert "Nobody. " not in told
        assert "Das Panel" in browse().get(page, headers={"accept-language": "de"}).text
    assert "The panel" not in browse().get(f"/r/{known.link['ED1']}/privacy").text


def test_where_a_rater_comes_from_is_in_no_log(known, browser, caplog):
    caplog.set_level("INFO", "dermvtt")
    browser.get(f"/r/{known.link['ED1']}")
    browser.get("/join/nowhere")
    browser.get("/admin/login")
    clients = [one.client for one in caplog.records if one.getMessage() == "request"]
    assert clients == ["", "", "testclient"]


def test_the_schema_goes_down_and_up_with_deleted_raters_on_record(known):
    with known.database.write() as session:
        gone = rater_of(session, "ED3").id
        privacy.delete(session, 1, "ED3")
    with known.database.read() as session:
        of_study = sa.select(Event.kind).where(Event.study_id == 1).order_by(Event.id)
        kinds = session.scalars(of_study).all()
        answers = count(session, Presentation, rater_of(session, "ED1").id)
    engine = known.database.engine
    schema.downgrade(engine, "0002")
    schema.upgrade(engine)
    with known.database.read() as session:
        assert session.scalars(of_study).all() == kinds
        assert kinds.count("invited") == 4
        whose = session.scalars(sa.select(Event.rater_id)).all()
        assert gone not in whose
        assert rater_of(session, "ED1").id in whose
        assert audit_log.verify(session).broken is None
        assert count(session, Presentation, rater_of(session, "ED1").id) == answers
