"""Tokens that only their holder knows: the database keeps their SHA-256."""

import hashlib
import secrets

TOKEN_BYTES = 24


def new_token() -> str:
    """A fresh URL-safe token of 192 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """What is stored of a token. Unsalted: 192 random bits cannot be looked up in any table."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
