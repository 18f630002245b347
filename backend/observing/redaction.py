"""Taking secrets out of what is logged: tokens, passwords in addresses, e-mail addresses.

A log is read by more people than a database. Nothing here is needed where code logs with care; it holds where
a library's message or an error's text brings along what its author did not think of.
"""

import re
from typing import Any

HIDDEN = "…"
# What follows these is a token whatever it looks like, also where slashes and dots stand between.
_SECRET_PATH = re.compile(r"(/(?:r|join|first|reset|invite)/)(?:\./|/)*[^/?#\s\"']+")
# Long and mixed as only made-up text is: a function's name has no digits and no capitals.
_LONG = re.compile(r"(?=[\w-]*[A-Z0-9])[A-Za-z0-9_-]{32,}")
_MIXED = re.compile(r"(?=[\w-]*[0-9])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[A-Za-z0-9_-]{20,}")
_DIGEST = re.compile(r"[0-9a-f]+")
_DIGEST_SHOWN = 8
_LOGIN = re.compile(r"(://)[^/@\s]+@")
_EMAIL = re.compile(r"[^\s@<>\"'(),:;=/…]+@[^\s@<>\"'(),:;=/]+\.[^\s@<>\"'(),:;=/]+")
_IDENTITIES = {"request_id", "timestamp", "level", "logger"}
"""Fields that are made here and hold no one's secret."""


def redact(text: str) -> str:
    """The text without anything that opens a door or names a person."""
    text = _SECRET_PATH.sub(rf"\1{HIDDEN}", text)
    for long in (_LONG, _MIXED):
        text = long.sub(_shortened, text)
    return _EMAIL.sub(f"{HIDDEN}@{HIDDEN}", _LOGIN.sub(rf"\1{HIDDEN}@", text))


def one_line(text: str) -> str:
    """An address as it is logged: redacted, and escaped so that it cannot make a line of its own."""
    return redact(text.encode("unicode_escape").decode())


def redact_fields(_logger: Any, _method: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The last of structlog's processors before the line is written."""
    return {name: value if name in _IDENTITIES else _redacted(value) for name, value in fields.items()}


def _redacted(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(value if isinstance(value, str) else str(value))


def _shortened(found: re.Match[str]) -> str:
    # An image is named by its digest: the beginning is enough to find it, and useless for anything else.
    whole = found[0]
    return f"{whole[:_DIGEST_SHOWN]}{HIDDEN}" if _DIGEST.fullmatch(whole) else HIDDEN
