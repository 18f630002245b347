"""A study's settings as an admin sees and changes them in the browser."""

import re
from html import unescape
from pathlib import Path

import pytest
import sqlalchemy as sa

from backend.database import ratings
from backend.database.tables import Event, Study
from backend.routes.admin.option_fields import LABELS, plainly
from backend.storage import ImageStore
from backend.studies import editing, rating
from backend.studies.mixes import import_mix
from backend.studies.options import FROZEN, StudyOptions, StudyTexts, options_of, show_option
from tests.backend.conftest import ADMIN, hidden
from tests.support import consent

PAGE = "/admin/studies/1/settings"


@pytest.fixture
def change(admin):
    """Send the form as a browser does: all that it shows, but for what a user changes or cannot change."""

    def send(**typed):
        html = admin.get(PAGE).text
        return admin.post(PAGE, data=fields(html) | {"csrf": hidden(html, "csrf")} | typed)

    return send


def fields(html):
    """What a browser would send of the form: the last of each name, nothing that is disabled."""
    sent = {}
    pattern = r"<input[^>]*>|<textarea[^>]*>[^<]*|<select[^>]*>.*?</select>"
    for tag in re.findall(pattern, html[html.index('class="settings"') :], re.S):
        opening = tag.split(">")[0]
        name = re.search(r'name="([^"]*)"', opening).group(1)
        unticked = 'type="checkbox"' in opening and " checked" not in opening
        if " disabled" in opening or unticked:
            continue
        if tag.startswith("<select"):
            found = re.search(r'value="(\w+)" selected', tag) or re.search(r'value="(\w+)"', tag)
            sent[name] = found.group(1)
        elif tag.startswith("<textarea"):
            sent[name] = unescape(tag.partition(">")[2])
        else:
            sent[name] = unescape(re.search(r'value="([^"]*)"', opening).group(1))
    return sent


def study(world):
    with world.database.read() as session:
        return session.get(Study, world.study.id)


def options(world):
    return options_of(study(world))


CHANGES = sa.select(Event).where(Event.kind.in_(["options changed", "texts changed"]))


def rate_one(world):
    consent(world)
    with world.database.write() as session:
        rating.answer_form(session, world.link["ED1"], 1, "real")


def test_every_option_has_a_field_with_a_label_and_an_explanation(admin):
    html = admin.get(PAGE).text
    assert set(LABELS) >= set(StudyOptions.model_fields)
    for name in set(StudyOptions.model_fields) - {"questions"}:
        assert f'name="{name}"' in html
        assert LABELS[name] in html
        assert re.search(rf'id="about-{name}">[A-Z][^<]{{20,}}', html), name


def test_every_option_is_in_the_documentation_with_its_default():
    page = (Path(__file__).parents[2] / "docs" / "rating.md").read_text()
    for name, field in StudyOptions.model_fields.items():
        default = show_option(name, field.get_default(call_default_factory=True)) or "none"
        assert re.search(rf"^\| `{name}` \| .* \| {default} \|$", page, re.M), name
    frozen = page.split("**Frozen by the first rating**")[1].split(".")[0]
    assert re.findall(r"`(\w+)`", frozen) == list(FROZEN)


def test_saving_the_page_as_it_is_changes_nothing(change, world):
    before = study(world)
    assert change().headers["location"] == f"{PAGE}?saved=1"
    after = study(world)
    assert StudyOptions.model_validate(after.options) == StudyOptions.model_validate(before.options)
    with world.database.read() as session:
        assert session.scalars(CHANGES).all() == []


def test_options_are_changed_and_recorded_with_who_did_it(change, admin, world):
    reply = change(zoom="no", fixation_ms="500", confidence_levels="5", show_results="yes")
    assert reply.status_code == 303
    assert "Saved." in admin.get(reply.headers["location"]).text
    changed = {"zoom": False, "fixation_ms": 500, "confidence_levels": 5, "show_results": True}
    assert options(world) == StudyOptions(**changed)
    with world.database.read() as session:
        event = session.scalars(CHANGES).one()
    assert (event.kind, event.by, event.details) == ("options changed", ADMIN, changed)
    page = admin.get("/admin/studies/1").text
    assert "options changed: zoom=no, confidence_levels=5, fixation_ms=500, show_results=yes" in page
    assert ADMIN in page[page.index("What happened") :]


