"""What a rater's browser sends: answers and viewings, one by one, so that no bad one holds up the others."""

import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backend.languages import translatable
from backend.studies.refusals import Invalid

LONGEST_MS = 24 * 3600 * 1000
"""No response and no viewing takes longer than a day."""
OLDEST_MS = 400 * LONGEST_MS
"""How long an answer may have waited in a browser."""
MOST_AT_ONCE = 100

SubmissionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,36}$")]
ImageKey = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Milliseconds = Annotated[float, Field(ge=0, le=LONGEST_MS, allow_inf_nan=False)]
Age = Annotated[float, Field(ge=0, le=OLDEST_MS, allow_inf_nan=False)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    id: SubmissionId = Field(description="made once in the browser: sent twice, it is stored once")
    image: ImageKey = Field(description="the key of an image in this rater's order")
    age_ms: Age = Field(default=0, description="how long before it was sent it happened")


class Answer(_Entry):
    """An answer; without one, that of the image is withdrawn."""

    answer: Literal["real", "fake"] | None
    confidence: Annotated[int, Field(ge=1, le=9)] | None = None
    response_ms: Milliseconds | None = Field(
        default=None, description="from the sight of the image to the answer, by the browser's clock"
    )
    hidden_ms: Milliseconds = Field(default=0, description="for how much of it the page was not in sight")
    after: SubmissionId | None = Field(
        default=None,
        description="the id of the answer that it corrects, if this browser knew one",
    )


class Viewing(_Entry):
    """One stay of an image on the screen, which began ``age_ms`` before it was sent."""

    visible_ms: Milliseconds
    hidden_ms: Milliseconds = 0


Entry = TypeVar("Entry", bound=_Entry)

PROBLEMS = {
    "id": translatable("The answer came without a usable id. Please reload the page and answer again."),
    "image": translatable("There is no such image in your study."),
    "answer": translatable("An answer is 'real' or 'fake'."),
    "confidence": translatable("This is not a level of the study's scale."),
    "age_ms": translatable("The time that came with the answer cannot be."),
    "response_ms": translatable("The response time that came with the answer cannot be."),
    "hidden_ms": translatable("The response time that came with the answer cannot be."),
    "after": translatable("The answer came without a usable id. Please reload the page and answer again."),
    "visible_ms": translatable("The viewing time that came with an image cannot be."),
}
NO_ENTRY = translatable("What was sent is no answer. Nothing was changed.")

# What the browser's own id may be quoted back as, where the rest of an entry is rubbish.
QUOTABLE = re.compile(r"[\w-]{1,64}")


def parse_answer(given: Any) -> Answer:
    """An answer from decoded JSON; raises ``Invalid`` with a sentence for the rater."""
    return _parse(Answer, given)


def parse_viewing(given: Any) -> Viewing:
    """A viewing from decoded JSON; raises ``Invalid``."""
    return _parse(Viewing, given)


def claimed_id(given: Any) -> str:
    """The id that an entry claims to have, as far as it can be quoted back."""
    claimed = given.get("id") if isinstance(given, dict) else None
    return claimed if isinstance(claimed, str) and QUOTABLE.fullmatch(claimed) else ""


def _parse(model: type[Entry], given: Any) -> Entry:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        where = error.errors(include_input=False)[0]["loc"]
        raise Invalid(PROBLEMS.get(str(where[0]), NO_ENTRY) if where else NO_ENTRY) from None
