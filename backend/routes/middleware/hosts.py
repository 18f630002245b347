"""Whom a request was meant for: a page elsewhere may not reach us under a name that it makes point here."""

from urllib.parse import urlsplit

from starlette.types import Scope

from backend.languages import translatable
from backend.settings import Settings

ANYWHERE = {"/healthz", "/readyz", "/metrics"}
"""Probes ask by the machine's own address; what they are told is no secret, or has one of its own."""
WRONG_HOST = translatable("This server does not answer under this name.")


def for_somebody_else(scope: Scope, settings: Settings) -> bool:
    """Whether the Host header names another host than the public address, where that is set."""
    if not settings.public_url or scope["path"] in ANYWHERE:
        return False
    named = dict(scope["headers"]).get(b"host", b"").decode("latin-1").lower()
    public = urlsplit(settings.public_url)
    default = {"http": ":80", "https": ":443"}[public.scheme]
    return named.removesuffix(default) != public.netloc.lower().removesuffix(default)
