"""What a study's maker decides about rating, and until when she may change her mind."""

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from backend.studies.refusals import Invalid

if TYPE_CHECKING:  # the command line describes the options, and needs no database for that
    from backend.database.desk import HeldStudy
    from backend.database.tables import Study

TEXT_LENGTH = 10_000
LABEL_LENGTH = 300

BUILT_IN_QUESTIONS = {"years": "number", "field": "text"}
"""Questions whose wording DermVTT knows in every language, and the kind of their answers."""

FROZEN = ("zoom", "confidence_levels", "revising", "fixation_ms", "display_limit_ms", "ask_group")
"""Options that shape the answers: they must be the same for all raters, so the first rating freezes them."""
DRAWN = ("order", "repeats")
"""Options that shape the presentation orders: they are fixed once a rater has one."""


def _none_or(lowest: int, highest: int) -> AfterValidator:
    def check(value: int) -> int:
        if value and not lowest <= value <= highest:
            raise ValueError(f"must be 0 (none) or {lowest} to {highest}")
        return value

    return AfterValidator(check)


Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LABEL_LENGTH)]


class Question(BaseModel):
    """A question that raters answer before they begin; ``label`` is its wording by language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    kind: Literal["number", "text", "choice"] = "text"
    label: dict[str, Line] = Field(default_factory=dict)
    choices: tuple[Line, ...] = ()
    required: bool = False

    def wording(self, language: str) -> str:
        """The question in this language, or in one that it has; empty for a built-in one."""
        return self.label.get(language) or next(iter(self.label.values()), "")


class StudyOptions(BaseModel):
    """How a study is rated. Every field's description is what ``dermvtt study set --help`` prints."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: Literal["random", "balanced"] = Field(
        default="random",
        description="random: an order drawn for each rater; balanced: so that over the raters of a group "
        "each image stands equally often in each quarter of it",
    )
    repeats: Annotated[int, _none_or(1, 10_000)] = Field(
        default=0,
        description="so many images, drawn for each rater, come a second time, for her agreement with "
        "herself: at most half of them; 0: none",
    )
    zoom: bool = Field(default=True, description="raters can enlarge an image")
    confidence_levels: Annotated[int, _none_or(2, 9)] = Field(
        default=0, description="how sure: a scale of 2 to 9 levels; 0: not asked"
    )
    revising: bool = Field(default=True, description="answers can be changed until they are submitted")
    fixation_ms: Annotated[int, _none_or(100, 10_000)] = Field(
        default=0, description="a pause with a cross before each image, in milliseconds; 0: none"
    )
    display_limit_ms: Annotated[int, _none_or(100, 600_000)] = Field(
        default=0, description="an image disappears after so many milliseconds; 0: it stays"
    )
    preload_all: bool = Field(default=False, description="rating starts when all images are loaded")
    practice_feedback: bool = Field(default=True, description="practice images say what they were")
    ask_group: bool = Field(
        default=False, description="raters choose their group, rather than the invitation"
    )
    show_results: bool = Field(
        default=False,
        description="raters see their own results once the study is closed; it then stays closed",
    )
    seal_results: bool = Field(
        default=False, description="nobody sees results, admins neither, before the study is closed"
    )
    live_accuracy: bool = Field(
        default=False, description="the live page shows how many answers are right before the study is closed"
    )
    retention_days: Annotated[int, _none_or(1, 36_500)] = Field(
        default=0,
        description="personal data is deleted so many days after closing ('dermvtt privacy apply'); 0: kept",
    )
    questions: tuple[Question, ...] = Field(
        default=(),
        max_length=20,
        description="asked before the start: years, field (both known in all languages), or a JSON list",
    )

    @field_validator("questions", mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        """Take ``years,field`` or JSON where text comes in."""
        if not isinstance(given, str):
            return given
        if given.lstrip().startswith("["):
            return _from_json(given)
        names = [name.strip() for name in given.split(",") if name.strip()]
        return [{"id": name, "kind": BUILT_IN_QUESTIONS.get(name, "text")} for name in names]

    @field_validator("questions")
    @classmethod
    def _complete(cls, questions: tuple[Question, ...]) -> tuple[Question, ...]:
        if len({question.id for question in questions}) < len(questions):
            raise ValueError("each question needs an id of its own")
        for question in questions:
            if question.id not in BUILT_IN_QUESTIONS and not question.wording(""):
                raise ValueError(f"the question {question.id} needs a label")
            if question.kind == "choice" and not question.choices:
                raise ValueError(f"the question {question.id} needs choices")
        return questions


class StudyTexts(BaseModel):
    """What a study tells its raters in one language; an empty text is DermVTT's own, or the title."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    title: str = Field(default="", max_length=200)
    introduction: str = Field(default="", max_length=TEXT_LENGTH)
    consent: str = Field(default="", max_length=TEXT_LENGTH)
    thanks: str = Field(default="", max_length=TEXT_LENGTH)


def options_of(study: "Study | HeldStudy") -> StudyOptions:
    """The study's options."""
    return StudyOptions.model_validate(study.options)


def parse_options(values: dict[str, Any]) -> StudyOptions:
    """Options from what a form or a command gives; raises ``Invalid``, naming the option."""
    try:
        options = StudyOptions.model_validate(values)
    except ValidationError as error:
        raise Invalid(_first_problem(error)) from error
    for question in options.questions:
        _require_answerable(question)
    return options


def _require_answerable(question: Question) -> None:
    """Refuse what a form would not send back as it was offered: who must choose it could never begin."""
    told = (*question.label.values(), *question.choices)
    if not all(text.isprintable() for text in told):
        raise Invalid(f"questions: of {question.id}, question and answers are one line each, in plain signs.")
    if "" in question.choices or len(set(question.choices)) < len(question.choices):
        raise Invalid(f"questions: of {question.id}, each choice must be there once, and none be empty.")


def parse_texts(values: dict[str, Any]) -> StudyTexts:
    """Texts of one language from what a form or a command gives; raises ``Invalid``."""
    try:
        texts = StudyTexts.model_validate(values)
    except ValidationError as error:
        raise Invalid(_first_problem(error)) from error
    if any("\x00" in text for text in texts.model_dump().values()):
        raise Invalid("a text contains a control character.")
    return texts


def show_option(name: str, value: Any) -> str:
    """An option's value as people write it, and as ``parse_options`` takes it.

    >>> show_option("zoom", True)
    'yes'
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name != "questions":
        return str(value)
    questions = [Question.model_validate(one) for one in value]
    plain = [Question(id=known, kind=kind) for known, kind in BUILT_IN_QUESTIONS.items()]
    if all(one in plain for one in questions):
        return ",".join(one.id for one in questions)
    short = [one.model_dump(mode="json", exclude_defaults=True) for one in questions]
    return json.dumps(short, ensure_ascii=False)


PLAINLY = {
    "bool_parsing": "must be yes or no",
    "int_parsing": "must be a whole number",
    "extra_forbidden": "there is no such option",
    "literal_error": "must be {expected}",
    "string_too_long": "may have at most {max_length} characters",
    "too_long": "may be at most {max_length}",
}


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no usable JSON ({error})") from error


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"]) or "options"
    told = PLAINLY.get(problem["type"], "").format(**problem.get("ctx", {}))
    return f"{where}: {told or problem['msg'].removeprefix('Value error, ')}."
