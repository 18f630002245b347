"""Compressing answers where that gives nothing away."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send


class Compression(GZipMiddleware):
    """Compresses what raters receive; an admin's pages hold a secret beside text that others wrote."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (why not the admin's: the BREACH attack, Gluck et al. 2013)."""
        secret = scope["type"] == "http" and scope["path"].startswith("/admin")
        await (self.app if secret else super().__call__)(scope, receive, send)
