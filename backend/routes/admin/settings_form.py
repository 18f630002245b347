"""The form of a study's settings: what it shows, and what it says when it comes back.

A field that does not come back (a disabled one, say) changes nothing; so a box that is not ticked needs a
hidden field of the same name beside it, which says ``no``.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any

from backend.database.tables import Study
from backend.studies.options import (
    BUILT_IN_QUESTIONS,
    Question,
    StudyOptions,
    StudyTexts,
    options_of,
    parse_texts,
    show_option,
)
from backend.studies.refusals import Invalid

REQUIRED_MARK = "*"
ID_LENGTH = 32


def shown(study: Study, languages: Collection[str]) -> dict[str, str]:
    """What each field of the form holds, from the study as it is."""
    options = options_of(study)
    values = {name: show_option(name, getattr(options, name)) for name in StudyOptions.model_fields}
    for question in options.questions:
        values[f"ask_{question.id}"] = "yes"
        values[f"required_{question.id}"] = "yes" if question.required else "no"
    lines = [_line(one, study.language) for one in options.questions if _is_line(one, study.language)]
    values["further"] = "\n".join(lines)
    for code in languages:
        texts = StudyTexts.model_validate(study.texts.get(code, {}))
        values |= {f"{name}_{code}": text for name, text in texts.model_dump().items()}
    return values


def option_changes(study: Study, form: Mapping[str, str]) -> dict[str, Any]:
    """The options that the form sets, by name, as ``editing.change_options`` takes them."""
    names = [name for name in StudyOptions.model_fields if name in form and name != "questions"]
    changes: dict[str, Any] = {name: form[name].strip() or 0 for name in names}
    if "further" in form:
        changes["questions"] = _questions(options_of(study).questions, form, study.language)
    return changes


def texts_of(study: Study, form: Mapping[str, str], code: str) -> StudyTexts:
    """A language's texts after the form; raises ``Invalid``."""
    held = StudyTexts.model_validate(study.texts.get(code, {})).model_dump()
    try:
        return parse_texts({name: form.get(f"{name}_{code}", text) for name, text in held.items()})
    except Invalid as problem:
        raise Invalid(f"{problem} (language {code})") from problem


def set_apart(study: Study) -> list[tuple[Question, str]]:
    """The questions that a line of text cannot hold, each with its wording."""
    held = options_of(study).questions
    apart = [one for one in held if one.id not in BUILT_IN_QUESTIONS and not _is_line(one, study.language)]
    return [(one, one.wording(study.language)) for one in apart]


def _is_line(question: Question, language: str) -> bool:
    """Whether one line of text says all of a question."""
    plain = question.kind == "text" and not question.choices and set(question.label) == {language}
    return question.id not in BUILT_IN_QUESTIONS and plain


def _line(question: Question, language: str) -> str:
    return question.label[language] + (f" {REQUIRED_MARK}" if question.required else "")


def _questions(held: tuple[Question, ...], form: Mapping[str, str], language: str) -> list[dict[str, Any]]:
    """The questions that the form leaves: those held in their order, the new ones after them."""
    known = {one.id: one for one in held}
    chosen: dict[str, dict[str, Any]] = {}
    ticked = {**{one: Question(id=one, kind=kind) for one, kind in BUILT_IN_QUESTIONS.items()}, **known}
    for name, question in ticked.items():
        if not _is_line(question, language) and form.get(f"ask_{name}") == "yes":
            required = form.get(f"required_{name}", "no") == "yes"
            chosen[name] = question.model_dump() | {"required": required}
    lines = {
        _line(one, language).rstrip(f" {REQUIRED_MARK}"): one.id for one in held if _is_line(one, language)
    }
    for line in form["further"].splitlines():
        text = "".join(letter for letter in " ".join(line.split()) if letter.isprintable())
        wording = text.rstrip(f" {REQUIRED_MARK}")
        if not wording:
            continue
        name = lines.setdefault(wording, _new_id(wording, {*ticked, *chosen}))
        question = {"id": name, "kind": "text", "label": {language: wording}}
        chosen[name] = question | {"required": text.endswith(REQUIRED_MARK)}
    order = {name: place for place, name in enumerate(known)}
    return sorted(chosen.values(), key=lambda one: order.get(one["id"], len(order)))


def _new_id(wording: str, taken: Collection[str]) -> str:
    """An id that says what the question is, for it names a column of the export."""
    letters = unicodedata.normalize("NFKD", wording).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "_", letters).strip("_")
    stem = words if re.match("[a-z]", words) else f"question_{words}".rstrip("_")
    number, name = 1, stem[:ID_LENGTH].rstrip("_")
    while name in taken:
        number += 1
        name = f"{stem[: ID_LENGTH - 4].rstrip('_')}_{number}"
    return name
