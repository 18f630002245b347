"""What a bundle says of itself: versions, counts, and the SHA-256 of every file in it."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from backend.database.bundles import TABLES

FORMAT = 1
"""Raised when an older program could not read what a newer one writes."""

MANIFEST, RATINGS, CODEBOOK = "manifest.json", "ratings.csv", "codebook.md"
IMAGE = re.compile(r"images/([0-9a-f]{64})\.png")


def table_file(name: str) -> str:
    """The file that holds a table: one JSON object a line."""
    return f"tables/{name}.jsonl"


def known(name: str) -> bool:
    """Whether a bundle can have a file of this name."""
    tables = {table_file(one) for one in TABLES}
    return name in tables | {RATINGS, CODEBOOK} or IMAGE.fullmatch(name) is not None


class Member(BaseModel):
    """A file of the bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """The bundle's ``manifest.json``. ``study`` is the number that the study had where it came from."""

    model_config = ConfigDict(frozen=True)

    format: int
    tool_version: Annotated[str, Field(max_length=64)]
    schema_revision: Annotated[str, Field(max_length=64)]
    made_at: datetime
    study: int = Field(ge=0, lt=2**31)
    title: Annotated[str, Field(max_length=200)]
    counts: dict[str, int]
    files: dict[str, Member]
