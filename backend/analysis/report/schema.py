"""The JSON schema of ``results.json``, made from the result rows' own fields."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from backend.analysis.report.fields import Field, fields_of

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def schema_of(title: str, description: str, parts: Mapping[str, tuple[Any, str]]) -> dict[str, Any]:
    """The schema of an object whose ``parts`` are, by key, of a type and of a meaning.

    A part is a dataclass (an object), a tuple of them (an array of objects) or a plain type.
    """
    properties = {name: {**of_type(kind), "description": meaning} for name, (kind, meaning) in parts.items()}
    return {"$schema": DRAFT, "title": title, "description": description, **_object(properties)}


def of_type(kind: Any) -> dict[str, Any]:
    """The schema of a Python type: plain, optional, literal, a tuple of one type, or a result row."""
    if kind in _NAMES:
        return {"type": _NAMES[kind]}
    if isinstance(kind, type) and is_dataclass(kind):
        return _object({field.name: _described(field) for field in fields_of(kind)})
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(inside)}
    if origin is tuple:
        return _array(inside)
    if origin in (Union, UnionType):
        return _any([of_type(one) for one in inside])
    raise TypeError(f"no JSON schema for {kind}")


def _described(field: Field) -> dict[str, Any]:
    return {**of_type(field.kind), "description": field.meaning}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(inside: tuple[Any, ...]) -> dict[str, Any]:
    if len(inside) == 2 and inside[1] is ...:
        return {"type": "array", "items": of_type(inside[0])}
    return {"type": "array", "prefixItems": [of_type(one) for one in inside], "items": False}


def _any(choices: list[dict[str, Any]]) -> dict[str, Any]:
    if all(set(one) == {"type"} for one in choices):
        return {"type": [one["type"] for one in choices]}
    return {"anyOf": choices}
