"""The options of a study: what can be chosen, and what the first rating freezes."""

import pytest
from pydantic import ValidationError

from backend.studies import editing, lifecycle, privacy, rating
from backend.studies.invitations import admit
from backend.studies.options import DRAWN, FROZEN, StudyOptions, options_of, parse_options, parse_texts
from backend.studies.refusals import Conflict, Invalid
from tests.support import consent

OTHERS = {
    "order": "balanced",
    "repeats": 2,
    "zoom": False,
    "confidence_levels": 5,
    "revising": False,
    "fixation_ms": 500,
    "display_limit_ms": 3000,
    "preload_all": True,
    "practice_feedback": False,
    "ask_group": True,
    "show_results": True,
    "seal_results": True,
    "live_accuracy": True,
    "retention_days": 30,
    "questions": "years",
}

CHOICE = {"id": "x", "kind": "choice", "label": {"en": "X?"}, "required": True}


def change(world, **changes):
    with world.database.write() as session:
        return editing.change_options(session, world.study.id, changes)


@pytest.mark.parametrize("name", [name for name in StudyOptions.model_fields if name not in DRAWN])
def test_the_first_rating_freezes_what_shapes_answers_and_nothing_else(world, name):
    consent(world)
    assert getattr(change(world, **{name: OTHERS[name]}), name) != getattr(StudyOptions(), name)
    with world.database.write() as session:
        rating.answer_form(session, world.link["ED1"], 1, "real")
    back = {name: getattr(StudyOptions(), name)}
    if name in FROZEN:
        with pytest.raises(Conflict, match=f"{name} cannot change any more"):
            change(world, **back)
        change(world, **{name: OTHERS[name]})  # the same value is no change
    else:
        assert change(world, **back) == StudyOptions()


@pytest.mark.parametrize("name", DRAWN)
def test_the_first_rater_fixes_what_shapes_the_orders(world, name):
    with pytest.raises(Conflict, match=f"{name} cannot change any more: the study has raters"):
        change(world, **{name: OTHERS[name]})
    with world.database.write() as session:
        for rater in world.link:
            privacy.delete(session, world.study.id, rater)
    assert getattr(change(world, **{name: OTHERS[name]}), name) == OTHERS[name]


def test_options_are_kept(build_world):
    world = build_world(groups=())
    chosen = change(world, **OTHERS)
    with world.database.read() as session:
        assert options_of(lifecycle.get_study(session, world.study.id)) == chosen


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"confidence_levels": 1}, "confidence_levels: must be 0"),
        ({"confidence_levels": 10}, "confidence_levels"),
        ({"confidence_levels": "many"}, "confidence_levels"),
        ({"fixation_ms": -1}, "fixation_ms"),
        ({"display_limit_ms": 10**9}, "display_limit_ms"),
        ({"zoom": "perhaps"}, "zoom"),
        ({"speed": 1}, "speed"),
        ({"questions": "years,years"}, "an id of its own"),
        ({"questions": "hobby"}, "hobby needs a label"),
        ({"questions": [{"id": "a b"}]}, "questions"),
        ({"questions": [{"id": "x", "kind": "choice", "label": {"en": "X?"}}]}, "x needs choices"),
        ({"questions": [{"id": "x", "label": {"en": "  "}}]}, "x needs a label"),
        ({"questions": [{"id": "x", "label": {"en": "X\x00"}}]}, "one line each"),
        ({"questions": [CHOICE | {"choices": ["a\nb"]}]}, "one line each"),
        ({"questions": [CHOICE | {"choices": ["a", " "]}]}, "none be empty"),
        ({"questions": [CHOICE | {"choices": ["a", " a"]}]}, "there once"),
        ({"questions": "[not json"}, "JSON"),
        ({"questions": [{"id": f"q{n}", "label": {"en": "?"}} for n in range(21)]}, "questions"),
    ],
)
def test_values_that_cannot_be_are_refused_by_name(values, words):
    with pytest.raises(Invalid, match=words):
        parse_options(values)


def test_words_and_numbers_as_text_are_understood():
    assert parse_options({"zoom": "no", "fixation_ms": "500"}) == StudyOptions(zoom=False, fixation_ms=500)
    names = [(one.id, one.kind) for one in parse_options({"questions": " years, field"}).questions]
    assert names == [("years", "number"), ("field", "text")]


def test_options_cannot_be_changed_behind_the_rules():
    with pytest.raises(ValidationError):
        StudyOptions().zoom = False


@pytest.mark.parametrize(
    "texts", [{"title": "x" * 201}, {"thanks": "x" * 10_001}, {"consent": "a\x00"}, {"x": ""}]
)
def test_texts_that_cannot_be_are_refused(texts):
    with pytest.raises(Invalid):
        parse_texts(texts)


def test_a_choice_can_be_chosen_whatever_blanks_were_around_it(world):
    change(world, questions=[CHOICE | {"choices": [" clinic ", "practice"]}])
    consent(world, x="clinic")
    with world.database.read() as session:
        assert admit(session, world.link["ED1"]).form == {"x": "clinic"}
