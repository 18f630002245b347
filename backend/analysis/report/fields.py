"""The fields of the result rows with their types and meanings, read from the dataclasses themselves.

One source for the keys of the JSON, the columns of the CSV tables, the JSON schema and the codebook: a field
without a sentence in its class's ``Attributes`` is an error, so none of them can fall behind.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple, get_args, get_type_hints

_ENTRY = re.compile(r"^(\S[^:]*?)(?: : .*)?$")


class Field(NamedTuple):
    """A key of JSON, or a column: its flat name, its Python type, and what it holds."""

    name: str
    kind: Any
    meaning: str


@lru_cache
def fields_of(row: type) -> tuple[Field, ...]:
    """The fields of a result row; those of a nested dataclass are joined to its name (``accuracy_mean``).

    Raises
    ------
    TypeError
        For a field that the class's docstring does not describe.
    """
    meanings = attributes(row)
    missing = [field.name for field in fields(row) if field.name not in meanings]
    if missing:
        raise TypeError(f"{row.__name__} does not describe {', '.join(missing)} under Attributes")
    return tuple(_fields(row, meanings))


def flat(row: object) -> dict[str, Any]:
    """A result row as a flat dictionary, with the names of ``fields_of``."""
    values: dict[str, Any] = {}
    for name, nested in _nesting(type(row)):
        value = getattr(row, name)
        if nested is None:
            values[name] = value
        else:
            inner = flat(value) if value is not None else dict.fromkeys(one.name for one in fields_of(nested))
            values |= {f"{name}_{key}": one for key, one in inner.items()}
    return values


def attributes(row: type) -> Mapping[str, str]:
    """What the numpydoc sections ``Attributes`` of a class and its bases say, by name."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in (line for base in reversed(row.__mro__) for line in _section(base)):
        if line[:1].strip():
            names = [name.strip() for name in _ENTRY.sub(r"\1", line).split(",")]
            found |= dict.fromkeys(names, "")
        else:
            found |= {name: f"{found[name]} {line.strip()}".strip() for name in names}
    return {name: meaning for name, meaning in found.items() if meaning}


def nested_in(kind: Any) -> type | None:
    """The dataclass that a field of this type holds, if it does; it may be optional."""
    return next((one for one in (kind, *get_args(kind)) if isinstance(one, type) and is_dataclass(one)), None)


@lru_cache
def _nesting(row: type) -> tuple[tuple[str, type | None], ...]:
    """Each field with the dataclass that it holds; looked up once, as there may be a thousand rows."""
    hints = get_type_hints(row)
    return tuple((field.name, nested_in(hints[field.name])) for field in fields(row))


def _fields(row: type, meanings: Mapping[str, str]) -> Iterator[Field]:
    hints = get_type_hints(row)
    for field in fields(row):
        nested = nested_in(hints[field.name])
        if nested is None:
            yield Field(field.name, hints[field.name], meanings[field.name])
            continue
        for inner in fields_of(nested):
            kind = inner.kind if hints[field.name] is nested else inner.kind | None
            yield Field(f"{field.name}_{inner.name}", kind, f"{meanings[field.name]} {inner.meaning}")


def _section(row: type) -> list[str]:
    """The lines below ``Attributes``, up to the next heading."""
    lines = inspect.cleandoc(row.__dict__.get("__doc__") or "").splitlines()
    headings = [i for i in range(len(lines) - 1) if re.fullmatch(r"-{3,}", lines[i + 1])]
    for start, end in pairwise([*headings, len(lines)]):
        if lines[start].strip() == "Attributes":
            return lines[start + 2 : end]
    return []
