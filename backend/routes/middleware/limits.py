"""How much and how long a request may be, and what must not even be read."""

import asyncio
import re
from dataclasses import dataclass

from python_multipart.multipart import parse_options_header
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.languages import translatable
from backend.routes.errors import answer_early

TOO_LARGE = translatable("What was sent is too large. Nothing was changed.")
NOT_UTF_8 = translatable("Forms are read in UTF-8 alone. Nothing was changed.")
TOO_SLOW = translatable("This took too long and was given up. Please try again in a moment.")
LARGEST_HEAD = 16 << 10
"""Bytes of all headers together."""
RETRY = {"Retry-After": "5"}


@dataclass(frozen=True)
class Allowance:
    """The most bytes that a request may bring, and whether it must be answered within the time limit."""

    largest_body: int = 1 << 20
    timed: bool = True


USUAL = Allowance()
UPLOAD = Allowance(largest_body=1 << 40, timed=False)
"""Of a mix or a study: the route bounds it, once it knows who sends it."""
LONG = Allowance(timed=False)
"""An audit looks at every image of a mix, for minutes, in a thread that nobody can stop: given up, it would
go on unseen, and be begun again beside itself."""
ALLOWANCES: dict[str, Allowance] = {
    "/admin/mixes/(?:upload|build)": UPLOAD,
    "/admin/bundles/import": UPLOAD,
    "/admin/mixes/[0-9]+/audit": LONG,
}
"""By a regular expression that matches the whole path: what brings or takes more than a form."""


def allowance(path: str) -> Allowance:
    """What a request to this address may take."""
    return next((one for form, one in ALLOWANCES.items() if re.fullmatch(form, path)), USUAL)


def unreadable(scope: Scope) -> tuple[int, str] | None:
    """The status and the text for a body that is not even read."""
    if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEAD:
        return 431, TOO_LARGE
    if _too_large(scope):
        return 413, TOO_LARGE
    return (415, NOT_UTF_8) if _in_another_encoding(scope) else None


class TimeLimit:
    """Gives a request up that is not being answered; one whose answer has begun may take its time."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not allowance(scope["path"]).timed:
            await self.app(scope, receive, send)
            return
        began = False

        async def send_in_time(message: Message) -> None:
            nonlocal began
            if not began:
                began = True
                limit.reschedule(None)
            await send(message)

        try:
            async with asyncio.timeout(scope["app"].state.settings.request_seconds) as limit:
                await self.app(scope, receive, send_in_time)
        except TimeoutError:
            if began:
                raise
            await answer_early(Request(scope), 503, TOO_SLOW, RETRY)(scope, receive, send)


def _in_another_encoding(scope: Scope) -> bool:
    # A form may name any of Python's encodings, and from some of them comes text that no database stores and
    # no page shows. Browsers name none, and send UTF-8.
    for header, value in scope["headers"]:
        if header == b"content-type":
            kind, options = parse_options_header(value)
            if kind == b"multipart/form-data" and options.get(b"charset", b"utf-8").lower() != b"utf-8":
                return True
    return False


def _too_large(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    # Browsers and our own script always say the length; a body that hides its length is not read.
    hidden = b"transfer-encoding" in headers
    largest = allowance(scope["path"]).largest_body
    return hidden or not length.isdigit() or len(length) > 20 or int(length) > largest
