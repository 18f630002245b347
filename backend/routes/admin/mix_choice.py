"""The part of a form that chooses a study's mixes, and what it offers."""

from typing import Annotated, Any

from fastapi import Form
from pydantic import Field
from sqlalchemy.orm import Session

from backend.database import mixes
from backend.database.limits import LARGEST_ID
from backend.studies.lifecycle import MOST_PRACTICE

MOST_MIXES = 100
NO_MIXES: list[int] = []

_Number = Annotated[int, Field(ge=0, le=LARGEST_ID)]
ChosenMixes = Annotated[list[_Number], Form(max_length=MOST_MIXES)]
PracticeMix = Annotated[str, Form(pattern=r"^[0-9]{0,9}$")]


def mix_choice(session: Session) -> dict[str, Any]:
    """The mixes that there are, and those that are small enough to practise on."""
    imported = mixes.everything(session)
    small = [one for one in imported if one.reals + one.fakes <= MOST_PRACTICE]
    return {"mixes": imported, "practice_mixes": small}
