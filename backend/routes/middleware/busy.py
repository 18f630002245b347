"""How much is done at once: what is heavy is bounded, so that raters' answers always get through."""

import re

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.languages import translatable
from backend.observing import metrics
from backend.routes.errors import answer_early
from backend.settings import Settings

BUSY = translatable("The server is busy just now. Nothing was changed; please try again in a few seconds.")
RETRY = {"Retry-After": "5"}
HEAVY = re.compile(
    r"/admin/(?:.*/)?(?:results|report|exports?|bundle)(?:/.*)?|/admin/.*\.(?:csv|jsonl?|parquet|xlsx|zip|pdf)"
)
"""Exports and analyses: each takes a thread, and for as long as the study is large."""
ALWAYS = {"/healthz", "/readyz", "/metrics"}


class Busy:
    """Refuses, before anything is read, what is too much at once: 503, with the time to come back."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._running = {"all": 0, "heavy": 0}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self.app(scope, receive, send)
            return
        kinds = ["all", "heavy"] if HEAVY.fullmatch(scope["path"]) else ["all"]
        most = _most(scope["app"].state.settings)
        full = [kind for kind in kinds if self._running[kind] >= most[kind]]
        if full:
            metrics.REFUSED.labels(full[0]).inc()
            await answer_early(Request(scope), 503, BUSY, RETRY)(scope, receive, send)
            return
        for kind in kinds:
            self._running[kind] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            for kind in kinds:
                self._running[kind] -= 1


def _most(settings: Settings) -> dict[str, int]:
    return {"all": settings.most_requests, "heavy": settings.most_exports}
