"""Behind TLS the admins' cookies are called ``__Secure-…``, which browsers take from pages by HTTPS alone.

Whoever answers on the line in place of this host, without its certificate, can give a browser a cookie of
any other name, and with it a session or a form's token that she knows. In here they have their plain names.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX, ADMINS = b"__Secure-", b"dermvtt_"
SECURE = b"; secure"


class SecureCookies:
    """Takes the prefix from what comes in, and gives it to what goes out; without it, they do not count."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["app"].state.settings.behind_tls:
            await self.app(scope, receive, send)
            return

        async def send_prefixed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = message | {"headers": [_given(*header) for header in message["headers"]]}
            await send(message)

        taken = [(name, _taken(value) if name == b"cookie" else value) for name, value in scope["headers"]]
        await self.app(scope | {"headers": taken}, receive, send_prefixed)


def _taken(cookies: bytes) -> bytes:
    each = [one.strip() for one in cookies.split(b";")]
    return b"; ".join(one.removeprefix(PREFIX) for one in each if not one.startswith(ADMINS))


def _given(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name != b"set-cookie" or not value.startswith(ADMINS):
        return name, value
    # Browsers take back a cookie of this name only where that, too, is said to be secure.
    return name, PREFIX + value + (b"" if SECURE in value.lower() else SECURE)
