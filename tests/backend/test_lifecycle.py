"""What may change in which state of a study, two admins at once, and studies after a model."""

import pytest
import sqlalchemy as sa

from backend.database import schema
from backend.database.tables import Rater, Study
from backend.studies import editing, enrolment, invitations, lifecycle, rating
from backend.studies.consent import begin, told
from backend.studies.invitations import admit
from backend.studies.options import StudyTexts, options_of
from backend.studies.refusals import Conflict
from tests.backend.conftest import hidden
from tests.support import consent

STATES = ("draft", "open", "closed", "archived")
ACTIONS = {
    "invite": lambda session, study: invitations.invite(session, study, "ED"),
    "renew": lambda session, study: invitations.renew(session, study, "ED1"),
    "revoke": lambda session, study: invitations.revoke(session, study, "ED1"),
    "enrolment": lambda session, study: enrolment.set_up(session, study, enrolment.Terms(5, "ED")),
    "switch": lambda session, study: enrolment.switch(session, study, False),
    "texts": lambda session, study: editing.change_texts(session, study, "en", StudyTexts(thanks="Thanks")),
    "options": lambda session, study: editing.change_options(session, study, {"zoom": False}),
    "reopen": lambda session, study: rating.reopen(session, study, "ED2"),
    "duplicate": lifecycle.duplicate,
    "draft": lambda session, study: lifecycle.set_state(session, study, "draft"),
    "open": lambda session, study: lifecycle.set_state(session, study, "open"),
    "closed": lambda session, study: lifecycle.set_state(session, study, "closed"),
    "archived": lambda session, study: lifecycle.set_state(session, study, "archived"),
}
# The table of docs/studies.md. To ask for the state that a study is in is no change.
SETTINGS = {"switch", "renew", "revoke", "texts", "options", "reopen", "duplicate"}
ALLOWED = {
    "draft": {*SETTINGS, "invite", "enrolment", "draft", "open"},
    "open": {*SETTINGS, "invite", "enrolment", "open", "closed"},
    "closed": {*SETTINGS, "closed", "open", "archived"},
    "archived": {"duplicate", "archived", "closed"},
}


def put(world, state):
    with world.database.write() as session:
        session.get(Study, world.study.id).state = state


@pytest.mark.parametrize("state", STATES)
def test_what_may_change_in_each_state(world, state):
    consent(world, "ED2")
    with world.database.write() as session:
        enrolment.set_up(session, world.study.id, enrolment.Terms(2, "ED"))
    done = set()
    for action, do in ACTIONS.items():
        put(world, state)
        with world.database.write() as session:
            rater = admit(session, world.link["ED2"])
            rater.submitted_at = rater.created_at
        try:
            with world.database.write() as session:
                do(session, world.study.id)
        except Conflict:
            continue
        done.add(action)
    assert done == ALLOWED[state]


@pytest.mark.parametrize(
    ("state", "words"), [("draft", "not begun"), ("closed", "closed"), ("archived", "closed")]
)
def test_only_an_open_study_takes_answers(world, browser, state, words):
    put(world, state)
    page = browser.get(f"/r/{world.link['ED1']}")
    assert page.status_code == 409
    assert words in page.text
    with world.database.write() as session:
        rater = admit(session, world.link["ED1"])
        with pytest.raises(Conflict):
            begin(session, world.link["ED1"], told(rater.study, "en", str), form={})


def test_two_admins_change_one_study_and_the_second_is_told(world, admin):
    address = f"/admin/studies/{world.study.id}/settings"
    hers, his = admin.get(address).text, admin.get(address).text
    mine = {"csrf": hidden(hers, "csrf"), "version": hidden(hers, "version"), "thanks_en": "Hers"}
    assert admin.post(address, data=mine).status_code == 303
    late = {"csrf": hidden(his, "csrf"), "version": hidden(his, "version"), "thanks_en": "His"}
    page = admin.post(address, data=late)
    assert page.status_code == 422
    assert "dmin@example.org changed this study while you did" in page.text
    assert ">His</textarea>" in page.text  # what he typed is still there
    with world.database.read() as session:
        assert session.get(Study, world.study.id).texts["en"]["thanks"] == "Hers"
    # He has been told, and saves again on purpose.
    again = late | {"version": hidden(page.text, "version")}
    assert admin.post(address, data=again).status_code == 303
    with world.database.read() as session:
        assert session.get(Study, world.study.id).texts["en"]["thanks"] == "His"


def test_a_button_of_a_page_that_is_out_of_date_does_nothing(world, admin):
    """Opened in another tab, then closed: the first tab still has the draft's button."""
    put(world, "draft")
    address = f"/admin/studies/{world.study.id}"
    page = admin.get(address).text
    seen = {"csrf": hidden(page, "csrf"), "version": hidden(page, "version")}
    assert admin.post(f"{address}/state", data=seen | {"state": "open"}).status_code == 303
    assert admin.post(f"{address}/state", data=seen | {"state": "open"}).status_code == 303  # pressed twice
    with world.database.write() as session:
        lifecycle.set_state(session, world.study.id, "closed", by="other@example.org")
    reply = admin.post(f"{address}/state", data=seen | {"state": "open"})
    assert reply.status_code == 409
    assert "ther@example.org changed this study after you had opened its page" in reply.text
    with world.database.read() as session:
        assert session.get(Study, world.study.id).state == "closed"
    now = seen | {"version": hidden(admin.get(address).text, "version")}
    assert admin.post(f"{address}/state", data=now | {"state": "open"}).status_code == 303


def test_a_duplicate_is_a_draft_with_everything_but_raters_and_orders(world, admin):
    with world.database.write() as session:
        editing.change_options(session, world.study.id, {"confidence_levels": 5, "questions": "years"})
        editing.change_texts(session, world.study.id, "de", StudyTexts(title="Echt?"))
    csrf = hidden(admin.get("/admin").text, "csrf")
    made = admin.post(f"/admin/studies/{world.study.id}/duplicate", data={"csrf": csrf}).headers["location"]
    with world.database.read() as session:
        model = session.get(Study, world.study.id)
        copy = session.get(Study, int(made.rsplit("/", 1)[1]))
        assert (copy.state, copy.title) == ("draft", "Skin (copy)")
        for same in ("groups", "texts", "language", "practice_mix_id"):
            assert getattr(copy, same) == getattr(model, same)
        assert [mix.id for mix in copy.mixes] == [mix.id for mix in model.mixes] == [world.mix_id]
        assert options_of(copy) == options_of(model)
        assert copy.seed != model.seed
        assert session.scalar(sa.select(sa.func.count()).where(Rater.study_id == copy.id)) == 0
    assert "made as a copy of study 1" in admin.get(made).text


def test_the_schema_goes_down_and_up_with_archived_studies(world):
    engine = world.database.engine
    put(world, "archived")
    schema.downgrade(engine, "0002")
    with engine.begin() as connection:
        assert connection.execute(sa.text("SELECT state FROM studies")).scalar_one() == "closed"
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.text("UPDATE studies SET state = 'draft'"))
    schema.upgrade(engine)
    put(world, "draft")
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.text("UPDATE studies SET state = 'lost'"))
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
