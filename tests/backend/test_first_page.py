"""The first page: what a rater is told, agrees to and fills in; practice; whose button stands first."""

from html import unescape

import pytest
import sqlalchemy as sa

from backend.database.tables import ConsentText, Event, Rater
from backend.storage import ImageStore
from backend.studies import consent, editing, invitations
from backend.studies.lifecycle import create_study
from backend.studies.mixes import import_mix
from backend.studies.options import StudyOptions, StudyTexts
from backend.studies.refusals import Conflict, Invalid, Unknown
from tests.backend.conftest import hidden

GERMAN = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.8"}


@pytest.fixture
def base(world):
    return f"/r/{world.link['ED1']}"


def options(world, **changes):
    with world.database.write() as session:
        editing.change_options(session, world.study.id, changes)


def rater(world, name="ED1"):
    with world.database.read() as session:
        return session.scalars(sa.select(Rater).where(Rater.name == name)).one()


def start(browser, base, **more):
    page = browser.get(base).text
    form = {
        "agree": "yes",
        "version": hidden(page, "version"),
        "text_language": hidden(page, "text_language"),
    }
    return browser.post(f"{base}/start", data=form | more)


def test_the_text_she_agreed_to_is_kept_with_its_time(browser, world, base):
    page = browser.get(base).text
    assert start(browser, base).status_code == 303
    agreed = rater(world)
    with world.database.read() as session:
        text = session.get(ConsentText, agreed.consent_version)
        kinds = session.scalars(sa.select(Event.kind)).all()
    assert agreed.consented_at is not None
    assert agreed.consent_version == hidden(page, "version")
    assert text.language == "en"
    for line in text.text.splitlines():
        assert line in unescape(page)
    assert kinds.count("agreed") == 1


def test_another_language_is_another_version(browse, world, base):
    german = browse()
    german.headers.update(GERMAN)
    assert start(browse(), base).status_code == 303
    assert start(german, f"/r/{world.link['ED2']}").status_code == 303
    with world.database.read() as session:
        languages = dict(session.execute(sa.select(ConsentText.version, ConsentText.language)).all())
    assert languages[rater(world).consent_version] == "en"
    assert languages[rater(world, "ED2").consent_version] == "de"


def test_a_text_that_changed_since_she_read_it_is_not_agreed_to(browser, world, base):
    page = browser.get(base).text
    options(world, revising=False)
    form = {"agree": "yes", "version": hidden(page, "version"), "text_language": "en"}
    reply = browser.post(f"{base}/start", data=form)
    assert reply.status_code == 409
    assert "has changed" in reply.text
    assert rater(world).consented_at is None


def test_the_studys_own_texts_are_shown_in_the_readers_language(browser, database, settings, make_mix):
    mix = import_mix(database, ImageStore(settings.images_dir), make_mix()).mix
    texts = {
        "en": StudyTexts(introduction="Our <b>own</b> text.", consent="I agree to ours."),
        "de": StudyTexts(title="Echt oder nicht?", introduction="Unser eigener Text."),
    }
    with database.write() as session:
        study = create_study(session, [mix.id], "Real or not?", texts=texts)
        token = invitations.invite(session, study.id, "ED")[0].token
    english, german = browser.get(f"/r/{token}").text, browser.get(f"/r/{token}", headers=GERMAN).text
    assert "Our &lt;b&gt;own&lt;/b&gt; text." in english
    assert "<h1>Real or not?</h1>" in english
    assert "Unser eigener Text." in german
    assert "<h1>Echt oder nicht?</h1>" in german
    assert "I agree to ours." in german  # what a language does not have comes from the study's first one


def test_questions_are_asked_and_their_answers_kept(browser, world, base):
    options(
        world,
        questions=[
            {"id": "years", "kind": "number", "required": True},
            {"id": "field"},
            {"id": "glasses", "kind": "choice", "label": {"en": "Glasses?"}, "choices": ["yes", "no"]},
        ],
    )
    page = browser.get(base).text
    assert "Years of experience" in page
    assert "Glasses?" in page
    assert start(browser, base, q_years="12,5", q_field=" Clinic ", q_glasses="no").status_code == 303
    assert rater(world).form == {"years": 12.5, "field": "Clinic", "glasses": "no"}


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "marked as required"),
        ({"q_years": "many"}, "number from 0 to 99"),
        ({"q_years": "-1"}, "number from 0 to 99"),
        ({"q_years": "nan"}, "number from 0 to 99"),
        ({"q_years": "5", "q_field": "x" * 2001}, "too long"),
        ({"q_years": "5", "q_field": "a\x00b"}, "too long"),
        ({"q_years": "5", "q_glasses": "perhaps"}, "that are offered"),
    ],
)
def test_answers_that_cannot_be_are_refused_and_nothing_begins(browser, world, base, form, words):
    glasses = {"id": "glasses", "kind": "choice", "label": {"en": "Glasses?"}, "choices": ["yes", "no"]}
    options(world, questions=[{"id": "years", "kind": "number", "required": True}, {"id": "field"}, glasses])
    reply = start(browser, base, **form)
    assert reply.status_code == 422
    assert words in reply.text
    assert rater(world).consented_at is None


