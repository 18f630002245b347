"""A request's id, its headers, its line in the log and its share of the numbers."""

import logging
import re
import time
import uuid

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.observing import metrics
from backend.observing.logs import about_request
from backend.observing.redaction import one_line
from backend.routes.errors import answer_early, respond, translated, unexpected
from backend.routes.middleware.headers import headers_for
from backend.routes.middleware.hosts import WRONG_HOST, for_somebody_else
from backend.routes.middleware.limits import unreadable

log = logging.getLogger("dermvtt.requests")

GIVEN_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9-]{7,63}")
NO_ROUTE = "(none)"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
RATERS = ("/r/", "/join/")


class RequestScope:
    """Around everything else: whatever happens to a request, it is answered, logged and counted."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started, status, began = time.perf_counter(), 500, False
        extra = headers_for(scope["path"], scope["app"].state.settings)

        async def send_with_headers(message: Message) -> None:
            nonlocal status, began
            if message["type"] == "http.response.start":
                status, began = message["status"], True
                headers = MutableHeaders(scope=message)
                headers.update(extra)
                headers["X-Request-ID"] = request_id
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        with about_request(request_id=request_id), metrics.IN_FLIGHT.track_inprogress():
            try:
                if refusal := _refusal(scope):
                    await refusal(scope, receive, send_with_headers)
                else:
                    await self.app(scope, receive, send_with_headers)
            except Exception as error:
                if began:
                    raise
                await unexpected(Request(scope), error)(scope, receive, send_with_headers)
            finally:
                _record(scope, status, time.perf_counter() - started)


def _refusal(scope: Scope) -> Response | None:
    request = Request(scope)
    if for_somebody_else(scope, scope["app"].state.settings):
        return answer_early(request, 421, WRONG_HOST)
    if refused := unreadable(scope):
        code, text = refused
        return respond(request, code, translated(request, text))
    return None


def _request_id(scope: Scope) -> str:
    """The one that a proxy gave, where it is fit for a log; else a new one."""
    given = dict(scope["headers"]).get(b"x-request-id", b"")
    return given.decode() if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex[:12]


def _record(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else "OTHER"
    route = getattr(scope.get("route"), "path", NO_ROUTE)
    metrics.REQUESTS.labels(method, route, str(status)).inc()
    metrics.SECONDS.labels(route).observe(seconds)
    about = {"method": method, "path": one_line(scope["path"]), "status": status}
    # Raters are promised, on their first page, that nobody keeps where they come from.
    client = "" if scope["path"].startswith(RATERS) else (scope.get("client") or ("",))[0]
    log.info("request", extra=about | {"ms": round(seconds * 1000, 1), "client": client})