def test_an_empty_number_is_none(change, world):
    assert change(fixation_ms="", display_limit_ms=" ").status_code == 303
    assert (options(world).fixation_ms, options(world).display_limit_ms) == (0, 0)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"fixation_ms": "50"}, "Pause with a cross before each image: must be 0 (none) or 100 to 10000."),
        ({"display_limit_ms": "soon"}, "An image disappears after: must be a whole number."),
        ({"display_limit_ms": "9" * 5000}, "An image disappears after: "),
        ({"zoom": "perhaps"}, "Raters can enlarge an image: must be yes or no."),
        ({"further": "x" * 400}, "Questions: may have at most 300 characters."),
        (
            {"further": "\n".join(f"Question {number}?" for number in range(21))},
            "Questions: may be at most 20.",
        ),
        ({"introduction_en": "x" * 10_001}, "Introduction: "),
        ({"title_en": "a\x00b"}, "control character"),
    ],
)
def test_a_mistake_is_named_keeps_what_was_typed_and_changes_nothing(change, world, typed, words):
    before = study(world)
    page = change(**typed, thanks_en="Thanks a lot")
    assert page.status_code == 422
    assert words in unescape(page.text)
    assert "Nothing was saved." in page.text
    assert "Thanks a lot" in page.text
    after = study(world)
    assert (after.options, after.texts) == (before.options, before.texts)


def test_what_shapes_answers_is_shown_disabled_once_there_is_one_and_is_refused(change, admin, world):
    rate_one(world)
    html = admin.get(PAGE).text
    assert "The study has ratings." in html
    for name in FROZEN:
        assert name not in fields(html)
        assert re.search(rf'name="{name}"[^>]* disabled', html), name
    assert change(preload_all="yes").status_code == 303
    assert options(world).preload_all is True
    refused = change(zoom="no", preload_all="no")
    assert refused.status_code == 422
    assert "zoom cannot change any more" in refused.text.lower()
    assert (options(world).zoom, options(world).preload_all) == (True, True)


def test_a_page_that_was_opened_before_the_first_rating_can_still_be_saved(admin, world):
    html = admin.get(PAGE).text
    rate_one(world)
    form = fields(html) | {"csrf": hidden(html, "csrf"), "thanks_en": "Thank you."}
    assert admin.post(PAGE, data=form).status_code == 303
    assert study(world).texts["en"]["thanks"] == "Thank you."


def test_questions_are_ticked_and_written_line_by_line(change, world):
    lines = "Where do you work?\r\n\r\n  Wie viele  Fälle? * \r\nField"
    change(ask_years="yes", required_years="yes", ask_field="yes", further=lines)
    years, field, place, cases, taken = options(world).questions
    assert (years.id, years.kind, years.required) == ("years", "number", True)
    assert (field.id, field.kind, field.required) == ("field", "text", False)
    assert (place.id, place.label, place.required) == (
        "where_do_you_work",
        {"en": "Where do you work?"},
        False,
    )
    assert (cases.id, cases.label, cases.required) == ("wie_viele_falle", {"en": "Wie viele Fälle?"}, True)
    assert taken.id == "field_2"  # the word has its own place already
    before = options(world).questions
    change()
    assert options(world).questions == before
    change(ask_years="no", further="Wie viele Fälle?")
    assert [(one.id, one.required) for one in options(world).questions] == [
        ("field", False),
        ("wie_viele_falle", False),
    ]


@pytest.mark.parametrize("line", ["Ärger?", "2 questions", "日本語?", "?", "x" * 60, "group"])
def test_any_wording_gets_an_id(change, world, line):
    assert change(further=f"{line}\n{line}\n{line}!").status_code == 303
    assert [one.label["en"] for one in options(world).questions] == [line, f"{line}!"]


def test_questions_with_choices_are_kept_as_they_are(change, admin, world):
    choice = {
        "id": "place",
        "kind": "choice",
        "label": {"en": "Where?", "de": "Wo?"},
        "choices": ["clinic", "practice"],
    }
    with world.database.write() as session:
        editing.change_options(session, 1, {"questions": [choice, {"id": "years", "kind": "number"}]})
    assert "(clinic, practice)" in admin.get(PAGE).text
    held = options(world).questions
    change(further="Anything else?")
    assert options(world).questions[:2] == held
    change(required_place="yes")
    assert options(world).questions[0] == held[0].model_copy(update={"required": True})
    change(ask_place="no")
    assert [one.id for one in options(world).questions] == ["years", "anything_else"]


def test_texts_are_given_in_each_language_and_shown_to_raters(change, admin, browse, world):
    languages = re.findall(r'name="title_(\w+)"', admin.get(PAGE).text)
    typed = {f"introduction_{code}": f"Read this.\r\nIn {code}." for code in languages}
    assert change(**typed, title_en="Another title").status_code == 303
    for code in languages:
        page = browse().get(f"/r/{world.link['ED1']}", headers={"Accept-Language": code}).text
        assert "Another title" in page
        assert f"In {code}." in page
    assert study(world).texts["en"] == {
        "title": "Another title",
        "introduction": "Read this.\nIn en.",
        "consent": "",
        "thanks": "",
    }
    assert "texts changed (en): title, introduction" in admin.get("/admin/studies/1").text


