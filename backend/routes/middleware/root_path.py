"""Serving below a path, on a host that others share.

In here all addresses begin at ``/``; browsers see them below the path. Two places put it in front of them:
pages as they are rendered (``Pages.fragment``), and, here, the headers that hold an address. A request may
come with the path or, from a proxy that strips it, without.
"""

import re
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE_PATH = re.compile(r"(?<=; path=)(?=/)", re.IGNORECASE)


class RootPath:
    """Takes the path from what comes in, and gives it to what goes out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        root = scope["app"].state.settings.root_path if scope["type"] == "http" else ""
        if not root:
            await self.app(scope, receive, send)
            return
        path, host = scope["path"], Headers(scope=scope).get("host", "")
        if path == root or path.startswith(f"{root}/"):
            raw = scope.get("raw_path") or path.encode()
            scope = scope | {"path": path[len(root) :] or "/", "raw_path": raw[len(root) :] or b"/"}
        changes: dict[bytes, Callable[[str], str]] = {
            b"location": lambda address: _below(root, host, address),
            b"set-cookie": lambda cookie: COOKIE_PATH.sub(root, cookie),
        }

        async def send_below(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [
                    (name, changes[name](value.decode("latin-1")).encode("latin-1"))
                    if name in changes
                    else (name, value)
                    for name, value in message["headers"]
                ]
                message = message | {"headers": headers}
            await send(message)

        await self.app(scope, receive, send_below)


def _below(root: str, host: str, address: str) -> str:
    """Where a redirect leads. Those of the framework itself name the host."""
    for here in (f"http://{host}/", f"https://{host}/"):
        if address.startswith(here):
            address = address[len(here) - 1 :]
    return root + address if address.startswith("/") and not address.startswith("//") else address
