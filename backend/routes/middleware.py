"""What every request goes through: an id, a log line without secrets, security headers, a size limit."""

import logging
import re
import time
import uuid

from fastapi import FastAPI
from python_multipart.multipart import parse_options_header
from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.languages import translatable
from backend.routes.errors import respond, translated, unexpected

log = logging.getLogger("dermvtt.requests")

LARGEST_BODY = 1 << 20
SECRET_PATH = re.compile(r"(/(?:r|join)/)(?:\./|/)*[^/]+")
# Whatever looks like a rater's token, wherever in an address it stands.
TOKEN = re.compile(r"[\w-]{32,}(?!\.png)")
TOO_LARGE = translatable("What was sent is too large. Nothing was changed.")
NOT_UTF_8 = translatable("Forms are read in UTF-8 alone. Nothing was changed.")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Links carry the rater's token: no other site learns it from a referrer.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex",
}
# Of a style sheet or a module only the type can mislead; the rest would be a sixth of a first view's bytes.
FILE_HEADERS = {"X-Content-Type-Options": "nosniff"}


def install(app: FastAPI) -> None:
    """Put the middleware around the application."""
    # Never pictures: how well one can be compressed could tell real from fake.
    app.add_middleware(Compression, minimum_size=1000, compresslevel=6, exclude_content_types=("image/*",))
    app.add_middleware(HeadAsGet)
    app.add_middleware(RequestScope)


class Compression(GZipMiddleware):
    """Compresses what raters receive; an admin's pages hold a secret beside text that others wrote."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (why not the admin's: the BREACH attack, Gluck et al. 2013)."""
        secret = scope["type"] == "http" and scope["path"].startswith("/admin")
        await (self.app if secret else super().__call__)(scope, receive, send)


class HeadAsGet:
    """Answers HEAD, by which mail scanners try links, as GET without the body; no GET changes anything."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope.get("method") != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            await send(message | {"body": b""} if message["type"] == "http.response.body" else message)

        await self.app(scope | {"method": "GET"}, receive, send_without_body)


class RequestScope:
    """Gives a request its id, its headers and its line in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex[:12]
        scope.setdefault("state", {})["request_id"] = request_id
        started, status, began = time.perf_counter(), 500, False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, began
            if message["type"] == "http.response.start":
                status, began = message["status"], True
                headers = MutableHeaders(scope=message)
                headers.update(FILE_HEADERS if scope["path"].startswith("/static/") else HEADERS)
                headers["X-Request-ID"] = request_id
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            if refusal := _refusal(scope):
                code, text = refusal
                response = respond(Request(scope), code, translated(Request(scope), text))
                await response(scope, receive, send_with_headers)
            else:
                await self.app(scope, receive, send_with_headers)
        except Exception as error:
            if began:
                raise
            await unexpected(Request(scope), error)(scope, receive, send_with_headers)
        finally:
            # Escaped: a line break in an address must not make a line of its own.
            path = scope["path"].encode("unicode_escape").decode()
            path = TOKEN.sub("…", SECRET_PATH.sub(r"\1…", path))
            took = (time.perf_counter() - started) * 1000
            log.info("%s %s %s %.1f ms [%s]", scope["method"], path, status, took, request_id)


def _refusal(scope: Scope) -> tuple[int, str] | None:
    """The status and the text for a body that is not even read."""
    if _too_large(scope):
        return 413, TOO_LARGE
    return (415, NOT_UTF_8) if _in_another_encoding(scope) else None


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
    return hidden or not length.isdigit() or len(length) > 20 or int(length) > LARGEST_BODY