def test_changing_texts_records_what_changed_once(world):
    texts = StudyTexts(thanks="Thanks")
    for _ in range(2):
        with world.database.write() as session:
            editing.change_texts(session, 1, "en", texts, by=ADMIN)
    with world.database.read() as session:
        event = session.scalars(CHANGES).one()
    assert (event.kind, event.by, event.details) == (
        "texts changed",
        ADMIN,
        {"language": "en", "changed": ["thanks"]},
    )


def test_what_raters_read_instead_of_an_empty_text_is_shown(admin):
    assert 'placeholder="You will see images of skin lesions' in admin.get(PAGE).text


def test_a_new_study_has_a_practice_mix_and_a_language(admin, world, make_mix):
    practice = import_mix(
        world.database, ImageStore(world.settings.images_dir), make_mix(1, 1, seed=9), "Two"
    ).mix
    form = admin.get("/admin/studies/new").text
    assert form.count(f'<option value="{practice.id}"') == 1
    assert form.count(f'name="mix" value="{practice.id}">') == 1
    given = {"csrf": hidden(form, "csrf"), "title": "New", "groups": "ED", "mix": world.mix_id}
    made = admin.post("/admin/studies", data=given | {"practice": practice.id, "language": "en"})
    page = admin.get(made.headers["location"]).text
    assert "Two: 1 reals and 1 fakes" in page
    assert f"{made.headers['location']}/settings" in page
    for bad, words in (({"practice": 99}, "no practice mix 99"), ({"language": "xx"}, "no language")):
        refused = admin.post("/admin/studies", data=given | bad)
        assert refused.status_code in {409, 422}
        assert words in unescape(refused.text)
    assert admin.post("/admin/studies", data=given | {"practice": "x"}).status_code == 422


def test_a_rater_who_submitted_can_be_let_go_on(admin, world):
    rate_one(world)
    csrf = hidden(admin.get("/admin").text, "csrf")
    path = "/admin/studies/1/raters/ED1/reopen"
    assert "Let her go on" not in admin.get("/admin/studies/1/raters").text
    refused = admin.post(path, data={"csrf": csrf})
    assert refused.status_code == 409
    assert "ED1 has not submitted" in refused.text
    with world.database.write() as session:
        rating.submit(session, world.link["ED1"], leave_unanswered=True)
    assert "Let ED1 go on" in admin.get("/admin/studies/1/raters").text
    assert admin.post(path, data={"csrf": csrf}).status_code == 303
    assert "Let ED1 go on" not in admin.get("/admin/studies/1/raters").text
    page = admin.get("/admin/studies/1").text
    happened = re.findall(r"<span>([^<]*)</span> <span class=\"quiet\">([^<]*)</span>", page)
    assert happened[:3] == [
        ("submission taken back, so that she can go on: ED1", ADMIN),
        ("submitted, 7 left unanswered", "ED1"),
        ("agreed to take part", "ED1"),
    ]
    assert happened[3] == ("invited: DLE1", "command line")


def test_where_raters_choose_their_group_nobody_is_asked_for_it(change, admin, world):
    change(ask_group="yes")
    page = admin.get("/admin/studies/1").text
    assert 'name="group"' not in page
    assert "chosen by the raters" in page
    made = admin.post("/admin/studies/1/raters", data={"csrf": hidden(page, "csrf"), "count": "1"}).text
    assert re.search(r"<dt>R1</dt><dd><code>\S+/r/[\w-]+</code>", made)
    assert re.search(r"<td>R1</td>\s*<td>–</td>", made)


def test_a_study_that_shows_results_says_that_it_closes_for_good(change, admin, world):
    rate_one(world)
    change(show_results="yes")
    page = admin.get("/admin/studies/1").text
    assert "Close the study for good" in page
    admin.post("/admin/studies/1/state", data={"csrf": hidden(page, "csrf"), "state": "closed"})
    page = admin.get("/admin/studies/1").text
    assert "So the study stays closed." in page
    assert "Open the study again" not in page
    assert "results released" in page
    opened = admin.post("/admin/studies/1/state", data={"csrf": hidden(page, "csrf"), "state": "open"})
    assert opened.status_code == 409


def test_a_long_history_is_folded(admin, world):
    for number in range(13):
        with world.database.write() as session:
            editing.change_options(session, 1, {"preload_all": number % 2 == 0})
    page = admin.get("/admin/studies/1").text
    assert "Earlier: 7" in page  # of 13, that it was made and three invitations
    assert page.count("options changed: preload_all") == 13
    with world.database.read() as session:
        assert not ratings.any_in_study(session, 1)


def test_a_refusal_without_an_options_name_stays_as_it_is():
    assert plainly("no: it is not.") == "no: it is not."
    assert plainly("questions.0.label: too long.") == "Questions: too long."
