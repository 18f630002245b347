"""The headers by which a browser confines our pages."""

from collections.abc import Mapping

from backend.settings import Settings

PAGE = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Links carry the rater's token: no other site learns it from a referrer.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # No other site holds a window of ours, or draws our images into its own pages.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}
FILE = {"X-Content-Type-Options": "nosniff"}
"""Of a style sheet or a module only the type can mislead; the rest would be a sixth of a first view."""
TLS = {"Strict-Transport-Security": "max-age=31536000"}
"""For a year by HTTPS alone. Not for subdomains: they may be somebody else's."""


def headers_for(path: str, settings: Settings) -> Mapping[str, str]:
    """What an answer at this address carries."""
    headers = FILE if path.startswith("/static/") else PAGE
    return headers | TLS if settings.behind_tls else headers