def test_what_she_filled_in_is_kept_where_something_is_missing(browser, world, base):
    options(world, questions=[{"id": "years", "required": True}, {"id": "field"}])
    reply = start(browser, base, q_years="  ", q_field="<Clinic>")
    assert reply.status_code == 422
    assert 'name="q_field" maxlength="2000" value="&lt;Clinic&gt;"' in reply.text
    unticked = start(browser, base, agree="", q_years="Ulm")
    assert unticked.status_code == 409
    assert 'value="Ulm"' in unticked.text
    assert "checked" not in unticked.text
    assert rater(world).consented_at is None


def test_the_group_is_asked_for_where_the_study_says_so(browser, database, settings, make_mix):
    mix = import_mix(database, ImageStore(settings.images_dir), make_mix()).mix
    with database.write() as session:
        study = create_study(session, [mix.id], "Skin", options=StudyOptions(ask_group=True))
        with pytest.raises(Invalid, match="without one"):
            invitations.invite(session, study.id, "ED")
        invited = invitations.invite(session, study.id, "", 2)
    assert [one.name for one in invited] == ["R1", "R2"]
    base = f"/r/{invited[0].token}"
    assert "<option>DLE</option>" in browser.get(base).text
    assert start(browser, base, group="Chief").status_code == 422
    assert start(browser, base, group="DLE").status_code == 303
    with database.read() as session:
        groups = sa.select(Rater.group).where(Rater.study_id == study.id).order_by(Rater.number)
        assert session.scalars(groups).all() == ["DLE", ""]


def test_the_first_button_is_fixed_and_balanced_within_each_group(build_world):
    world = build_world(groups=("ED", "DLE") * 6)
    for name, token in world.link.items():
        with world.database.write() as session:
            study_rater = invitations.admit(session, token)
            consent.begin(session, token, consent.told(study_rater.study, "en", str), form={})
            first = study_rater.first_choice
        with world.database.write() as session:  # again: nothing changes
            consent.begin(session, token, consent.told(study_rater.study, "en", str), form={})
        assert rater(world, name).first_choice == first
    for group in ("ED", "DLE"):
        firsts = [rater(world, name).first_choice for name in world.link if name.startswith(group)]
        assert firsts.count("real") == firsts.count("fake") == 3


def test_the_pages_show_her_button_first(browser, world, base):
    start(browser, base)
    page = browser.get(f"{base}/rate/1").text
    real, fake = page.index('value="real"'), page.index('value="fake"')
    assert (real < fake) == (rater(world).first_choice == "real")


@pytest.fixture
def practising(database, settings, make_mix):
    """A study with two practice images."""
    store = ImageStore(settings.images_dir)
    mix = import_mix(database, store, make_mix()).mix
    practice = import_mix(database, store, make_mix(1, 1, seed=7)).mix

    def make(**chosen):
        with database.write() as session:
            study = create_study(
                session, [mix.id], "Skin", options=StudyOptions(**chosen), practice_mix_id=practice.id
            )
            return f"/r/{invitations.invite(session, study.id, 'ED')[0].token}"

    return make


def test_practice_comes_first_tells_and_stores_nothing(browser, database, practising):
    base = practising()
    assert "2 images first" in browser.get(base).text
    start(browser, base)
    assert browser.get(base).headers["location"] == f"{base}/practice/1"
    verdicts = set()
    for number in (1, 2):
        assert browser.get(f"{base}/practice/{number}.png").headers["content-type"] == "image/png"
        assert "Right" not in browser.get(f"{base}/practice/{number}").text
        told = browser.get(f"{base}/practice/{number}?answer=real").text
        verdicts.add("this image is real" if "this image is real" in told else "this image is fake")
    assert len(verdicts) == 2
    assert f'href="{base}/rate/1"' in told
    assert browser.get(f"{base}/practice/3").status_code == 404
    assert browser.get(f"{base}/practice/3.png").status_code == 404
    with database.read() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM ratings")) == 0


def test_practice_without_feedback_only_goes_on(browser, practising):
    base = practising(practice_feedback=False)
    start(browser, base)
    one = browser.get(f"{base}/practice/1?answer=fake")
    two = browser.get(f"{base}/practice/2?answer=fake")
    assert [one.headers["location"], two.headers["location"]] == [f"{base}/practice/2", f"{base}/rate/1"]


def test_before_consent_there_is_no_practice_image(browser, practising):
    base = practising()
    assert browser.get(f"{base}/practice/1").headers["location"] == base
    assert browser.get(f"{base}/practice/1.png").status_code == 404


def test_a_practice_mix_is_small_and_apart_from_the_studys(database, settings, make_mix):
    store = ImageStore(settings.images_dir)
    small, large = (import_mix(database, store, make_mix(*counts)).mix for counts in ((2, 2), (6, 5)))
    for practice, problem, words in (
        (small.id, Conflict, "also in the study's"),
        (large.id, Invalid, "at most 10 images"),
        (99, Unknown, "no practice mix 99"),
    ):
        with database.write() as session, pytest.raises(problem, match=words):
            create_study(session, [small.id], "Skin", practice_mix_id=practice)
